using AttentionGen.Generic;

namespace AttentionGen.Tests.Generic;

/// <summary>The path that the generated code is compared with must be right, or the comparison means nothing.</summary>
public sealed class GenericAttentionTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Shapes => [.. ShapesByName.Keys];

    private static readonly Dictionary<string, AttentionShape> ShapesByName = new()
    {
        ["plain"] = Shape(heads: 4, kvHeads: 4, headDim: 8, dModel: 32),
        ["grouped, wide heads"] = Shape(heads: 6, kvHeads: 2, headDim: 10, dModel: 24),
        ["without biases"] = Shape(
            heads: 2, kvHeads: 1, headDim: 5, dModel: 9) with { QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false },
        ["scaled"] = Shape(heads: 2, kvHeads: 2, headDim: 8, dModel: 16) with { Scale = 0.7f },
        ["causal"] = Shape(heads: 4, kvHeads: 2, headDim: 8, dModel: 32) with { Causal = true },
        ["half-split"] = Shape(heads: 4, kvHeads: 2, headDim: 8, dModel: 32) with { Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 8 },
        ["interleaved, partial"] = Shape(
            heads: 4, kvHeads: 2, headDim: 8, dModel: 32) with { Causal = true, Rotary = RotaryKind.Interleaved, RotaryDim = 4, RotaryBase = 500 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Matches_the_reference(string name)
    {
        AttentionShape shape = ShapesByName[name];
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 3);
        GenericAttention attention = Create(shape, weights);
        foreach ((int batch, int rows) in new[] { (1, 1), (1, 7), (3, 5), (1, 70), (2, 0) })
        {
            float[] input = Random(batch * rows * shape.DModel);
            var output = new float[input.Length];
            attention.Forward(input, output, batch);
            AssertClose(ReferenceAttention.Forward(shape, weights, input, batch: batch), output);
        }
    }

    [Theory]
    [InlineData("causal")]
    [InlineData("half-split")]
    [InlineData("interleaved, partial")]
    public void A_cache_in_chunks_matches_the_reference(string name)
    {
        AttentionShape shape = ShapesByName[name];
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 3);
        GenericAttention attention = Create(shape, weights);
        float[] input = Random(9 * shape.DModel);
        double[] expected = ReferenceAttention.Forward(shape, weights, input);
        GenericAttentionCache cache = attention.CreateCache(capacity: 9);
        foreach (int chunk in new[] { 4, 1, 1, 3 })
        {
            int start = cache.Length * shape.DModel;
            int length = chunk * shape.DModel;
            var output = new float[length];
            attention.Forward(input.AsSpan(start, length), output, cache);
            AssertClose(expected.AsSpan(start, length), output);
        }
        Assert.Throws<InvalidOperationException>(() => attention.Forward(input.AsSpan(0, shape.DModel), new float[shape.DModel], cache));
        cache.Truncate(8);
        attention.Forward(input.AsSpan(8 * shape.DModel), new float[shape.DModel], cache);
    }

    [Fact]
    public void Honours_key_lengths()
    {
        AttentionShape shape = ShapesByName["causal"] with { KeyLengths = true };
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 3);
        float[] input = Random(3 * 6 * shape.DModel);
        var output = new float[input.Length];
        int[] lengths = [6, 0, 4];
        Create(shape, weights).Forward(input, output, batch: 3, lengths);
        AssertClose(ReferenceAttention.Forward(shape, weights, input, keyLengths: lengths, batch: 3), output);
    }

    [Fact]
    public void Reads_a_memory()
    {
        AttentionShape shape = Shape(heads: 4, kvHeads: 2, headDim: 8, dModel: 32) with { IsCrossAttention = true, MemoryDim = 20 };
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 3);
        float[] input = Random(2 * 5 * shape.DModel);
        float[] memory = Random(2 * 11 * shape.MemoryDim);
        var output = new float[input.Length];
        Create(shape, weights).Forward(input, memory, output, batch: 2);
        AssertClose(ReferenceAttention.Forward(shape, weights, input, memory, batch: 2), output);
    }

    [Fact]
    public void Allocates_nothing_once_warm()
    {
        AttentionShape shape = ShapesByName["plain"];
        GenericAttention attention = Create(shape, AttentionWeights.Random(shape, seed: 3));
        float[] input = Random(16 * shape.DModel);
        var output = new float[input.Length];
        for (int i = 0; i < 3; i++)
            attention.Forward(input, output);
        long before = GC.GetAllocatedBytesForCurrentThread();
        attention.Forward(input, output);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Refuses_what_does_not_fit()
    {
        AttentionShape shape = ShapesByName["half-split"];
        GenericAttention attention = Create(shape, AttentionWeights.Random(shape, seed: 3));
        var rows = new float[4 * shape.DModel];
        Assert.Throws<ArgumentException>(() => attention.Forward(rows.AsSpan(1), rows.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => attention.Forward(rows, rows.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => attention.Forward(rows, new float[rows.Length], batch: 3));
        Assert.Throws<ArgumentException>(() => attention.Forward(rows, new float[rows.Length], 1, [5]));
        Assert.Throws<ArgumentException>(() => attention.Forward(rows, new float[rows.Length], 1, [1, 1]));
        var none = new GenericAttentionWeights { Query = [], Key = [], Value = [], Output = [] };
        Assert.Throws<ArgumentException>(() => new GenericAttention(new GenericAttentionOptions { Heads = 3, DModel = 32 }, none));
        Assert.Throws<ArgumentException>(() => new GenericAttention(new GenericAttentionOptions { Heads = 4, DModel = 32 }, none));
        // The rotary table of Create covers 128 positions.
        var many = new float[129 * shape.DModel];
        Assert.Throws<ArgumentException>(() => attention.Forward(many, new float[many.Length]));
    }

    private static AttentionShape Shape(int heads, int kvHeads, int headDim, int dModel) => new()
    {
        Heads = heads, KvHeads = kvHeads, HeadDim = headDim, DModel = dModel, MemoryDim = dModel, Scale = 1 / MathF.Sqrt(headDim),
    };

    private static GenericAttention Create(AttentionShape shape, AttentionWeights weights) => new(
        new GenericAttentionOptions
        {
            Heads = shape.Heads, KvHeads = shape.KvHeads, HeadDim = shape.HeadDim, DModel = shape.DModel, MemoryDim = shape.MemoryDim,
            Causal = shape.Causal, Scale = shape.Scale, Rotary = (GenericRotary)shape.Rotary, RotaryDim = shape.RotaryDim, RotaryBase = shape.RotaryBase,
            MaxPositions = 128,
        },
        new GenericAttentionWeights
        {
            Query = weights.Query.ToArray(), Key = weights.Key.ToArray(), Value = weights.Value.ToArray(), Output = weights.Output.ToArray(),
            QueryBias = weights.QueryBias.ToArray(), KeyBias = weights.KeyBias.ToArray(), ValueBias = weights.ValueBias.ToArray(),
            OutputBias = weights.OutputBias.ToArray(),
        });

    private static float[] Random(int count)
    {
        var random = new Random(count);
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = 2 * random.NextSingle() - 1;
        return values;
    }

    private static void AssertClose(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], Tolerance);
    }
}
