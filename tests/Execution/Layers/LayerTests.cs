using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Layers;

/// <summary>Generated Transformer layers against the float64 reference, and against themselves in other batches, chunks and threads.</summary>
public sealed class LayerTests
{
    private static readonly ILayerType[] Types =
        [.. LayerConfigurations.Types.Select(type => (ILayerType)Activator.CreateInstance(typeof(LayerAdapter<>).MakeGenericType(type))!)];

    public static TheoryData<string> All => [.. Types.Select(type => type.Name)];

    public static TheoryData<string> Cached => [.. Types.Where(type => type.Shape.Attention.HasCache).Select(type => type.Name)];

    public static TheoryData<string> Decoders => [.. Types.Where(type => type.Shape is { MemoryDim: > 0, Attention.HasCache: true }).Select(type => type.Name)];

    /// <summary>Rows of each sequence. They cross a row block of 120, are fewer than a tile, share a row block, or are none.</summary>
    private static readonly int[][] Batches = [[1], [2], [3, 3], [7, 7, 7], [14, 5, 1, 0, 22], [130], [121, 119], [.. Enumerable.Repeat(1, 40)], [60, 61, 62]];

    [Theory]
    [MemberData(nameof(All))]
    public void Agrees_with_the_reference(string name)
    {
        ILayerType type = Find(name);
        foreach (LayerCase call in Cases(type))
        {
            double[] expected = call.Expect(out double[] probabilities);
            (float[] output, float[] given) = call.Run();
            Compare.Close(expected, output, type.Shape.DModel, $"{name}, {call}", Compare.ToleranceOf(type.Shape.Attention));
            Compare.Close(probabilities, given, 1, $"{name}, probabilities, {call}");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_sequence_has_the_same_bits_alone_and_with_any_threads(string name)
    {
        ILayerType type = Find(name);
        int width = type.Shape.DModel;
        foreach (LayerCase call in Cases(type))
        {
            (float[] output, _) = call.Run();
            for (int sequence = 0, row = 0; sequence < call.Lengths.Length; sequence++)
            {
                float[] alone = call.Alone(sequence).Run().Output;
                int rows = call.IsPadded ? call.Lengths[sequence] : alone.Length / width;
                Compare.SameBits(alone.AsSpan(0, rows * width), output.AsSpan(row * width, rows * width), width, $"{name}, sequence {sequence}, {call}");
                row += call.IsPadded ? call.Lengths.Max() : rows;
            }

            foreach (int threads in (int[])[2, 3, 8])
            {
                Compare.SameBits(output, (call with { Threads = threads }).Run().Output, width, $"{name}, {threads} threads, {call}");
            }
        }
    }

    /// <summary>A prefill of any length and single rows after it give the bits of one call, and the reference's numbers.</summary>
    [Theory]
    [MemberData(nameof(Cached))]
    public void Chunks_through_a_cache_give_the_same_bits(string name)
    {
        ILayerType type = Find(name);
        int width = type.Shape.DModel;
        foreach (int rows in (int[])[1, 19, 150])
        {
            LayerCase whole = LayerCase.Random(type, [rows], seed: rows);
            float[] expected = whole.Run().Output;
            foreach (int first in (int[])[0, 1, rows / 2, rows - 1])
            {
                float[] actual = whole.RunInChunks(first, batch: 3);
                for (int sequence = 0; sequence < 3; sequence++)
                    Compare.SameBits(expected, actual.AsSpan(sequence * rows * width, rows * width), width, $"{name}, {first} rows first, sequence {sequence}");
            }
        }
    }

    /// <summary>A memory that is projected once gives the bits of one that comes with the call.</summary>
    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_projected_memory_gives_the_same_bits(string name)
    {
        ILayerType type = Find(name);
        foreach (LayerCase call in Cases(type))
        {
            float[] expected = call.Run().Output;
            foreach (int threads in (int[])[1, 2, 8])
                Compare.SameBits(expected, (call with { Threads = threads }).RunOnProjectedMemory(), type.Shape.DModel, $"{name}, {threads} threads, {call}");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Allocates_nothing_after_the_first_call(string name)
    {
        ILayerType type = Find(name);
        LayerCase call = Cases(type).First(each => each.Lengths.Length > 1);
        Action repeat = call.Prepare();
        repeat();
        repeat();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int time = 0; time < 10; time++)
            repeat();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Weights_of_another_shape_are_refused_by_name()
    {
        TransformerLayerWeights weights = TransformerLayerWeights.Random(Gpt2Layer.Shape, 1);
        ArgumentException error = Assert.Throws<ArgumentException>(() => new Gpt2Layer(TransformerLayerWeights.Random(BertLayer.Shape, 1)));
        Assert.Equal("weights", error.ParamName);
        var gated = new TransformerLayerWeights
        {
            Attention = weights.Attention, Up = weights.Up, UpBias = weights.UpBias, Down = weights.Down, DownBias = weights.DownBias, Gate = weights.Up,
            AttentionNorm = weights.AttentionNorm, AttentionNormBias = weights.AttentionNormBias, FeedForwardNorm = weights.FeedForwardNorm,
            FeedForwardNormBias = weights.FeedForwardNormBias,
        };
        Assert.Contains("gate", Assert.Throws<ArgumentException>(() => new Gpt2Layer(gated)).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_shape_says_what_the_attribute_says()
    {
        TransformerLayerShape shape = GemmaLayer.Shape;
        Assert.Equal(
            (96, 300, Activation.GeluTanh, true, Norm.Rms, NormPlacement.Both, false),
            (shape.DModel, shape.FeedForwardDim, shape.Activation, shape.Gated, shape.Norm, shape.NormPlacement, shape.NormBias));
        Assert.Equal((true, true, true, 1e-5f, 1f), (shape.UpBias, shape.GateBias, shape.DownBias, shape.NormEpsilon, shape.ResidualScale));
        Assert.Equal((2, 32, 50f, true), (shape.Attention.Heads, shape.Attention.HeadDim, shape.Attention.Softcap, shape.Attention.Ragged));
        Assert.Equal(300, GemmaLayer.FeedForwardDim);
        Assert.StartsWith(
            "Transformer layer: feed-forward 300 wide, GeluTanh, gated, biases up, gate, down; RMS norm (epsilon 9.99999975E-06) before and after each branch.",
            GemmaLayer.Plan,
            StringComparison.Ordinal);
    }

    private static ILayerType Find(string name) => Types.Single(type => type.Name == name);

    /// <summary>The batches that a layer can take: of any lengths where it is ragged or padded, otherwise of one.</summary>
    private static IEnumerable<LayerCase> Cases(ILayerType type) =>
        Batches.Select(lengths => LayerCase.Fit(type, lengths)).Where(lengths => lengths.Sum() <= 600)
            .Select(lengths => LayerCase.Random(type, lengths, seed: lengths.Length));
}
