using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AttentionGen.CompilerServices;

namespace AttentionGen.Bench.Measure;

/// <summary>
/// How fast so many bytes can be read: the bound of work that touches each byte once. 1, 2, 4 or 8 places are read in turn, since one stream does not fill
/// the memory's queues. The memory is some of its own, or that of the work, one piece after the other: which pages a piece has makes a large difference.
/// </summary>
internal sealed class ReadBandwidth
{
    private const int VectorsPerTurn = 8;

    // What has been read so often lies as near as it can, and needs no longer warming up.
    private const int SettledPasses = 100;

    /// <summary>Numbers of places that are worth a try.</summary>
    public static readonly int[] StreamCounts = [1, 2, 4, 8];

    private readonly int[] streamCounts;
    private readonly IReadOnlyList<AlignedMemory> pieces;
    private readonly int threads;
    private readonly int passes;
    private int sink;

    /// <summary>Allocates and warms up.</summary>
    /// <param name="bytes">How much is read; it is rounded to whole turns of every thread.</param>
    /// <param name="threads">Threads that read, each its own part.</param>
    /// <param name="streamCounts">Some of <see cref="StreamCounts"/>.</param>
    public ReadBandwidth(long bytes, int threads, params int[] streamCounts)
        : this([Touched(bytes, threads)], threads, streamCounts)
    {
    }

    /// <summary>Warms up on memory that others have filled.</summary>
    /// <param name="pieces">Pieces, which are read one after the other; of each, whole turns of every thread.</param>
    /// <param name="threads">Threads that read, each its own part of a piece.</param>
    /// <param name="streamCounts">Some of <see cref="StreamCounts"/>.</param>
    public ReadBandwidth(IReadOnlyList<AlignedMemory> pieces, int threads, params int[] streamCounts)
    {
        this.streamCounts = streamCounts;
        this.threads = threads;
        this.pieces = pieces;
        // Until the processor has found its clock.
        double milliseconds = 1;
        for (int i = 0; i < 40; i++)
        {
            foreach (int streams in this.streamCounts)
                milliseconds = Time(streams, passes: 1);
        }
        passes = (int)Math.Clamp(Rounds.Milliseconds / Math.Max(milliseconds, 1e-6), 1, 1_000_000);
    }

    /// <summary>Bytes that one pass reads.</summary>
    public long Bytes => pieces.Sum(piece => (long)PartFloats(piece) * threads * sizeof(float));

    /// <summary>Best GB/s so far, and with how many streams.</summary>
    public (double GigabytesPerSecond, int Streams) Best { get; private set; }

    /// <summary>Times every number of streams once, after warming up as long as a kernel does before its round.</summary>
    /// <param name="counts">Whether it enters the result.</param>
    public void RunRound(bool counts = true)
    {
        foreach (int streams in streamCounts)
        {
            // Brings the memory back into the cache, as far as it fits.
            long began = Stopwatch.GetTimestamp();
            int passes = 0;
            do
            {
                Time(streams, this.passes);
                passes += this.passes;
            }
            while (passes < SettledPasses && Stopwatch.GetElapsedTime(began).TotalMilliseconds < Rounds.SettledMilliseconds);
            double rate = (double)Bytes * this.passes / (Time(streams, this.passes) * 1e6);
            if (counts && rate > Best.GigabytesPerSecond)
                Best = (rate, streams);
        }
    }

    /// <summary>Milliseconds of the slowest thread.</summary>
    private double Time(int streams, int passes)
    {
        if (threads == 1)
            return TimePart(0, streams, passes);
        int waiting = threads;
        double slowest = 0;
        var helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.Length; i++)
        {
            int part = i + 1;
            helpers[i] = new Thread(() => Work(part));
            helpers[i].Start();
        }
        Work(0);
        foreach (Thread helper in helpers)
            helper.Join();
        return slowest;

        void Work(int part)
        {
            Interlocked.Decrement(ref waiting);
            // A barrier that blocks would let the first thread finish before the last has woken.
            while (Volatile.Read(ref waiting) > 0)
                Thread.SpinWait(1);
            double milliseconds = TimePart(part, streams, passes);
            lock (helpers)
                slowest = Math.Max(slowest, milliseconds);
        }
    }

    private double TimePart(int part, int streams, int passes)
    {
        int sum = 0, passesOfPiece = pieces.Count == 1 ? passes : 1;
        long began = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < passes; pass += passesOfPiece)
        {
            foreach (AlignedMemory piece in pieces)
            {
                nint floats = PartFloats(piece);
                ref float start = ref Unsafe.Add(ref piece.Reference, part * floats);
                sum |= FmaPeak.Lanes switch
                {
                    16 => Read<Vector512<int>, Operations512>(ref start, floats / streams, VectorsPerTurn / streams, passesOfPiece),
                    8 => Read<Vector256<int>, Operations256>(ref start, floats / streams, VectorsPerTurn / streams, passesOfPiece),
                    _ => Read<Vector128<int>, Operations128>(ref start, floats / streams, VectorsPerTurn / streams, passesOfPiece),
                };
            }
        }

        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        // Keeps the result alive.
        Volatile.Write(ref sink, sum);
        return milliseconds;
    }

    /// <summary>Memory of its own, written, since untouched pages may all be one page of zeros.</summary>
    private static AlignedMemory Touched(long bytes, int threads)
    {
        AlignedMemory memory = AlignedMemory.Allocate((nint)Math.Max(bytes / sizeof(float), Unit * threads));
        MemoryMarshal.CreateSpan(ref memory.Reference, (int)memory.Length).Clear();
        return memory;
    }

    /// <summary>Floats that come out even with every number of streams.</summary>
    private static nint Unit => VectorsPerTurn * VectorsPerTurn * FmaPeak.Lanes;

    /// <summary>
    /// What a thread reads of a piece: an odd number of units, so that streams do not lie a multiple of 4 KiB apart and share cache sets. A piece that is
    /// smaller is left out.
    /// </summary>
    private nint PartFloats(AlignedMemory piece)
    {
        nint units = piece.Length / threads / Unit;
        return units == 0 ? 0 : ((units - 1) | 1) * Unit;
    }

    /// <summary>Eight vectors a turn, so many next to each other from each stream.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static int Read<TVector, TOperations>(ref float start, nint streamFloats, int run, int passes)
        where TVector : struct
        where TOperations : struct, IOperations<TVector>
    {
        nint lanes = TOperations.Lanes;
        // Where the vectors of a turn lie, from its place in the first stream.
        nint o1 = Offset(1), o2 = Offset(2), o3 = Offset(3), o4 = Offset(4), o5 = Offset(5), o6 = Offset(6), o7 = Offset(7);
        TVector s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        nint step = run * lanes;
        for (int pass = 0; pass < passes; pass++)
        {
            for (nint i = 0; i < streamFloats; i += step)
            {
                ref float place = ref Unsafe.Add(ref start, i);
                s0 = TOperations.Or(s0, ref place);
                s1 = TOperations.Or(s1, ref Unsafe.Add(ref place, o1));
                s2 = TOperations.Or(s2, ref Unsafe.Add(ref place, o2));
                s3 = TOperations.Or(s3, ref Unsafe.Add(ref place, o3));
                s4 = TOperations.Or(s4, ref Unsafe.Add(ref place, o4));
                s5 = TOperations.Or(s5, ref Unsafe.Add(ref place, o5));
                s6 = TOperations.Or(s6, ref Unsafe.Add(ref place, o6));
                s7 = TOperations.Or(s7, ref Unsafe.Add(ref place, o7));
            }
        }
        return TOperations.Fold(s0) | TOperations.Fold(s1) | TOperations.Fold(s2) | TOperations.Fold(s3)
            | TOperations.Fold(s4) | TOperations.Fold(s5) | TOperations.Fold(s6) | TOperations.Fold(s7);

        nint Offset(int vector) => (vector / run * streamFloats) + (vector % run * lanes);
    }

    private interface IOperations<TVector>
    {
        static abstract int Lanes { get; }

        static abstract TVector Or(TVector sum, ref float source);

        static abstract int Fold(TVector sum);
    }

    private readonly struct Operations512 : IOperations<Vector512<int>>
    {
        public static int Lanes => 16;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<int> Or(Vector512<int> sum, ref float source) => sum | Vector512.LoadUnsafe(ref Unsafe.As<float, int>(ref source));

        public static int Fold(Vector512<int> sum) => Vector512.Sum(sum);
    }

    private readonly struct Operations256 : IOperations<Vector256<int>>
    {
        public static int Lanes => 8;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> Or(Vector256<int> sum, ref float source) => sum | Vector256.LoadUnsafe(ref Unsafe.As<float, int>(ref source));

        public static int Fold(Vector256<int> sum) => Vector256.Sum(sum);
    }

    private readonly struct Operations128 : IOperations<Vector128<int>>
    {
        public static int Lanes => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> Or(Vector128<int> sum, ref float source) => sum | Vector128.LoadUnsafe(ref Unsafe.As<float, int>(ref source));

        public static int Fold(Vector128<int> sum) => Vector128.Sum(sum);
    }
}
