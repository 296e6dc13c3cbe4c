namespace AttentionGen.Tests.Runtime;

/// <summary>The reference against cases that can be worked out by hand.</summary>
public sealed class ReferenceAttentionTests
{
    private static readonly AttentionShape Tiny = TestNumbers.Shape(heads: 1, headDim: 1, dModel: 1) with
    {
        QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    };

    // Everything is multiplied by one: scores are q·k, and outputs are means of the inputs.
    private static readonly AttentionWeights Ones = AttentionWeights.FromSpans([1], [1], [1], [1]);

    // Zero queries: every key that is seen counts the same.
    private static readonly AttentionWeights Means = AttentionWeights.FromSpans([0], [1], [1], [1]);

    [Fact]
    public void Softmax_of_two_scores()
    {
        // Row 0 is 1: scores 1 and 2, values 1 and 2. Row 1 is 2: scores 2 and 4.
        double[] output = ReferenceAttention.Forward(Tiny, Ones, [1, 2]);
        Near((Math.Exp(1) * 1 + Math.Exp(2) * 2) / (Math.Exp(1) + Math.Exp(2)), output[0]);
        Near((Math.Exp(2) * 1 + Math.Exp(4) * 2) / (Math.Exp(2) + Math.Exp(4)), output[1]);
    }

    [Fact]
    public void Scale_multiplies_scores()
    {
        double[] output = ReferenceAttention.Forward(Tiny with { Scale = 0.5f }, Ones, [1, 2]);
        Near((Math.Exp(0.5) * 1 + Math.Exp(1) * 2) / (Math.Exp(0.5) + Math.Exp(1)), output[0]);
    }

    [Fact]
    public void Large_scores_do_not_overflow() => Near(1e4, ReferenceAttention.Forward(Tiny, Ones, [1e4f, 1])[0]);

    [Fact]
    public void Key_lengths_hide_keys_and_what_they_hold()
    {
        AttentionShape shape = Tiny with { KeyLengths = true };
        double[] output = ReferenceAttention.Forward(shape, Means, [3, 5, 100, 1, 2, 3], keyLengths: [2, 3], batch: 2);
        Near([4, 4, 4, 2, 2, 2], output);

        // The second row's own query is NaN, the first row only sees its key, or not.
        Near(3, ReferenceAttention.Forward(shape, Means, [3, float.NaN], keyLengths: [1])[0]);
        Assert.True(double.IsNaN(ReferenceAttention.Forward(shape, Means, [3, float.NaN], keyLengths: [2])[0]));
    }

    [Fact]
    public void A_row_that_sees_no_key_gives_the_output_bias()
    {
        AttentionShape shape = Tiny with { KeyLengths = true, OutputBias = true };
        AttentionWeights weights = AttentionWeights.FromSpans([1], [1], [1], [1], outputBias: [0.25f]);
        Near([0.25, 0.25], ReferenceAttention.Forward(shape, weights, [3, 5], keyLengths: [0]));
        AttentionShape cross = shape with { IsCrossAttention = true, KeyLengths = false };
        Near([0.25, 0.25], ReferenceAttention.Forward(cross, weights, [3, 5]));
        Assert.Empty(ReferenceAttention.Forward(cross, weights, [], [1, 2]));
        Assert.Empty(ReferenceAttention.Forward(cross, weights, [], batch: 0));
    }

    [Fact]
    public void Causal_offset_is_zero_without_a_cache()
    {
        Near([2, 3, 4], ReferenceAttention.Forward(Tiny with { Causal = true }, Means, [2, 4, 6]));
        AttentionShape cross = Tiny with { Causal = true, IsCrossAttention = true };
        Near([1, 2, 3], ReferenceAttention.Forward(cross, Means, [9, 9, 9], [1, 3, 5, 100]));
        Near([1, 2, 2], ReferenceAttention.Forward(cross, Means, [9, 9, 9], [1, 3]));
    }

    [Fact]
    public void Bottom_right_lets_the_last_query_see_the_last_key()
    {
        AttentionShape cross = Tiny with { Causal = true, IsCrossAttention = true, CausalAlignment = CausalAlignment.BottomRight };
        Near([3, 4], ReferenceAttention.Forward(cross, Means, [9, 9], [1, 3, 5, 7]));
        Near([0, 1, 2], ReferenceAttention.Forward(cross, Means, [9, 9, 9], [1, 3]));

        // Of each sequence: the second one has two visible keys and three queries, so its offset is −1.
        AttentionShape lengths = cross with { KeyLengths = true };
        Near([2, 3, 4, 0, 1, 2], ReferenceAttention.Forward(lengths, Means, [9, 9, 9, 9, 9, 9], [1, 3, 5, 7, 1, 3, 5, 7], [4, 2], batch: 2));
        Near([0, 2, 3], ReferenceAttention.Forward(
            Tiny with { Causal = true, CausalAlignment = CausalAlignment.BottomRight, KeyLengths = true }, Means, [2, 4, 6], keyLengths: [2]));
    }

    [Fact]
    public void Query_heads_share_kv_heads_in_order()
    {
        // Four query heads and two KV heads of one element; KV head h has value h + 1, and the output shows each head.
        AttentionShape shape = TestNumbers.Shape(heads: 4, headDim: 1, dModel: 4, kvHeads: 2) with { QueryBias = false, KeyBias = false, OutputBias = false };
        float[] identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
        AttentionWeights weights = AttentionWeights.FromSpans(identity, new float[8], new float[8], identity, valueBias: [1, 2]);
        Near([1, 1, 2, 2], ReferenceAttention.Forward(shape, weights, [5, 6, 7, 8]));
    }

    [Fact]
    public void Matrices_are_rows_of_outputs()
    {
        // One key, so the output is Wo (Wv x + bv) + bo.
        AttentionShape shape = TestNumbers.Shape(heads: 1, headDim: 2, dModel: 3) with { QueryBias = false, KeyBias = false };
        AttentionWeights weights = AttentionWeights.FromSpans(
            new float[6], new float[6], [1, 2, 3, 4, 5, 6], [1, 0, 0, 1, 1, 1], valueBias: [10, 20], outputBias: [100, 200, 300]);
        Near([100 + 24, 200 + 52, 300 + 76], ReferenceAttention.Forward(shape, weights, [1, 2, 3]));
    }

    [Theory]
    [InlineData(RotaryKind.HalfSplit)]
    [InlineData(RotaryKind.Interleaved)]
    public void Rotary_scores_depend_on_the_distance_only(RotaryKind kind)
    {
        // q = k = (1, 0) per pair before rotation, so the score of rows i and j is Σ cos((i − j) · base^(−2p/4)).
        AttentionShape shape = TestNumbers.Shape(heads: 1, headDim: 5, dModel: 1) with
        {
            Rotary = kind, RotaryDim = 4, RotaryBase = 100, Scale = 1, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
        };
        float[] pairs = kind == RotaryKind.HalfSplit ? [1, 1, 0, 0, 2] : [1, 0, 1, 0, 2];
        AttentionWeights weights = AttentionWeights.FromSpans(pairs, pairs, [1, 0, 0, 0, 0], [1, 0, 0, 0, 0]);
        double[] output = ReferenceAttention.Forward(shape with { KeyLengths = true }, weights, [1, 1, 1, 1, 1, 1], keyLengths: [3, 3], batch: 2);
        Near([1, 1, 1, 1, 1, 1], output);

        // Values tell keys apart; the queries are all one.
        AttentionShape cached = shape with { Causal = true };
        var cache = new ReferenceCache(cached);
        AttentionWeights distinct = AttentionWeights.FromSpans(pairs, pairs, [1, 0, 0, 0, 0], [1, 0, 0, 0, 0]);
        ReferenceAttention.Forward(cached, distinct, [1, 1, 1], cache);
        double[] Scores(int row) => [.. Enumerable.Range(0, row + 1).Select(key => Math.Cos(row - key) + Math.Cos((row - key) * 0.1) + 4)];
        double[] probabilities = [.. Scores(3).Select(Math.Exp)];
        double[] last = ReferenceAttention.Forward(cached, AttentionWeights.FromSpans(pairs, pairs, [7, 0, 0, 0, 0], [1, 0, 0, 0, 0]), [1], cache);
        Near((probabilities[..3].Sum() * 1 + probabilities[3] * 7) / probabilities.Sum(), last[0]);
    }

    public static TheoryDataRow<AttentionShape>[] CachedShapes =>
    [
        new(TestNumbers.Shape(2, 4, 8) with { Causal = true }) { Label = "plain" },
        new(TestNumbers.Shape(4, 6, 10, kvHeads: 2) with { Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 4 }) { Label = "grouped, rotary" },
        new(TestNumbers.Shape(2, 3, 5) with { Causal = true, KeyLengths = true, Rotary = RotaryKind.Interleaved, RotaryDim = 2 }) { Label = "key lengths" },
    ];

    [Theory]
    [MemberData(nameof(CachedShapes))]
    public void Chunks_and_truncation_give_what_one_prefill_gives(AttentionShape shape)
    {
        const int batch = 2, rows = 7;
        AttentionWeights weights = AttentionWeights.Random(shape, 5);
        float[] input = TestNumbers.Random(6, batch * rows * shape.DModel);
        int[] full = [rows, rows];
        double[] expected = ReferenceAttention.Forward(shape, weights, input, keyLengths: shape.KeyLengths ? full : [], batch: batch);

        var cache = new ReferenceCache(shape, batch);
        var actual = new double[expected.Length];
        Chunk(0, 3);
        Chunk(3, 1);
        Chunk(4, 3);
        cache.Truncate(2);
        Chunk(2, 5);
        Assert.Equal(rows, cache.Length);
        Assert.Equal(expected, actual);

        void Chunk(int start, int count)
        {
            int width = shape.DModel;
            float[] chunk = [.. input.AsSpan(start * width, count * width), .. input.AsSpan((rows + start) * width, count * width)];
            int[] lengths = shape.KeyLengths ? [start + count, start + count] : [];
            double[] output = ReferenceAttention.Forward(
                shape, weights, new AttentionArguments { Input = chunk, KeyLengths = lengths, Batch = 2 }, cache, null).Output;
            output.AsSpan(0, count * width).CopyTo(actual.AsSpan(start * width));
            output.AsSpan(count * width).CopyTo(actual.AsSpan((rows + start) * width));
        }
    }

    [Theory]
    [InlineData(CausalAlignment.TopLeft)]
    [InlineData(CausalAlignment.BottomRight)]
    public void Projected_memory_gives_what_memory_gives(CausalAlignment alignment)
    {
        AttentionShape shape = TestNumbers.Shape(2, 4, 8, memoryDim: 6) with { Causal = true, CausalAlignment = alignment };
        AttentionWeights weights = AttentionWeights.Random(shape, 1);
        float[] input = TestNumbers.Random(2, 2 * 3 * 8), memory = TestNumbers.Random(3, 2 * 5 * 6);
        var cache = new ReferenceCache(shape, 2);
        ReferenceAttention.ProjectMemory(shape, weights, TestNumbers.Random(4, 2 * 6), cache);
        ReferenceAttention.ProjectMemory(shape, weights, memory, cache);
        Assert.Equal(5, cache.Length);
        Assert.Equal(ReferenceAttention.Forward(shape, weights, input, memory, batch: 2), ReferenceAttention.Forward(shape, weights, input, cache));
        Assert.Equal(5, cache.Length);
    }

    [Fact]
    public void Bad_arguments_are_refused_as_kernels_do()
    {
        AttentionShape causal = Tiny with { Causal = true };
        Assert.Throws<ArgumentException>("input", () => ReferenceAttention.Forward(Tiny, Ones, [1, 2, 3], batch: 2));
        Assert.Throws<ArgumentException>("memory", () => ReferenceAttention.Forward(Tiny, Ones, [1], [1]));
        Assert.Throws<ArgumentException>("keyLengths", () => ReferenceAttention.Forward(Tiny, Ones, [1], keyLengths: [1]));
        Assert.Throws<ArgumentException>("weights", () => ReferenceAttention.Forward(Tiny with { KeyBias = true }, Ones, [1]));
        Assert.Throws<ArgumentException>("cache", () => ReferenceAttention.Forward(Tiny, Ones, [1], new ReferenceCache(causal)));
        Assert.Throws<ArgumentNullException>("cache", () => ReferenceAttention.Forward(causal, Ones, [1], (ReferenceCache)null!));
        Assert.Throws<NotSupportedException>(() => new ReferenceCache(Tiny));
        Assert.Throws<NotSupportedException>(() => ReferenceAttention.ProjectMemory(causal, Ones, [1], new ReferenceCache(causal)));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => new ReferenceCache(causal).Truncate(1));
    }

    private static void Near(double expected, double actual) => Assert.Equal(expected, actual, 1e-9);

    private static void Near(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Near(expected[i], actual[i]);
    }
}
