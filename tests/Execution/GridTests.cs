using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>Every configuration of the grid, at many lengths, against the float64 reference.</summary>
[Trait("Speed", "Slow")]
public sealed class GridTests
{
    private static readonly int[] Lengths = [0, 1, 2, 5, 6, 7, 17, 64, 129];
    private static readonly int[] LongLengths = [255, 256, 257, 300, 520];

    public static TheoryData<string> All => GridConfigurations.All.All;

    public static TheoryData<string> Long => GridConfigurations.Long;

    [Theory]
    [MemberData(nameof(All))]
    public void Reports_its_shape(string name)
    {
        TestConfiguration configuration = GridConfigurations.All.Configuration(name);
        Assert.Equal(configuration.Shape, GridConfigurations.All.Type(name).Shape);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Agrees_with_the_reference(string name) => Check(name, Lengths, batches: 3);

    [Theory]
    [MemberData(nameof(Long))]
    public void Agrees_with_the_reference_across_key_blocks(string name) => Check(name, LongLengths, batches: 1);

    private static void Check(string name, int[] lengths, int batches)
    {
        IKernelType type = GridConfigurations.All.Type(name);
        AttentionShape shape = type.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 7);
        IKernel kernel = type.Create(weights);
        int[] rowCounts = shape.SequenceLength == 0 ? lengths : [shape.SequenceLength];
        // Self-attention has one length; a fixed number of rows still meets every memory length.
        int[] keyCounts = shape.IsCrossAttention ? lengths : [-1];
        int call = 0;
        foreach (int rows in rowCounts)
        {
            // Two memory lengths for each row count, shifted so that all of them come up.
            int tries = shape.SequenceLength != 0 ? keyCounts.Length : Math.Min(2, keyCounts.Length);
            for (int attempt = 0; attempt < tries; attempt++)
            {
                call++;
                int keys = keyCounts[((call * 4) + attempt) % keyCounts.Length];
                AttentionCase one = AttentionCase.Create(shape, 1 + (call % batches), rows, keys, seed: call, weights);
                Compare.Close(
                    one.Reference(),
                    one.Run(kernel),
                    shape.DModel,
                    $"{name}: {one.Batch} × {rows} rows, {one.Keys} keys, lengths [{string.Join(", ", one.KeyLengths)}]");
            }
        }
    }
}
