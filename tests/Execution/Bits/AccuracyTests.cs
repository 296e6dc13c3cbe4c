using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>No less accurate than plain float32 loops: pooled over all shapes, and at most 5 % worse for any one of them.</summary>
[Trait("Speed", "Slow")]
public sealed class AccuracyTests(ITestOutputHelper log)
{
    private static readonly (TestConfiguration Configuration, int Batch, int Rows, int Keys)[] Shapes =
    [
        (new() { Heads = 4, DModel = 128 }, 32, 16, 16),
        (new() { Heads = 4, DModel = 128 }, 1, 600, 600),
        (new() { Heads = 12, DModel = 384, KeyLengths = true }, 2, 128, 128),
        (new() { Heads = 8, DModel = 512 }, 1, 128, 128),
        (new() { Heads = 8, DModel = 512, Causal = true }, 1, 150, 150),
        (new() { Heads = 12, DModel = 768 }, 1, 96, 96),
        (new() { Heads = 8, KvHeads = 4, DModel = 64, Causal = true, Rotary = RotaryKind.Interleaved, Biases = false }, 2, 520, 520),
        (new() { Heads = 8, KvHeads = 2, DModel = 256, Causal = true, Rotary = RotaryKind.HalfSplit }, 1, 300, 300),
        (new() { Heads = 5, DModel = 100 }, 4, 200, 200),
        (new() { Heads = 4, DModel = 160, MemoryDim = 96 }, 4, 120, 300),
        (new() { Heads = 4, KvHeads = 1, HeadDim = 256, DModel = 128 }, 2, 280, 280),
        (new() { Heads = 8, DModel = 64, Scale = 2 }, 4, 270, 270),
    ];

    [Fact]
    public void Is_no_worse_than_plain_loops()
    {
        IReadOnlyDictionary<TestConfiguration, IKernelType> types = KernelFactory.Compile(
            Shapes.Select(shape => shape.Configuration), ProjectProperties.OfThisProcessor);
        double pooled = 0, pooledSequential = 0;
        long outputs = 0;
        var tooLarge = new List<string>();
        foreach (var (configuration, batch, rows, keys) in Shapes)
        {
            AttentionCase call = AttentionCase.Create(configuration.Shape, batch, rows, keys, seed: 11);
            Assert.InRange(batch * rows * configuration.DModel, 64 * 1024, int.MaxValue);
            double[] reference = call.Reference();
            double squared = Compare.SquaredError(reference, call.Run(types[configuration].Create(call.Weights)));
            double sequential = Compare.SquaredError(reference, SequentialAttention.Forward(call));
            pooled += squared;
            pooledSequential += sequential;
            outputs += reference.Length;
            double ratio = Math.Sqrt(squared / sequential);
            string line = $"{ratio:F3} of plain loops (rms {Math.Sqrt(squared / reference.Length):E2}): {batch} × {rows} rows, {configuration}";
            log.WriteLine(line);
            if (!(ratio <= 1.05))
                tooLarge.Add(line);
        }

        double pooledRatio = Math.Sqrt(pooled / pooledSequential);
        log.WriteLine($"{pooledRatio:F3} of plain loops, pooled over {outputs} outputs.");
        Assert.Empty(tooLarge);
        Assert.InRange(pooledRatio, 0, 1);
    }
}
