using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Rows of inputs as bytes, quantised as they come: runs of a row, each with a scale. A run is a chunk of 32 inputs, whose scale is the largest magnitude
/// divided by 127; or it is a whole row, of which the middle of its <see cref="RowRange"/> is taken off, and whose outlier, if it has one, stays float32. A run
/// with a NaN or an infinity has NaN for its scale, and so has everything that it contributes to. A scale below 2⁻¹⁰⁰ divided by 127 counts as zero.
/// </summary>
internal ref struct QuantizedRows
{
    /// <summary>The bytes of the first row, in whole chunks.</summary>
    public ref sbyte Bytes;

    /// <summary>Bytes from a row to the next.</summary>
    public nint Stride;

    /// <summary>The scale of each run of the first row.</summary>
    public ref float Scales;

    /// <summary>The sum of the bytes of each run of the first row.</summary>
    public ref int Sums;

    /// <summary>What is taken off the inputs of each row, where a run is a row.</summary>
    public ref float Offsets;

    /// <summary>Which input of each row has the byte 0 and stays float32, or −1, where a run is a row.</summary>
    public ref int Outliers;

    /// <summary>What that input is more than the offset.</summary>
    public ref float OutlierValues;

    /// <summary>Runs of a row.</summary>
    public nint Runs;

    /// <summary>Rows.</summary>
    public nint Rows;

    /// <summary>2⁻¹⁰⁰: a smaller magnitude counts as zero.</summary>
    public const float Smallest = 7.888609e-31f;

    private const float Largest = 127;

    /// <summary>Rows that have been quantised to the same scratch.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="inputs">Inputs of a row.</param>
    /// <param name="inChunks">Whether a run is a chunk; otherwise it is a row.</param>
    /// <param name="scratch">Where bytes, scales and sums are.</param>
    public static QuantizedRows At(nint rows, int inputs, bool inChunks, ref float scratch)
    {
        int stride = NarrowLayout.Chunks(inputs) * NarrowLayout.ChunkInputs, runs = inChunks ? NarrowLayout.Chunks(inputs) : 1;
        ref float scales = ref Unsafe.Add(ref scratch, rows * stride / sizeof(float)), sums = ref Unsafe.Add(ref scales, rows * runs);
        ref float offsets = ref Unsafe.Add(ref sums, rows * runs), outliers = ref Unsafe.Add(ref offsets, rows);
        return new()
        {
            Bytes = ref Unsafe.As<float, sbyte>(ref scratch),
            Stride = stride,
            Scales = ref scales,
            Sums = ref Unsafe.As<float, int>(ref sums),
            Offsets = ref inChunks ? ref Unsafe.NullRef<float>() : ref offsets,
            Outliers = ref inChunks ? ref Unsafe.NullRef<int>() : ref Unsafe.As<float, int>(ref outliers),
            OutlierValues = ref inChunks ? ref Unsafe.NullRef<float>() : ref Unsafe.Add(ref outliers, rows),
            Runs = runs,
            Rows = rows,
        };
    }

    /// <summary>Quantises rows.</summary>
    /// <param name="a">The first row.</param>
    /// <param name="aStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="inputs">Inputs of a row.</param>
    /// <param name="inChunks">Whether a run is a chunk; otherwise it is a row.</param>
    /// <param name="scratch">Where bytes, scales and sums go: <see cref="NarrowLayout.QuantizedFloats"/>.</param>
    public static QuantizedRows Create(ref float a, nint aStride, nint rows, int inputs, bool inChunks, ref float scratch)
    {
        QuantizedRows quantized = At(rows, inputs, inChunks, ref scratch);
        if (Vector512.IsHardwareAccelerated)
            quantized.Fill<Float512>(ref a, aStride, inputs, inChunks);
        else if (Vector256.IsHardwareAccelerated)
            quantized.Fill<Float256>(ref a, aStride, inputs, inChunks);
        else
            quantized.Fill<Float128>(ref a, aStride, inputs, inChunks);
        return quantized;
    }

    /// <summary>The same with vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal readonly void Fill<T>(ref float a, nint aStride, int inputs, bool inChunks)
        where T : struct, IFloatVector<T>
    {
        for (nint row = 0; row < Rows; row++)
        {
            ref float input = ref Unsafe.Add(ref a, row * aStride);
            ref sbyte bytes = ref Unsafe.Add(ref Bytes, row * Stride);
            if (inChunks)
            {
                for (nint run = 0, start = 0; run < Runs; run++, start += NarrowLayout.ChunkInputs)
                {
                    nint count = nint.Min(NarrowLayout.ChunkInputs, inputs - start);
                    Chunk<T>(ref Unsafe.Add(ref input, start), count, ref Unsafe.Add(ref bytes, start), (row * Runs) + run);
                }
            }
            else
            {
                Row<T>(ref input, inputs, ref bytes, row);
            }

            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref bytes, inputs), (int)(Stride - inputs)).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Chunk<T>(ref float input, nint count, ref sbyte bytes, nint run)
        where T : struct, IFloatVector<T>
    {
        float largest = LargestMagnitude<T>(ref input, count);
        Unsafe.Add(ref Scales, run) = Round<T>(ref input, count, 0, largest, -1, ref bytes, out Unsafe.Add(ref Sums, run));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Row<T>(ref float input, nint count, ref sbyte bytes, nint row)
        where T : struct, IFloatVector<T>
    {
        RowRange range = RowRange.Of<T>(ref input, count);
        Unsafe.Add(ref Scales, row) = Round<T>(ref input, count, range.Offset, range.Half, range.Outlier, ref bytes, out Unsafe.Add(ref Sums, row));
        Unsafe.Add(ref Offsets, row) = range.Offset;
        Unsafe.Add(ref Outliers, row) = range.Outlier;
        if (range.Outlier >= 0)
            Unsafe.Add(ref OutlierValues, row) = Unsafe.Add(ref input, range.Outlier) - range.Offset;
    }

    /// <summary>Writes bytes: inputs less an offset, divided by the scale, which is the largest magnitude divided by 127, and rounded.</summary>
    /// <param name="input">The first input.</param>
    /// <param name="count">Inputs.</param>
    /// <param name="offset">What is taken off.</param>
    /// <param name="most">The largest magnitude of all inputs but the outlier.</param>
    /// <param name="outlier">The input whose byte is 0, or −1.</param>
    /// <param name="bytes">Where the bytes go.</param>
    /// <param name="sum">The sum of the bytes.</param>
    /// <returns>The scale.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Round<T>(ref float input, nint count, float offset, float most, int outlier, ref sbyte bytes, out int sum)
        where T : struct, IFloatVector<T>
    {
        sum = 0;
        if (!(most >= Smallest) || most == float.PositiveInfinity)
        {
            MemoryMarshal.CreateSpan(ref bytes, (int)count).Clear();
            return most < Smallest ? 0 : float.NaN;
        }

        float inverse = Largest / most;
        T factor = T.Create(inverse), middle = T.Create(offset), sums = default;
        nint k = 0;
        for (; k + T.Lanes <= count; k += T.Lanes)
        {
            T integers = T.ToIntegers((T.Load(ref input, k) - middle) * factor);
            sums = T.AddIntegers(sums, integers);
            T.StoreBytes(integers, ref bytes, k);
        }

        sum = sums.SumOfIntegers();
        if (outlier >= 0)
        {
            // Its integer may leave a byte, or be none at all; the same one is taken off again.
            if (outlier < k)
                sum -= T.ToIntegers((T.Create(Unsafe.Add(ref input, outlier)) - middle) * factor).LargestInteger();
            Unsafe.Add(ref bytes, outlier) = 0;
        }

        for (; k < count; k++)
        {
            if (k == outlier)
                continue;
            var integer = (sbyte)MathF.Round((Unsafe.Add(ref input, k) - offset) * inverse);
            sum += integer;
            Unsafe.Add(ref bytes, k) = integer;
        }

        return most / Largest;
    }

    /// <summary>The largest magnitude, by its bits: those of a NaN are larger than those of any number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LargestMagnitude<T>(ref float input, nint count)
        where T : struct, IFloatVector<T>
    {
        T magnitude = T.FromBits(0x7FFF_FFFF), most = default;
        nint k = 0;
        for (; k + T.Lanes <= count; k += T.Lanes)
            most = T.LargerInteger(most, T.Load(ref input, k) & magnitude);
        int bits = most.LargestInteger();
        for (; k < count; k++)
            bits = Math.Max(bits, BitConverter.SingleToInt32Bits(Unsafe.Add(ref input, k)) & int.MaxValue);
        return BitConverter.Int32BitsToSingle(bits);
    }
}
