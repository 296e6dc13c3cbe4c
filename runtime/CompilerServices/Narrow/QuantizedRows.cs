using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Rows of inputs as bytes, quantised as they come: runs of a row, each with a scale, the largest magnitude divided by 127. A run is a whole row, or a
/// chunk of 32 inputs. A run with a NaN or an infinity has NaN for its scale, and so has everything that it contributes to. A run below 2⁻¹⁰⁰ counts as zeros.
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

    /// <summary>Runs of a row.</summary>
    public nint Runs;

    /// <summary>Rows.</summary>
    public nint Rows;

    private const float Smallest = 7.888609e-31f;

    /// <summary>Rows that have been quantised to the same scratch.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="inputs">Inputs of a row.</param>
    /// <param name="inChunks">Whether a run is a chunk; otherwise it is a row.</param>
    /// <param name="scratch">Where bytes, scales and sums are.</param>
    public static QuantizedRows At(nint rows, int inputs, bool inChunks, ref float scratch)
    {
        int stride = NarrowLayout.Chunks(inputs) * NarrowLayout.ChunkInputs, runs = inChunks ? NarrowLayout.Chunks(inputs) : 1;
        ref float scales = ref Unsafe.Add(ref scratch, rows * stride / sizeof(float));
        return new()
        {
            Bytes = ref Unsafe.As<float, sbyte>(ref scratch),
            Stride = stride,
            Scales = ref scales,
            Sums = ref Unsafe.As<float, int>(ref Unsafe.Add(ref scales, rows * runs)),
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
            quantized.Fill<Float512>(ref a, aStride, inputs);
        else if (Vector256.IsHardwareAccelerated)
            quantized.Fill<Float256>(ref a, aStride, inputs);
        else
            quantized.Fill<Float128>(ref a, aStride, inputs);
        return quantized;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Fill<T>(ref float a, nint aStride, int inputs)
        where T : struct, IFloatVector<T>
    {
        int length = Runs == 1 ? inputs : NarrowLayout.ChunkInputs;
        for (nint row = 0; row < Rows; row++)
        {
            ref float input = ref Unsafe.Add(ref a, row * aStride);
            ref sbyte bytes = ref Unsafe.Add(ref Bytes, row * Stride);
            for (nint run = 0; run < Runs; run++)
            {
                nint start = run * length;
                Unsafe.Add(ref Scales, (row * Runs) + run) = Quantize<T>(
                    ref Unsafe.Add(ref input, start), nint.Min(length, inputs - start), ref Unsafe.Add(ref bytes, start),
                    out Unsafe.Add(ref Sums, (row * Runs) + run));
            }

            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref bytes, inputs), (int)(Stride - inputs)).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Quantize<T>(ref float input, nint count, ref sbyte bytes, out int sum)
        where T : struct, IFloatVector<T>
    {
        sum = 0;
        float most = LargestMagnitude<T>(ref input, count);
        if (!(most >= Smallest) || most == float.PositiveInfinity)
        {
            MemoryMarshal.CreateSpan(ref bytes, (int)count).Clear();
            return most < Smallest ? 0 : float.NaN;
        }

        float inverse = 127 / most;
        T factor = T.Create(inverse), sums = default;
        nint k = 0;
        for (; k + T.Lanes <= count; k += T.Lanes)
        {
            T integers = T.ToIntegers(T.Load(ref input, k) * factor);
            sums = T.AddIntegers(sums, integers);
            T.StoreBytes(integers, ref bytes, k);
        }

        Span<float> lanes = stackalloc float[T.Lanes];
        sums.Store(ref MemoryMarshal.GetReference(lanes), 0);
        foreach (float lane in lanes)
            sum += BitConverter.SingleToInt32Bits(lane);
        for (; k < count; k++)
        {
            var integer = (sbyte)MathF.Round(Unsafe.Add(ref input, k) * inverse);
            sum += integer;
            Unsafe.Add(ref bytes, k) = integer;
        }

        return most / 127;
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
        Span<float> lanes = stackalloc float[T.Lanes];
        most.Store(ref MemoryMarshal.GetReference(lanes), 0);
        int bits = 0;
        foreach (float lane in lanes)
            bits = Math.Max(bits, BitConverter.SingleToInt32Bits(lane));
        for (; k < count; k++)
            bits = Math.Max(bits, BitConverter.SingleToInt32Bits(Unsafe.Add(ref input, k)) & int.MaxValue);
        return BitConverter.Int32BitsToSingle(bits);
    }
}
