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
            Multiply<SignProducts>(format, in columns, in rows, ref c, stride);
        else if (Dp.IsSupported)
            Multiply<ArmProducts>(format, in columns, in rows, ref c, stride);
        else
            Multiply<PlainProducts>(format, in columns, in rows, ref c, stride);
    }

    /// <summary>The same with the products of one instruction set.</summary>
    internal static void Multiply<TProducts>(WeightFormat format, in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IBlockProducts<TProducts>
    {
        if (format == WeightFormat.Int4Blocks)
            Multiply<TProducts, HalfBytes<TProducts>>(in columns, in rows, ref c, stride);
        else
            Multiply<TProducts, Bytes<TProducts>>(in columns, in rows, ref c, stride);
    }

    // The sums of bytes become float32 in vectors of as many lanes: a load of two stored vectors would wait for both.
    private static void Multiply<TProducts, TBlock>(in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IBlockProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
    {
        if (TProducts.Lanes == Float256.Lanes)
            Multiply<TProducts, TBlock, Float256>(in columns, in rows, ref c, stride);
        else
            Multiply<TProducts, TBlock, Float128>(in columns, in rows, ref c, stride);
    }

    // Nearly all matrices have plain scales, which take a quarter of the instructions.
    private static void Multiply<TProducts, TBlock, T>(in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IBlockProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
        where T : struct, IFloatVector<T>
    {
        if (columns.HasPlainHalves)
            Multiply<TProducts, TBlock, T, FiniteFloat16Widening<T>>(in columns, in rows, ref c, stride);
        else
            Multiply<TProducts, TBlock, T, Float16Widening<T>>(in columns, in rows, ref c, stride);
    }

    private static void Multiply<TProducts, TBlock, T, TScale>(in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IBlockProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
        where T : struct, IFloatVector<T>
        where TScale : struct, IWeightWidening<TScale, T>
    {
        for (nint group = 0; group < columns.Groups64; group++)
        {
            nint width = columns.Width(group), rest = width % (Eight.Count * TProducts.Lanes), whole = width - rest;
            ref byte weights = ref columns.Group(group);
            ref float bias = ref Unsafe.Add(ref columns.Bias, group * GroupColumns);
            for (nint row = 0; row < rows.Rows; row++)
            {
                ref float output = ref Unsafe.Add(ref c, (row * stride) + (group * GroupColumns));
                if (whole > 0)
                    MultiplyColumns<TProducts, TBlock, T, TScale, Eight>(ref weights, width, 0, whole, in rows, row, ref bias, ref output);
                if (rest > 0)
                    MultiplyColumns<TProducts, TBlock, T, TScale, Two>(ref weights, width, whole, width, in rows, row, ref bias, ref output);
            }
        }
    }

    /// <summary>Multiplies a row by some columns of a group.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void MultiplyColumns<TProducts, TBlock, T, TScale, TVectors>(
        ref byte block, nint width, nint first, nint end, in QuantizedRows rows, nint row, ref float bias, ref float output)
        where TProducts : struct, IBlockProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
        where T : struct, IFloatVector<T>
        where TScale : struct, IWeightWidening<TScale, T>
        where TVectors : struct, IVectors
    {
        float* sums = stackalloc float[GroupColumns];
        new Span<float>(sums, GroupColumns).Clear();
        nint blockBytes = width * TBlock.ChunkBytes;
        ref sbyte inputs = ref Unsafe.Add(ref rows.Bytes, row * rows.Stride);
        for (nint run = row * rows.Runs, last = run + rows.Runs; run < last; run++)
        {
            T scale = T.Create(Unsafe.Add(ref rows.Scales, run));
            var start = TProducts.Create(TBlock.Start(Unsafe.Add(ref rows.Sums, run)));
            for (nint column = first; column < end; column += TVectors.Count * TProducts.Lanes)
                AddBlock<TProducts, TBlock, T, TScale, TVectors>(ref block, width, column, ref inputs, start, scale, ref *(sums + column));
            inputs = ref Unsafe.Add(ref inputs, NarrowLayout.ChunkInputs);
            block = ref Unsafe.Add(ref block, blockBytes);
        }

        for (nint column = first; column < end; column += T.Lanes)
            (T.Load(ref *sums, column) + T.Load(ref bias, column)).Store(ref output, column);
    }

    /// <summary>The exact sums of a block for some vectors of columns, times both scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBlock<TProducts, TBlock, T, TScale, TVectors>(
        ref byte block, nint width, nint column, ref sbyte inputs, TProducts start, T scale, ref float sums)
        where TProducts : struct, IBlockProducts<TProducts>
        where TBlock : struct, IBlock<TProducts>
        where T : struct, IFloatVector<T>
        where TScale : struct, IWeightWidening<TScale, T>
        where TVectors : struct, IVectors
    {
        ref byte words = ref Unsafe.Add(ref block, (width * sizeof(ushort)) + (column * sizeof(int)));
        TProducts s0 = start, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        nint vector = TProducts.Lanes * sizeof(int);
        for (nint k = 0; k < NarrowLayout.ChunkInputs; k += TBlock.WordInputs)
        {
            Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes)));
            if (TVectors.Count * TProducts.Lanes > 16)
                Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes + 64)));
            if (TVectors.Count * TProducts.Lanes > 32)
            {
                Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes + 128)));
                Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes + 192)));
            }

            ref sbyte some = ref Unsafe.Add(ref inputs, k);
            s0 = TBlock.Add(s0, ref words, ref some);
            if (TVectors.Count > 1)
                s1 = TBlock.Add(s1, ref Unsafe.Add(ref words, vector), ref some);
            if (TVectors.Count > 2)
            {
                s2 = TBlock.Add(s2, ref Unsafe.Add(ref words, 2 * vector), ref some);
                s3 = TBlock.Add(s3, ref Unsafe.Add(ref words, 3 * vector), ref some);
            }

            if (TVectors.Count > 4)
            {
                s4 = TBlock.Add(s4, ref Unsafe.Add(ref words, 4 * vector), ref some);
                s5 = TBlock.Add(s5, ref Unsafe.Add(ref words, 5 * vector), ref some);
                s6 = TBlock.Add(s6, ref Unsafe.Add(ref words, 6 * vector), ref some);
                s7 = TBlock.Add(s7, ref Unsafe.Add(ref words, 7 * vector), ref some);
            }

            words = ref Unsafe.Add(ref words, width * sizeof(int));
        }

        ref byte scales = ref Unsafe.Add(ref block, column * sizeof(ushort));
        AddScaled<TProducts, T, TScale>(s0, scale, ref scales, ref sums, 0);
        if (TVectors.Count > 1)
            AddScaled<TProducts, T, TScale>(s1, scale, ref scales, ref sums, T.Lanes);
        if (TVectors.Count > 2)
        {
            AddScaled<TProducts, T, TScale>(s2, scale, ref scales, ref sums, 2 * T.Lanes);
            AddScaled<TProducts, T, TScale>(s3, scale, ref scales, ref sums, 3 * T.Lanes);
        }

        if (TVectors.Count > 4)
        {
            AddScaled<TProducts, T, TScale>(s4, scale, ref scales, ref sums, 4 * T.Lanes);
            AddScaled<TProducts, T, TScale>(s5, scale, ref scales, ref sums, 5 * T.Lanes);
            AddScaled<TProducts, T, TScale>(s6, scale, ref scales, ref sums, 6 * T.Lanes);
            AddScaled<TProducts, T, TScale>(s7, scale, ref scales, ref sums, 7 * T.Lanes);
        }
    }

    /// <summary>Multiplies exact sums by both scales, and adds them to those before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScaled<TProducts, T, TScale>(TProducts integers, T scale, ref byte scales, ref float sums, nint offset)
        where TProducts : struct, IBlockProducts<TProducts>
        where T : struct, IFloatVector<T>
        where TScale : struct, IWeightWidening<TScale, T>
    {
        T weightScale = TScale.Create(ref scales, offset).Widen(T.LoadHalfBits(ref scales, offset * sizeof(ushort)), 0);
        T sum = T.FromIntegers(Unsafe.BitCast<TProducts, T>(integers));
        T.MultiplyAdd(sum, weightScale * scale, T.Load(ref sums, offset)).Store(ref sums, offset);
    }

    /// <summary>Vectors of columns that are summed together.</summary>
    private interface IVectors
    {
        /// <summary>How many: a literal.</summary>
        static abstract int Count { get; }
    }

    /// <summary>
    /// All 64 columns of a group in vectors of eight lanes, so that its memory is read in order: in two halves a step of decoding took 1.7 times as long.
    /// </summary>
    private readonly struct Eight : IVectors
    {
        public static int Count => 8;
    }

    /// <summary>16 columns of eight lanes, of a last group with fewer columns.</summary>
    private readonly struct Two : IVectors
    {
        public static int Count => 2;
    }

    /// <summary>The weights of a block.</summary>
    private interface IBlock<TProducts>
        where TProducts : struct, IBlockProducts<TProducts>
    {
        /// <summary>Bytes of a column in a chunk.</summary>
        static abstract int ChunkBytes { get; }

        /// <summary>Inputs that a word holds: a literal.</summary>
        static abstract int WordInputs { get; }

        /// <summary>Where the sums begin.</summary>
        static abstract int Start(int inputSum);

        /// <summary>Adds the products of a word of each column.</summary>
        static abstract TProducts Add(TProducts sums, ref byte words, ref sbyte inputs);
    }

    private readonly struct Bytes<TProducts> : IBlock<TProducts>
        where TProducts : struct, IBlockProducts<TProducts>
    {
        public static int ChunkBytes => NarrowLayout.ChunkBytes(WeightFormat.Int8Blocks);

        public static int WordInputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Start(int inputSum) => -TProducts.ByteOffset * inputSum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TProducts Add(TProducts sums, ref byte words, ref sbyte inputs) =>
            TProducts.AddBytes(sums, TProducts.Load(ref words), TProducts.Broadcast(ref inputs), default, default);
    }

    private readonly struct HalfBytes<TProducts> : IBlock<TProducts>
        where TProducts : struct, IBlockProducts<TProducts>
    {
        public static int ChunkBytes => NarrowLayout.ChunkBytes(WeightFormat.Int4Blocks);

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
