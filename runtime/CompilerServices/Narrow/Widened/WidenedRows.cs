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
            case WeightFormat.Float16 when columns.HasPlainHalves:
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

    /// <summary>
    /// In vectors of 512 bits, formats without scales read four runs of memory side by side, each a quarter of the groups. The others, whose arithmetic takes
    /// longer than memory, read one group after the other, and so do the groups that are left (docs/experiments.md).
    /// </summary>
    private static void Multiply<T, TWide, TPanel>(in NarrowColumns columns, ref float a, nint aStride, nint rows, ref float c, nint stride)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
        where TPanel : struct, IWeightWidening<TPanel, Float128>
    {
        const int Runs = NarrowLayout.Runs;
        nint distance = T.Lanes == Float512.Lanes && TWide.ScaleBytes == 0 ? columns.Panels / (Runs * NarrowLayout.GroupPanels) : 0;
        for (nint group = 0; group < distance; group++)
            MultiplyGroups<T, TWide, TPanel>(in columns, group, distance, Runs, ref a, aStride, rows, ref c, stride);
        for (nint group = Runs * distance; group < columns.Groups64; group++)
            MultiplyGroups<T, TWide, TPanel>(in columns, group, 0, 1, ref a, aStride, rows, ref c, stride);
    }

    /// <summary>Multiplies rows by a group, or by one of each run, which lie so many groups apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void MultiplyGroups<T, TWide, TPanel>(
        in NarrowColumns columns, nint group, nint distance, int runs, ref float a, nint aStride, nint rows, ref float c, nint stride)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
        where TPanel : struct, IWeightWidening<TPanel, Float128>
    {
        float* sums = stackalloc float[NarrowLayout.Runs * GroupColumns];
        float* lastInputs = stackalloc float[PanelLayout.DepthBlock];
        int chunkBytes = NarrowLayout.ChunkBytes(TWide.Format), depth = columns.Inputs;
        // A block whose last chunk is filled up reads its inputs from a copy.
        int wholeInputs = depth % ChunkInputs == 0 ? depth : depth / PanelLayout.DepthBlock * PanelLayout.DepthBlock;
        // A single block is the sum itself: 0 plus it would change the sign of a zero.
        bool adds = depth > PanelLayout.DepthBlock;
        nint width = columns.Width(group);
        for (nint row = 0; row < rows; row++)
        {
            ref float input = ref Unsafe.Add(ref a, row * aStride);
            if (wholeInputs < depth)
                CopyLast(ref Unsafe.Add(ref input, wholeInputs), depth - wholeInputs, lastInputs);
            new Span<float>(sums, runs * GroupColumns).Clear();
            ref byte weights = ref columns.Group(group);
            for (nint start = 0; start < depth; start += PanelLayout.DepthBlock)
            {
                nint chunks = NarrowLayout.Chunks((int)nint.Min(PanelLayout.DepthBlock, depth - start));
                ref float inputs = ref start < wholeInputs ? ref Unsafe.Add(ref input, start) : ref *lastInputs;
                if (runs > 1)
                    WidenedRuns.Multiply<T, TWide, WidenedRuns.Four>(ref weights, distance * columns.GroupBytes, ref inputs, chunks, adds, ref *sums);
                else
                    MultiplyGroup<T, TWide, TPanel>(ref weights, width, ref inputs, chunks, adds, ref *sums);
                weights = ref Unsafe.Add(ref weights, chunks * chunkBytes * width);
            }

            for (int run = 0; run < runs; run++)
            {
                nint first = (group + (run * distance)) * GroupColumns;
                AddTo<T>(ref *(sums + (run * width)), ref Unsafe.Add(ref columns.Bias, first), width, ref Unsafe.Add(ref c, (row * stride) + first));
            }
        }
    }

    /// <summary>Multiplies the inputs of a depth block by the columns of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void MultiplyGroup<T, TWide, TPanel>(ref byte weights, nint width, ref float inputs, nint chunks, bool adds, ref float sums)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
        where TPanel : struct, IWeightWidening<TPanel, Float128>
    {
        if (T.Lanes == Float256.Lanes && TWide.ScaleBytes == 0 && width == GroupColumns)
        {
            // Both halves of each line at once, so that the group is read in order.
            WidenedRuns.Multiply<T, TWide, WidenedRuns.Two>(ref weights, GroupColumns / 2 * sizeof(uint), ref inputs, chunks, adds, ref sums);
            return;
        }

        float* chains = stackalloc float[GroupColumns];
        ref float target = ref adds ? ref *chains : ref sums;
        nint column = 0;
        for (; width == GroupColumns && column < GroupColumns; column += 4 * T.Lanes)
            MultiplyBlock<T, TWide>(ref weights, GroupColumns, column, ref inputs, chunks, ref Unsafe.Add(ref target, column));
        for (; column < width; column += PanelLayout.PanelWidth)
            MultiplyBlock<Float128, TPanel>(ref weights, width, column, ref inputs, chunks, ref Unsafe.Add(ref target, column));
        if (adds)
            AddTo<T>(ref sums, ref *chains, width, ref sums);
    }

    /// <summary>The inputs of the last block, with zeros where its weights are zeros that only fill it up.</summary>
    private static void CopyLast(ref float inputs, int count, float* lastInputs)
    {
        var target = new Span<float>(lastInputs, PanelLayout.DepthBlock);
        MemoryMarshal.CreateReadOnlySpan(ref inputs, count).CopyTo(target);
        target[count..].Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo<T>(ref float left, ref float right, nint count, ref float target)
        where T : struct, IFloatVector<T>
    {
        for (nint column = 0; column < count; column += T.Lanes)
            (T.Load(ref left, column) + T.Load(ref right, column)).Store(ref target, column);
    }

    /// <summary>Multiplies the inputs of a depth block by four vectors of columns, in a chain for each column.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBlock<T, TWide>(ref byte chunk, nint width, nint column, ref float inputs, nint chunks, ref float chains)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
    {
        nint rowBytes = width * sizeof(uint);
        T c0 = default, c1 = default, c2 = default, c3 = default;
        for (; chunks > 0; chunks--)
        {
            TWide wide0 = TWide.Create(ref chunk, column), wide1 = TWide.Create(ref chunk, column + T.Lanes);
            TWide wide2 = TWide.Create(ref chunk, column + (2 * T.Lanes)), wide3 = TWide.Create(ref chunk, column + (3 * T.Lanes));
            chunk = ref Unsafe.Add(ref chunk, TWide.ScaleBytes * width);
            for (nint k = 0; k < ChunkInputs; k += TWide.WordInputs)
            {
                ref byte words = ref Unsafe.Add(ref chunk, column * sizeof(uint));
                WidenedRuns.PrefetchLines<T>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes));
                T w0 = T.LoadBits(ref words, 0), w1 = T.LoadBits(ref words, 4 * T.Lanes);
                T w2 = T.LoadBits(ref words, 8 * T.Lanes), w3 = T.LoadBits(ref words, 12 * T.Lanes);
                Step(0, ref inputs, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                Step(1, ref inputs, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                if (TWide.WordInputs > 2)
                {
                    Step(2, ref inputs, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                    Step(3, ref inputs, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                }

                if (TWide.WordInputs > 4)
                {
                    Step(4, ref inputs, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                    Step(5, ref inputs, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                    Step(6, ref inputs, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                    Step(7, ref inputs, in wide0, in wide1, in wide2, in wide3, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
                }

                chunk = ref Unsafe.Add(ref chunk, rowBytes);
                inputs = ref Unsafe.Add(ref inputs, TWide.WordInputs);
            }
        }

        c0.Store(ref chains, 0);
        c1.Store(ref chains, T.Lanes);
        c2.Store(ref chains, 2 * T.Lanes);
        c3.Store(ref chains, 3 * T.Lanes);
    }

    /// <summary>Adds one input times four vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<T, TWide>(
        int input, ref float inputs, in TWide wide0, in TWide wide1, in TWide wide2, in TWide wide3, T w0, T w1, T w2, T w3, ref T c0, ref T c1,
        ref T c2, ref T c3)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
    {
        var a = T.Create(Unsafe.Add(ref inputs, input));
        c0 = T.MultiplyAdd(a, wide0.Widen(w0, input), c0);
        c1 = T.MultiplyAdd(a, wide1.Widen(w1, input), c1);
        c2 = T.MultiplyAdd(a, wide2.Widen(w2, input), c2);
        c3 = T.MultiplyAdd(a, wide3.Widen(w3, input), c3);
    }
}
