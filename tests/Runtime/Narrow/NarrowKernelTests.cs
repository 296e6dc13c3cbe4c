using AttentionGen.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime.Narrow;

/// <summary>Widened and quantised products of any vector width against sums in the order that the definition gives.</summary>
public sealed class NarrowKernelTests
{
    private static readonly (int Inputs, int Outputs, int Rows)[] Sizes =
        [(1, 1, 1), (31, 17, 2), (128, 64, 1), (172, 96, 3), (300, 203, 2), (420, 330, 7), (1100, 100, 23)];

    public static TheoryData<WeightFormat> Storage => [WeightFormat.BFloat16, WeightFormat.Float16, WeightFormat.Int8Blocks, WeightFormat.Int4Blocks];

    [Theory]
    [MemberData(nameof(Storage))]
    public void Rows_and_panels_are_widened_exactly(WeightFormat format)
    {
        foreach (var (inputs, outputs, rows) in Sizes)
        {
            float[] weights = Weights(format, inputs, outputs), bias = TestNumbers.Random(2, outputs), a = TestNumbers.Random(3, rows * inputs);
            int panels = PanelLayout.Panels(outputs), stride = (panels * 16) + 16, interleaved = panels % 2 == 0 ? 2 : 1;
            PackedMatrix matrix = Pack(format, weights, bias, inputs, outputs, interleaved);
            NarrowColumns columns = matrix.Columns(0, panels);
            float[] expected = Expected(weights, bias, a, inputs, outputs, rows, stride, panels);

            Check<Float128>(in columns);
            Check<Float256>(in columns);
            Check<Float512>(in columns);

            void Check<T>(in NarrowColumns columns)
                where T : struct, IFloatVector<T>
            {
                var c = new float[rows * stride];
                WidenedRows.Multiply<T>(format, in columns, ref a[0], inputs, rows, ref c[0], stride);
                Compare.SameBits(expected, c, stride, $"{format} {inputs} x {outputs}, {typeof(T).Name}");
                var widened = new float[panels * inputs * 16];
                WidenedPanels.Write<T>(format, in columns, 0, panels, interleaved, ref widened[0]);
                for (int output = 0; output < outputs; output++)
                {
                    for (int k = 0; k < inputs; k++)
                    {
                        int wide = 16 * interleaved;
                        Assert.Equal(weights[(output * inputs) + k], widened[(((output / wide * inputs) + k) * wide) + (output % wide)]);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.Int8Blocks)]
    [InlineData(WeightFormat.Int4Blocks)]
    [InlineData(WeightFormat.Int8)]
    public void Integer_sums_have_the_same_bits_with_every_instruction_set(WeightFormat format)
    {
        foreach (var (inputs, outputs, rows) in Sizes)
        {
            float[] weights = Weights(format, inputs, outputs), bias = TestNumbers.Random(2, outputs), a = TestNumbers.Random(3, rows * inputs);
            int panels = PanelLayout.Panels(outputs), stride = panels * 16;
            PackedMatrix matrix = Pack(format, weights, bias, inputs, outputs, 1);
            NarrowColumns columns = matrix.Columns(0, panels);
            bool inChunks = format != WeightFormat.Int8;
            a[inputs / 2] = 40;
            float[] scratch = Quantize<Float128>();
            Compare.SameBits(scratch, Quantize<Float256>(), scratch.Length, "inputs with 256 bits");
            Compare.SameBits(scratch, Quantize<Float512>(), scratch.Length, "inputs with 512 bits");
            QuantizedRows quantized = QuantizedRows.At(rows, inputs, inChunks, ref scratch[0]);
            float[] plain = Run<PlainProducts>(in columns, in quantized);
            if (System.Runtime.Intrinsics.X86.Avx2.IsSupported)
                Compare.SameBits(plain, Run<SignProducts>(in columns, in quantized), stride, $"{format} AVX2 by signs");
            if (System.Runtime.Intrinsics.X86.Avx2.IsSupported && !inChunks)
                Compare.SameBits(plain, Tiles<Avx2Products>(in columns, in quantized), stride, $"{format} AVX2");
            if (System.Runtime.Intrinsics.X86.Avx512BW.IsSupported && !inChunks)
                Compare.SameBits(plain, Tiles<Avx512Products>(in columns, in quantized), stride, $"{format} AVX-512BW");
            if (System.Runtime.Intrinsics.X86.AvxVnni.IsSupported)
                Compare.SameBits(plain, Run<VnniProducts>(in columns, in quantized), stride, $"{format} VNNI");
            if (System.Runtime.Intrinsics.Arm.Dp.IsSupported)
                Compare.SameBits(plain, Run<ArmProducts>(in columns, in quantized), stride, $"{format} Arm");

            float[] Quantize<T>()
                where T : struct, IFloatVector<T>
            {
                var scratch = new float[NarrowLayout.QuantizedFloats(rows, inputs, inChunks)];
                QuantizedRows.At(rows, inputs, inChunks, ref scratch[0]).Fill<T>(ref a[0], inputs, inputs, inChunks);
                return scratch;
            }

            float[] Run<T>(in NarrowColumns columns, in QuantizedRows quantized)
                where T : struct, IBlockProducts<T>
            {
                if (!inChunks)
                    return Tiles<T>(in columns, in quantized);
                var c = new float[rows * stride];
                QuantizedBlocks.Multiply<T>(format, in columns, in quantized, ref c[0], stride);
                return c;
            }

            float[] Tiles<T>(in NarrowColumns columns, in QuantizedRows quantized)
                where T : struct, IByteProducts<T>
            {
                var c = new float[rows * stride];
                ByteTiles.Multiply<T>(in columns, in quantized, ref c[0], stride);
                return c;
            }
        }
    }

    private static float[] Weights(WeightFormat format, int inputs, int outputs)
    {
        float[] weights = TestNumbers.Random(1, inputs * outputs);
        // Half precision has subnormal numbers and infinities of its own.
        if (format == WeightFormat.Float16 && weights.Length > 40)
            (weights[7], weights[9], weights[33]) = (3e-6f, -5.9604645e-8f, float.PositiveInfinity);
        WeightBlocks.Round(format, weights, inputs);
        return weights;
    }

    private static PackedMatrix Pack(WeightFormat format, float[] weights, float[] bias, int inputs, int outputs, int interleaved) => PackedMatrix.Pack(
        new WeightTensor(weights, null, "test"), bias, outputs, inputs, PanelLayout.Panels(outputs), interleaved, format, WeightArithmetic.Int8);

    private static float[] Expected(float[] weights, float[] bias, float[] a, int inputs, int outputs, int rows, int stride, int panels)
    {
        var expected = new float[rows * stride];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < outputs; column++)
            {
                float sum = 0;
                for (int start = 0; start < inputs; start += 128)
                {
                    float chain = 0;
                    for (int k = start; k < Math.Min(inputs, start + 128); k++)
                        chain = MathF.FusedMultiplyAdd(a[(row * inputs) + k], weights[(column * inputs) + k], chain);
                    sum = inputs <= 128 ? chain : sum + chain;
                }

                expected[(row * stride) + column] = sum + bias[column];
            }
        }

        return expected;
    }
}
