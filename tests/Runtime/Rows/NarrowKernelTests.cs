using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Kernels that read narrow keys and values, at every vector width, against sums that are written out.</summary>
public sealed class NarrowKernelTests
{
    /// <summary>Every pattern of a format.</summary>
    [Fact]
    public void Every_element_widens_exactly()
    {
        Check<BFloat16Numbers>(1 << 16, 2, pattern => BitConverter.UInt32BitsToSingle((uint)pattern << 16));
        Check<Float16Numbers>(1 << 16, 2, pattern => (float)BitConverter.UInt16BitsToHalf((ushort)pattern));
        Check<Int8Numbers>(1 << 8, 1, pattern => (sbyte)pattern);

        static void Check<TNumbers>(int patterns, int size, Func<int, float> number)
            where TNumbers : struct, INarrowNumbers
        {
            var narrow = new float[patterns * size / sizeof(float)];
            for (int pattern = 0; pattern < patterns; pattern++)
                WritePattern(narrow, pattern, size, pattern);
            float[] expected = [.. Enumerable.Range(0, patterns).Select(number)];
            foreach (int lanes in (int[])[4, 8, 16])
            {
                var wide = new float[patterns];
                if (lanes == 4)
                    NarrowBlocks.Widen<Float128, TNumbers>(ref narrow[0], patterns / 16, ref wide[0]);
                else if (lanes == 8)
                    NarrowBlocks.Widen<Float256, TNumbers>(ref narrow[0], patterns / 16, ref wide[0]);
                else
                    NarrowBlocks.Widen<Float512, TNumbers>(ref narrow[0], patterns / 16, ref wide[0]);
                Assert.Equal(expected, wide);
                // A zero keeps its sign.
                Assert.Equal(expected.Select(float.IsNegative), wide.Select(float.IsNegative));
            }
        }
    }

    [Theory]
    [InlineData(KeyValueFormat.BFloat16)]
    [InlineData(KeyValueFormat.Float16)]
    [InlineData(KeyValueFormat.Int8)]
    public void Scores_are_one_chain(KeyValueFormat format)
    {
        foreach (int headDim in (int[])[1, 3, 16, 70])
        {
            foreach (int panels in (int[])[1, 2, 3, 4, 5, 7, 16])
            {
                int panelFloats = KeyValueLayout.PanelFloats(format, headDim);
                float[] keys = Narrow(format, panels * panelFloats, headDim + panels), queries = TestNumbers.Random(headDim, 9 * headDim);
                for (int rows = 1; rows <= 9; rows++)
                {
                    float[] expected = Untouched(rows * 300);
                    for (int row = 0; row < rows; row++)
                    {
                        for (int key = 0; key < panels * 16; key++)
                        {
                            float sum = 0;
                            for (int k = 0; k < headDim; k++)
                            {
                                int place = (KeyValueLayout.ScaleFloats(format) * 4) + (((k * 16) + (key % 16)) * KeyValueLayout.ElementBytes(format));
                                sum = MathF.FusedMultiplyAdd(queries[(row * headDim) + k], Read(format, keys, (key / 16 * panelFloats * 4) + place), sum);
                            }

                            expected[(row * 300) + key] = sum;
                        }
                    }

                    Run(format, "scores", expected, headDim, panels, rows, ref queries[0], ref keys[0], 0);
                }
            }
        }
    }

    [Theory]
    [InlineData(KeyValueFormat.BFloat16)]
    [InlineData(KeyValueFormat.Float16)]
    [InlineData(KeyValueFormat.Int8)]
    public void Values_are_one_chain(KeyValueFormat format)
    {
        foreach (int panels in (int[])[1, 2, 3, 4, 5, 7, 16])
        {
            foreach (int keys in (int[])[1, 2, 31, 256])
            {
                int line = KeyValueLayout.LineFloats(format), stride = 270 * line, width = panels * 16;
                float[] values = Narrow(format, panels * stride, keys + panels), probabilities = TestNumbers.Random(keys, 9 * 272);
                for (int rows = 1; rows <= 9; rows++)
                {
                    float[] expected = Untouched(rows * width);
                    for (int row = 0; row < rows; row++)
                    {
                        for (int column = 0; column < width; column++)
                        {
                            float sum = 0;
                            for (int key = 0; key < keys; key++)
                            {
                                int place = (((column / 16 * stride) + (key * line)) * 4) + (column % 16 * KeyValueLayout.ElementBytes(format));
                                sum = MathF.FusedMultiplyAdd(probabilities[(row * 272) + key], Read(format, values, place), sum);
                            }

                            expected[(row * width) + column] = sum;
                        }
                    }

                    Run(format, "values", expected, keys, width, rows, ref probabilities[0], ref values[0], stride);
                }
            }
        }
    }

    private static void Run(KeyValueFormat format, string product, float[] expected, int depth, int width, int rows, ref float a, ref float b, nint stride)
    {
        foreach (int lanes in (int[])[0, 4, 8, 16])
        {
            float[] actual = Untouched(expected.Length);
            if (product == "scores" && lanes == 0)
                NarrowScores.Compute(format, ref a, rows, depth, ref b, width, ref actual[0], 300);
            else if (lanes == 0)
                NarrowValues.Compute(format, ref a, rows, 272, depth, ref b, stride, width, ref actual[0]);
            else if (format == KeyValueFormat.BFloat16)
                RunAt<BFloat16Numbers>(lanes, product, actual, depth, width, rows, ref a, ref b, stride);
            else if (format == KeyValueFormat.Float16)
                RunAt<Float16Numbers>(lanes, product, actual, depth, width, rows, ref a, ref b, stride);
            else
                RunAt<Int8Numbers>(lanes, product, actual, depth, width, rows, ref a, ref b, stride);
            Assert.True(expected.AsSpan().SequenceEqual(actual), $"{product} of {format}, {lanes} lanes, {rows} rows, {depth} deep, {width}");
        }
    }

    private static void RunAt<TNumbers>(int lanes, string product, float[] c, int depth, int width, int rows, ref float a, ref float b, nint stride)
        where TNumbers : struct, INarrowNumbers
    {
        if (product == "scores" && lanes == 4)
            NarrowScores.Compute<Float128, TNumbers>(ref a, rows, 4, depth, ref b, width, ref c[0], 300);
        else if (product == "scores" && lanes == 8)
            NarrowScores.Compute<Float256, TNumbers>(ref a, rows, 3, depth, ref b, width, ref c[0], 300);
        else if (product == "scores")
            NarrowScores.Compute<Float512, TNumbers>(ref a, rows, 2, depth, ref b, width, ref c[0], 300);
        else if (lanes == 4)
            NarrowValues.Compute<Float128, TNumbers>(ref a, rows, 4, 272, depth, ref b, stride, width, ref c[0]);
        else if (lanes == 8)
            NarrowValues.Compute<Float256, TNumbers>(ref a, rows, 3, 272, depth, ref b, stride, width, ref c[0]);
        else
            NarrowValues.Compute<Float512, TNumbers>(ref a, rows, 2, 272, depth, ref b, stride, width, ref c[0]);
    }

    /// <summary>Elements between −2 and 2, and room behind them.</summary>
    private static float[] Narrow(KeyValueFormat format, int floats, int seed)
    {
        var random = new Random(seed);
        var narrow = new float[floats + 64];
        int size = KeyValueLayout.ElementBytes(format);
        for (int element = 0; element < floats * sizeof(float) / size; element++)
        {
            float number = (4 * random.NextSingle()) - 2;
            int pattern = format switch
            {
                KeyValueFormat.BFloat16 => (int)(BitConverter.SingleToUInt32Bits(number) >> 16),
                KeyValueFormat.Float16 => BitConverter.HalfToUInt16Bits((Half)number),
                _ => (int)(60 * number),
            };
            WritePattern(narrow, element, size, pattern);
        }

        return narrow;
    }

    private static float Read(KeyValueFormat format, float[] narrow, int place)
    {
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(narrow.AsSpan())[place..];
        return format switch
        {
            KeyValueFormat.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes) << 16),
            KeyValueFormat.Float16 => (float)BitConverter.ToHalf(bytes),
            _ => (sbyte)bytes[0],
        };
    }

    private static void WritePattern(float[] narrow, int element, int size, int pattern)
    {
        Span<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(narrow.AsSpan());
        bytes[element * size] = (byte)pattern;
        if (size == 2)
            bytes[(element * size) + 1] = (byte)(pattern >> 8);
    }

    private static float[] Untouched(int length)
    {
        var result = new float[length];
        result.AsSpan().Fill(-777);
        return result;
    }
}
