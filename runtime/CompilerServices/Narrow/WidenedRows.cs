using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Few rows times narrow weights, which are widened in registers. The sums are those of the float32 kernels: for each column one chain of multiply-adds a depth
/// block, from zero, and the blocks are added in ascending order.
/// </summary>
internal static unsafe class WidenedRows
{
    /// <summary>
    /// Groups of columns that a row goes through side by side: several streams of memory. A chunk of each takes its turn, and the sums wait in the first-level
    /// cache.
    /// </summary>
    private const int Streams = 4;

    private const int GroupColumns = NarrowLayout.GroupColumns;
    private const int ChunkInputs = NarrowLayout.ChunkInputs;

    /// <summary>Multiplies rows and adds the bias.</summary>
    /// <param name="format">The format of the weights.</param>
    /// <param name="columns">The weights.</param>
    /// <param name="a">The first row.</param>
    /// <param name="aStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    public static void Multiply(WeightFormat format, in NarrowColumns columns, ref float a, nint aStride, nint rows, ref float c, nint stride)
    {
        if (Vector512.IsHardwareAccelerated)
            Multiply<Float512>(format, in columns, ref a, aStride, rows, ref c, stride);
        else if (Vector256.IsHardwareAccelerated)
            Multiply<Float256>(format, in columns, ref a, aStride, rows, ref c, stride);
        else
            Multiply<Float128>(format, in columns, ref a, aStride, rows, ref c, stride);
    }

    /// <summary>The same in vectors of one width.</summary>
    internal static void Multiply<T>(WeightFormat format, in NarrowColumns columns, ref float a, nint aStride, nint rows, ref float c, nint stride)
        where T : struct, IFloatVector<T>
    {
        switch (format)
        {
            case WeightFormat.BFloat16:
                Multiply<T, BFloat16Widening<T>, BFloat16Widening<Float128>>(in columns, ref a, aStride, rows, ref c, stride);
                break;
            case WeightFormat.Float16 when columns.IsFinite:
                Multiply<T, FiniteFloat16Widening<T>, FiniteFloat16Widening<Float128>>(in columns, ref a, aStride, rows, ref c, stride);
                break;
            case WeightFormat.Float16:
                Multiply<T, Float16Widening<T>, Float16Widening<Float128>>(in columns, ref a, aStride, rows, ref c, stride);
                break;
            case WeightFormat.Int8Blocks:
                Multiply<T, Int8BlocksWidening<T>, Int8BlocksWidening<Float128>>(in columns, ref a, aStride, rows, ref c, stride);
                break;
            case WeightFormat.Int4Blocks:
                Multiply<T, Int4BlocksWidening<T>, Int4BlocksWidening<Float128>>(in columns, ref a, aStride, rows, ref c, stride);
                break;
            default:
                throw new UnreachableException($"{format} is not widened.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Multiply<T, TWide, TPanel>(in NarrowColumns columns, ref float a, nint aStride, nint rows, ref float c, nint stride)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
        where TPanel : struct, IWeightWidening<TPanel, Float128>
    {
        float* chains = stackalloc float[2 * Streams * GroupColumns];
        float* sums = chains + (Streams * GroupColumns);
        float* lastInputs = stackalloc float[ChunkInputs];
        int chunkBytes = NarrowLayout.ChunkBytes(TWide.Format), wholeInputs = columns.Inputs / ChunkInputs * ChunkInputs;
        nint groups = columns.Groups64;
        for (nint first = 0; first < groups; first += Streams)
        {
            nint count = nint.Min(Streams, groups - first);
            nint lastWidth = columns.Width(first + count - 1);
            for (nint row = 0; row < rows; row++)
            {
                ref float input = ref Unsafe.Add(ref a, row * aStride);
                if (wholeInputs < columns.Inputs)
                    CopyLast(ref Unsafe.Add(ref input, wholeInputs), columns.Inputs - wholeInputs, lastInputs);
                new Span<float>(sums, Streams * GroupColumns).Clear();
                for (nint start = 0; start < columns.Inputs; start += PanelLayout.DepthBlock)
                {
                    new Span<float>(chains, Streams * GroupColumns).Clear();
                    nint end = nint.Min(start + PanelLayout.DepthBlock, columns.Inputs);
                    for (nint k = start; k < end; k += ChunkInputs)
                    {
                        ref float inputs = ref k < wholeInputs ? ref Unsafe.Add(ref input, k) : ref *lastInputs;
                        nint chunk = k / ChunkInputs * chunkBytes;
                        nint stream = 0;
                        for (; TakesTwo<T, TWide>() && stream + 2 <= count && (stream + 2 < count || lastWidth == GroupColumns); stream += 2)
                        {
                            ref byte one = ref Unsafe.Add(ref columns.Group(first + stream), chunk * GroupColumns);
                            ref byte other = ref Unsafe.Add(ref one, columns.GroupBytes);
                            float* chain = chains + (stream * GroupColumns);
                            for (nint column = 0; column < GroupColumns; column += 4 * T.Lanes)
                                AddTwo<T, TWide>(ref one, ref other, column, ref inputs, chain + column, chain + GroupColumns + column);
                        }

                        for (; stream < count; stream++)
                        {
                            nint width = stream == count - 1 ? lastWidth : GroupColumns;
                            ref byte weights = ref Unsafe.Add(ref columns.Group(first + stream), chunk * width);
                            nint column = 0;
                            for (; width == GroupColumns && column < GroupColumns; column += 4 * T.Lanes)
                                Add<T, TWide>(ref weights, GroupColumns, column, ref inputs, ref *(chains + (stream * GroupColumns) + column));
                            for (; column < width; column += PanelLayout.PanelWidth)
                                Add<Float128, TPanel>(ref weights, width, column, ref inputs, ref *(chains + (stream * GroupColumns) + column));
                        }
                    }

                    // A single block is the sum itself: 0 plus it would change the sign of a zero.
                    if (columns.Inputs <= PanelLayout.DepthBlock)
                        new Span<float>(chains, Streams * GroupColumns).CopyTo(new Span<float>(sums, Streams * GroupColumns));
                    else
                        AddTo<T>(sums, chains, Streams * GroupColumns);
                }

                nint outputs = ((count - 1) * GroupColumns) + lastWidth;
                ref float output = ref Unsafe.Add(ref c, (row * stride) + (first * GroupColumns));
                ref float bias = ref Unsafe.Add(ref columns.Bias, first * GroupColumns);
                for (nint column = 0; column < outputs; column += T.Lanes)
                    (T.Load(ref *sums, column) + T.Load(ref bias, column)).Store(ref output, column);
            }
        }
    }

    /// <summary>
    /// Whether two groups take turns in registers. 16-bit weights widen in one or two instructions, so that four chains would wait for their multiply-adds: two
    /// groups took 0.64 of the time (Zen 5). Other formats, and vectors with 16 registers, have no registers for two.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TakesTwo<T, TWide>()
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T> => T.Lanes == 16 && TWide.WordInputs == 2 && !TWide.TakesManyInstructions;

    /// <summary>The inputs of the last chunk, with zeros where its weights are zeros that only fill it up.</summary>
    private static void CopyLast(ref float inputs, int count, float* lastInputs)
    {
        var target = new Span<float>(lastInputs, ChunkInputs);
        MemoryMarshal.CreateReadOnlySpan(ref inputs, count).CopyTo(target);
        target[count..].Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo<T>(float* sums, float* chains, nint count)
        where T : struct, IFloatVector<T>
    {
        for (nint column = 0; column < count; column += T.Lanes)
            (T.Load(ref *sums, column) + T.Load(ref *chains, column)).Store(ref *sums, column);
    }

    /// <summary>
    /// Adds the products of a chunk of two groups to the chains of four vectors of columns of each: eight chains hide the latency of a multiply-add.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AddTwo<T, TWide>(ref byte one, ref byte other, nint column, ref float inputs, float* chains, float* otherChains)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
    {
        TWide wide0 = TWide.Create(ref one, column), wide1 = TWide.Create(ref one, column + T.Lanes);
        TWide wide2 = TWide.Create(ref one, column + (2 * T.Lanes)), wide3 = TWide.Create(ref one, column + (3 * T.Lanes));
        TWide wide4 = TWide.Create(ref other, column), wide5 = TWide.Create(ref other, column + T.Lanes);
        TWide wide6 = TWide.Create(ref other, column + (2 * T.Lanes)), wide7 = TWide.Create(ref other, column + (3 * T.Lanes));
        T c0 = T.Load(ref *chains, 0), c1 = T.Load(ref *chains, T.Lanes), c2 = T.Load(ref *chains, 2 * T.Lanes), c3 = T.Load(ref *chains, 3 * T.Lanes);
        T c4 = T.Load(ref *otherChains, 0), c5 = T.Load(ref *otherChains, T.Lanes);
        T c6 = T.Load(ref *otherChains, 2 * T.Lanes), c7 = T.Load(ref *otherChains, 3 * T.Lanes);
        nint first = (TWide.ScaleBytes * GroupColumns) + (column * sizeof(uint));
        ref byte words = ref Unsafe.Add(ref one, first);
        ref byte otherWords = ref Unsafe.Add(ref other, first);
        for (nint k = 0; k < ChunkInputs; k += TWide.WordInputs)
        {
            PrefetchAhead<T>(ref words);
            PrefetchAhead<T>(ref otherWords);
            T w0 = T.LoadBits(ref words, 0), w1 = T.LoadBits(ref words, 4 * T.Lanes);
            T w2 = T.LoadBits(ref words, 8 * T.Lanes), w3 = T.LoadBits(ref words, 12 * T.Lanes);
            T w4 = T.LoadBits(ref otherWords, 0), w5 = T.LoadBits(ref otherWords, 4 * T.Lanes);
            T w6 = T.LoadBits(ref otherWords, 8 * T.Lanes), w7 = T.LoadBits(ref otherWords, 12 * T.Lanes);
            Step(0, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
            Step(0, ref inputs, k, in wide4, in wide5, in wide6, in wide7, w4, w5, w6, w7, ref c4, ref c5, ref c6, ref c7);
            Step(1, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
            Step(1, ref inputs, k, in wide4, in wide5, in wide6, in wide7, w4, w5, w6, w7, ref c4, ref c5, ref c6, ref c7);
            if (TWide.WordInputs > 2)
            {
                Step(2, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(2, ref inputs, k, in wide4, in wide5, in wide6, in wide7, w4, w5, w6, w7, ref c4, ref c5, ref c6, ref c7);
                Step(3, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(3, ref inputs, k, in wide4, in wide5, in wide6, in wide7, w4, w5, w6, w7, ref c4, ref c5, ref c6, ref c7);
            }

            if (TWide.WordInputs > 4)
            {
                Step(4, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(4, ref inputs, k, in wide4, in wide5, in wide6, in wide7, w4, w5, w6, w7, ref c4, ref c5, ref c6, ref c7);
                Step(5, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(5, ref inputs, k, in wide4, in wide5, in wide6, in wide7, w4, w5, w6, w7, ref c4, ref c5, ref c6, ref c7);
                Step(6, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(6, ref inputs, k, in wide4, in wide5, in wide6, in wide7, w4, w5, w6, w7, ref c4, ref c5, ref c6, ref c7);
                Step(7, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(7, ref inputs, k, in wide4, in wide5, in wide6, in wide7, w4, w5, w6, w7, ref c4, ref c5, ref c6, ref c7);
            }

            words = ref Unsafe.Add(ref words, GroupColumns * sizeof(uint));
            otherWords = ref Unsafe.Add(ref otherWords, GroupColumns * sizeof(uint));
        }

        c0.Store(ref *chains, 0);
        c1.Store(ref *chains, T.Lanes);
        c2.Store(ref *chains, 2 * T.Lanes);
        c3.Store(ref *chains, 3 * T.Lanes);
        c4.Store(ref *otherChains, 0);
        c5.Store(ref *otherChains, T.Lanes);
        c6.Store(ref *otherChains, 2 * T.Lanes);
        c7.Store(ref *otherChains, 3 * T.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchAhead<T>(ref byte words)
        where T : struct, IFloatVector<T>
    {
        for (nint line = 0; line < 16 * T.Lanes; line += 64)
            Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes + line)));
    }

    /// <summary>The same for one group, or for a panel of the last group.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Add<T, TWide>(ref byte chunk, nint width, nint column, ref float inputs, ref float chains)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
    {
        var wide0 = TWide.Create(ref chunk, column);
        var wide1 = TWide.Create(ref chunk, column + T.Lanes);
        var wide2 = TWide.Create(ref chunk, column + (2 * T.Lanes));
        var wide3 = TWide.Create(ref chunk, column + (3 * T.Lanes));
        T c0 = T.Load(ref chains, 0), c1 = T.Load(ref chains, T.Lanes), c2 = T.Load(ref chains, 2 * T.Lanes), c3 = T.Load(ref chains, 3 * T.Lanes);
        ref byte words = ref Unsafe.Add(ref chunk, (TWide.ScaleBytes * width) + (column * sizeof(uint)));
        nint rowBytes = width * sizeof(uint);
        for (nint k = 0; k < ChunkInputs; k += TWide.WordInputs)
        {
            T w0 = T.LoadBits(ref words, 0), w1 = T.LoadBits(ref words, 4 * T.Lanes), w2 = T.LoadBits(ref words, 8 * T.Lanes),
                w3 = T.LoadBits(ref words, 12 * T.Lanes);
            PrefetchAhead<T>(ref words);
            Step(0, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
            Step(1, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
            if (TWide.WordInputs > 2)
            {
                Step(2, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(3, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
            }

            if (TWide.WordInputs > 4)
            {
                Step(4, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(5, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(6, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(7, ref inputs, k, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
            }

            words = ref Unsafe.Add(ref words, rowBytes);
        }

        c0.Store(ref chains, 0);
        c1.Store(ref chains, T.Lanes);
        c2.Store(ref chains, 2 * T.Lanes);
        c3.Store(ref chains, 3 * T.Lanes);
    }

    /// <summary>Adds one input times four vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<T, TWide>(
        int input, ref float inputs, nint k, in TWide wide0, in TWide wide1, in TWide wide2, in TWide wide3, T w0, T w1, T w2, T w3, ref T c0, ref T c1,
        ref T c2, ref T c3)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
    {
        var a = T.Create(Unsafe.Add(ref inputs, k + input));
        c0 = T.MultiplyAdd(a, wide0.Widen(w0, input), c0);
        c1 = T.MultiplyAdd(a, wide1.Widen(w1, input), c1);
        c2 = T.MultiplyAdd(a, wide2.Widen(w2, input), c2);
        c3 = T.MultiplyAdd(a, wide3.Widen(w3, input), c3);
    }
}
