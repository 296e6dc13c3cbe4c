using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime.Narrow;

/// <summary>Bytes, scales and sums of rows whose scale is 1: every byte is known, and ties go to even, wherever in a vector or behind it they are.</summary>
public sealed class QuantizedRowsTests
{
    private static readonly float[] Inputs = [0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f, -125.5f, 0.49f, -3.51f];

    private static readonly sbyte[] Bytes = [0, 2, 2, 0, -2, -2, 126, -126, 0, -4];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ties_go_to_even_and_sums_are_those_of_the_bytes(bool inChunks)
    {
        for (int inputs = 5; inputs <= 70; inputs++)
        {
            var row = new float[inputs];
            var expected = new sbyte[inputs];
            for (int k = 0; k < inputs; k++)
                (row[k], expected[k]) = (Inputs[k % Inputs.Length], Bytes[k % Bytes.Length]);
            // Each chunk reaches 127; a row reaches both ends, and has an outlier that is no byte.
            for (int k = 0; k < inputs; k += NarrowLayout.ChunkInputs)
                (row[k], expected[k]) = (127, 127);
            if (!inChunks)
                (row[1], expected[1], row[inputs / 2], expected[inputs / 2]) = (-127, -127, 1000, 0);
            Check<Float128>(row, expected, inChunks);
            Check<Float256>(row, expected, inChunks);
            Check<Float512>(row, expected, inChunks);
        }
    }

    private static void Check<T>(float[] row, sbyte[] expected, bool inChunks)
        where T : struct, IFloatVector<T>
    {
        var scratch = new float[NarrowLayout.QuantizedFloats(1, row.Length, inChunks)];
        QuantizedRows quantized = QuantizedRows.At(1, row.Length, inChunks, ref scratch[0]);
        quantized.Fill<T>(ref row[0], row.Length, row.Length, inChunks);
        Assert.Equal(expected, MemoryMarshal.CreateReadOnlySpan(ref quantized.Bytes, row.Length).ToArray());
        int length = inChunks ? NarrowLayout.ChunkInputs : row.Length;
        Assert.All(MemoryMarshal.CreateReadOnlySpan(ref quantized.Scales, (int)quantized.Runs).ToArray(), scale => Assert.Equal(1, scale));
        Assert.Equal(
            expected.Chunk(length).Select(run => run.Sum(value => value)), MemoryMarshal.CreateReadOnlySpan(ref quantized.Sums, (int)quantized.Runs).ToArray());
    }
}
