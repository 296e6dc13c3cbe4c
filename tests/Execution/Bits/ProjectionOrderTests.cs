using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>A single row attends to itself alone: its output is two projections and nothing else, so that their sums can be followed bit by bit.</summary>
public sealed class ProjectionOrderTests
{
    private const int Block = 128;

    [Theory]
    [InlineData(2, 12)]
    [InlineData(4, 64)]
    [InlineData(8, 64)]
    [InlineData(6, 64)]
    [InlineData(3, 219)]
    [InlineData(12, 64)]
    public void A_projection_adds_a_chain_for_each_block_of_its_depth(int heads, int headDim)
    {
        TestConfiguration configuration = new() { Heads = heads, DModel = heads * headDim };
        AttentionCase call = AttentionCase.Create(configuration.Shape, batch: 1, rows: 1, keys: 1, seed: 5);
        IKernelType type = KernelFactory.Compile([configuration], ProjectProperties.OfThisProcessor)[configuration];
        float[] actual = call.Run(type.Create(call.Weights));
        float[] values = Project(call.Input, call.Weights.Value, call.Weights.ValueBias);
        Assert.Equal(Project(values, call.Weights.Output, call.Weights.OutputBias), actual);
    }

    private static float[] Project(float[] row, ReadOnlySpan<float> matrix, ReadOnlySpan<float> bias)
    {
        var result = new float[matrix.Length / row.Length];
        for (int column = 0; column < result.Length; column++)
        {
            float total = 0;
            for (int start = 0; start < row.Length; start += Block)
            {
                float sum = 0;
                for (int k = start; k < Math.Min(start + Block, row.Length); k++)
                    sum = MathF.FusedMultiplyAdd(row[k], matrix[(column * row.Length) + k], sum);
                total += sum;
            }

            result[column] = total + bias[column];
        }

        return result;
    }
}
