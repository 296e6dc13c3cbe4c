using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Quantised rows times weights in blocks of integers. A block of 32 products is summed exactly, and the sum times the scales of weights and inputs is added
/// to the output, block by block in ascending order, in one chain of multiply-adds.
/// </summary>
internal static unsafe class QuantizedBlocks
{
    private const int GroupColumns = NarrowLayout.GroupColumns;
    private const int Streams = 4;

    /// <summary>Multiplies rows and adds the bias.</summary>
    /// <param name="format">The format of the weights.</param>
    /// <param name="columns">The weights.</param>
    /// <param name="rows">The rows, with a scale for each chunk.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    public static void Multiply(WeightFormat format, in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
    {
        if (AvxVnni.IsSupported)
            Multiply<VnniProducts>(format, in columns, in rows, ref c, stride);
        else if (Avx2.IsSupported)
            Multiply<Avx2Products>(format, in columns, in rows, ref c, stride);
        else if (Dp.IsSupported)
            Multiply<ArmProducts>(format, in columns, in rows, ref c, stride);
        else
            Multiply<PlainProducts>(format, in columns, in rows, ref c, stride);
    }

    /// <summary>The same with the products of one instruction set.</summary>
    internal static void Multiply<TProducts>(WeightFormat format, in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IByteProducts<TProducts>
    {
        if (format == WeightFormat.Int4Blocks)
            Multiply<TProducts, HalfBytes<TProducts>>(in columns, in rows, ref c, stride);
        else
            Multiply<TProducts, Bytes<TProducts>>(in columns, in rows, ref c, stride);
    }

    private static void Multiply<TProducts, TBlock>(in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IByteProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
    {
        if (Vector512.IsHardwareAccelerated)
            Multiply<TProducts, TBlock, Float512>(in columns, in rows, ref c, stride);
        else if (Vector256.IsHardwareAccelerated)
            Multiply<TProducts, TBlock, Float256>(in columns, in rows, ref c, stride);
        else
            Multiply<TProducts, TBlock, Float128>(in columns, in rows, ref c, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Multiply<TProducts, TBlock, T>(in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IByteProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
        where T : struct, IFloatVector<T>
    {
        float* sums = stackalloc float[Streams * GroupColumns];
        nint chunkBytes = TBlock.ChunkBytes;
        nint groups = columns.Groups64;
        for (nint first = 0; first < groups; first += Streams)
        {
            nint count = nint.Min(Streams, groups - first), lastWidth = columns.Width(first + count - 1);
            for (nint row = 0; row < rows.Rows; row++)
            {
                new Span<float>(sums, Streams * GroupColumns).Clear();
                ref sbyte inputs = ref Unsafe.Add(ref rows.Bytes, row * rows.Stride);
                for (nint chunk = 0; chunk < rows.Runs; chunk++)
                {
                    float scale = Unsafe.Add(ref rows.Scales, (row * rows.Runs) + chunk);
                    int inputSum = Unsafe.Add(ref rows.Sums, (row * rows.Runs) + chunk);
                    for (nint stream = 0; stream < count; stream++)
                    {
                        nint width = stream == count - 1 ? lastWidth : GroupColumns;
                        ref byte weights = ref Unsafe.Add(ref columns.Group(first + stream), chunk * chunkBytes * width);
                        nint column = 0;
                        for (; column + (4 * TProducts.Lanes) <= width; column += 4 * TProducts.Lanes)
                            AddFour<TProducts, TBlock, T>(ref weights, width, column, ref inputs, inputSum, scale, sums + (stream * GroupColumns));
                        for (; column < width; column += 2 * TProducts.Lanes)
                            AddTwo<TProducts, TBlock, T>(ref weights, width, column, ref inputs, inputSum, scale, sums + (stream * GroupColumns));
                    }

                    inputs = ref Unsafe.Add(ref inputs, NarrowLayout.ChunkInputs);
                }

                nint outputs = ((count - 1) * GroupColumns) + lastWidth;
                ref float output = ref Unsafe.Add(ref c, (row * stride) + (first * GroupColumns));
                ref float bias = ref Unsafe.Add(ref columns.Bias, first * GroupColumns);
                for (nint column = 0; column < outputs; column += T.Lanes)
                    (T.Load(ref *sums, column) + T.Load(ref bias, column)).Store(ref output, column);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void AddFour<TProducts, TBlock, T>(
        ref byte chunk, nint width, nint column, ref sbyte inputs, int inputSum, float scale, float* sums)
        where TProducts : struct, IByteProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
        where T : struct, IFloatVector<T>
    {
        int* integers = stackalloc int[4 * 8];
        Sum<TProducts, TBlock>(true, ref chunk, width, column, ref inputs, inputSum, integers);
        Finish<T>(ref chunk, column, 4 * TProducts.Lanes, scale, integers, sums);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void AddTwo<TProducts, TBlock, T>(
        ref byte chunk, nint width, nint column, ref sbyte inputs, int inputSum, float scale, float* sums)
        where TProducts : struct, IByteProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
        where T : struct, IFloatVector<T>
    {
        int* integers = stackalloc int[2 * 8];
        Sum<TProducts, TBlock>(false, ref chunk, width, column, ref inputs, inputSum, integers);
        if (2 * TProducts.Lanes >= T.Lanes)
            Finish<T>(ref chunk, column, 2 * TProducts.Lanes, scale, integers, sums);
        else
            Finish<Float128>(ref chunk, column, 2 * TProducts.Lanes, scale, integers, sums);
    }

    /// <summary>Multiplies exact sums by both scales, and adds them to those before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(ref byte chunk, nint column, nint count, float scale, int* integers, float* sums)
        where T : struct, IFloatVector<T>
    {
        T inputScale = T.Create(scale);
        for (nint i = 0; i < count; i += T.Lanes)
        {
            T weightScale = T.WidenHalves(T.LoadHalfBits(ref chunk, (column + i) * sizeof(ushort)));
            T sum = T.FromIntegers(T.LoadBits(ref *(byte*)integers, i * sizeof(int)));
            T.MultiplyAdd(sum, weightScale * inputScale, T.Load(ref *sums, column + i)).Store(ref *sums, column + i);
        }
    }

    /// <summary>The exact sums of a block, for four vectors of columns or for two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum<TProducts, TBlock>(bool four, ref byte chunk, nint width, nint column, ref sbyte inputs, int inputSum, int* integers)
        where TProducts : struct, IByteProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
    {
        ref byte words = ref Unsafe.Add(ref chunk, (width * sizeof(ushort)) + (column * sizeof(int)));
        TProducts s0 = TProducts.Create(TBlock.Start(inputSum)), s1 = s0, s2 = s0, s3 = s0;
        nint vector = TProducts.Lanes * sizeof(int);
        for (nint k = 0; k < NarrowLayout.ChunkInputs; k += TBlock.WordInputs)
        {
            Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes)));
            if (four && TProducts.Lanes > 4)
                Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes + 64)));
            ref sbyte some = ref Unsafe.Add(ref inputs, k);
            s0 = TBlock.Add(s0, ref words, ref some);
            s1 = TBlock.Add(s1, ref Unsafe.Add(ref words, vector), ref some);
            if (four)
            {
                s2 = TBlock.Add(s2, ref Unsafe.Add(ref words, 2 * vector), ref some);
                s3 = TBlock.Add(s3, ref Unsafe.Add(ref words, 3 * vector), ref some);
            }

            words = ref Unsafe.Add(ref words, width * sizeof(int));
        }

        s0.Store(ref *integers);
        s1.Store(ref *(integers + TProducts.Lanes));
        if (!four)
            return;
        s2.Store(ref *(integers + (2 * TProducts.Lanes)));
        s3.Store(ref *(integers + (3 * TProducts.Lanes)));
    }

    /// <summary>The weights of a block.</summary>
    private interface IBlock<TProducts>
        where TProducts : struct, IByteProducts<TProducts>
    {
        /// <summary>Bytes of a column in a chunk: a literal.</summary>
        static abstract int ChunkBytes { get; }

        /// <summary>Inputs that a word holds: a literal.</summary>
        static abstract int WordInputs { get; }

        /// <summary>Where the sums begin.</summary>
        static abstract int Start(int inputSum);

        /// <summary>Adds the products of a word of each column.</summary>
        static abstract TProducts Add(TProducts sums, ref byte words, ref sbyte inputs);
    }

    private readonly struct Bytes<TProducts> : IBlock<TProducts>
        where TProducts : struct, IByteProducts<TProducts>
    {
        public static int ChunkBytes => 34;

        public static int WordInputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Start(int inputSum) => -TProducts.ByteOffset * inputSum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TProducts Add(TProducts sums, ref byte words, ref sbyte inputs) =>
            TProducts.AddBytes(sums, TProducts.Load(ref words), TProducts.Broadcast(ref inputs));
    }

    private readonly struct HalfBytes<TProducts> : IBlock<TProducts>
        where TProducts : struct, IByteProducts<TProducts>
    {
        public static int ChunkBytes => 18;

        public static int WordInputs => 8;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Start(int inputSum) => -8 * inputSum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TProducts Add(TProducts sums, ref byte words, ref sbyte inputs)
        {
            TProducts some = TProducts.Load(ref words);
            sums = TProducts.AddHalves(sums, TProducts.LowHalves(some), TProducts.Broadcast(ref inputs));
            return TProducts.AddHalves(sums, TProducts.HighHalves(some), TProducts.Broadcast(ref Unsafe.Add(ref inputs, 4)));
        }
    }
}
