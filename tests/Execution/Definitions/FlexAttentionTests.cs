using System.Runtime.Intrinsics;

namespace AttentionGen.Tests.Execution.Definitions;

/// <summary>
/// FlexAttention as ONNX defines it: scores, <c>score_mod</c>, softmax, <c>prob_mod</c>, product with the values. A key whose score is −∞ has no part here.
/// </summary>
public sealed class FlexAttentionTests
{
    private const int Rows = 300, Heads = 4, KvHeads = 2, HeadDim = 8;

    /// <summary>A function of a number, the query head, and the positions of query and key.</summary>
    private delegate double Modifier(double value, int head, int query, int key);

    /// <summary>Squares, over more than one block of keys. The probabilities that come out are the modified ones.</summary>
    [Fact]
    public void Squares_of_probabilities_weight_the_values()
    {
        var (query, key, value, inputs) = Inputs(1);
        float[] output = new float[query.Length], probabilities = new float[Heads * Rows * Rows];
        new FlexSquared().Forward(query, key, value, output, probabilities);
        double[][][] weights = Weights(inputs, (score, _, at, other) => (score * 0.5) + (0.01f * (double)(at - other)), (share, _, _, _) => share * share);
        Definition.AssertClose(Outputs(inputs, weights), output);
        Definition.AssertClose(weights.SelectMany(head => head), probabilities);
    }

    /// <summary>Small probabilities are dropped, and a modifier of scores masks later keys.</summary>
    [Fact]
    public void A_threshold_drops_small_probabilities()
    {
        var (query, key, value, inputs) = Inputs(2, factor: 3);
        var output = new float[query.Length];
        new FlexSparse().Forward(query, key, value, output);
        double[][][] weights = Weights(
            inputs, (score, _, at, other) => at >= other ? score : double.NegativeInfinity, (share, _, _, _) => share > 0.05f ? share : 0);
        Assert.Contains(weights.SelectMany(head => head), row => row.Count(weight => weight > 0) is > 0 and < 10);
        Definition.AssertClose(Outputs(inputs, weights), output);
    }

    /// <summary>Head, query and key change a probability. A masked key stays without weight, though the method gives one to a probability of 0.</summary>
    [Fact]
    public void Probabilities_change_by_head_query_and_key()
    {
        var (query, key, value, inputs) = Inputs(3);
        var output = new float[query.Length];
        new FlexPlaces().Forward(query, key, value, output);
        double[][][] weights = Weights(
            inputs, (score, head, at, other) => at < other ? double.NegativeInfinity : score - (0.125f * head),
            (share, head, at, other) => at < other ? 0 : (share * (1 + (0.5 * head))) + (at == other ? 0.25 : 0) - (0.001f * (double)(at % 5)));
        Definition.AssertClose(Outputs(inputs, weights), output);
    }

    /// <summary>A sink takes its share before the probabilities are changed, eight at a time.</summary>
    [Fact]
    public void Sinks_are_in_the_sum_that_probabilities_are_divided_by()
    {
        var (query, key, value, inputs) = Inputs(4);
        float[] output = new float[query.Length], sinks = [4.5f, 5, 5.5f, 6];
        new FlexSinks(AttentionWeights.Empty.WithSinks(sinks)).Forward(query, key, value, output);
        double[][][] weights = Weights(
            inputs, (score, _, at, other) => at >= other ? score : double.NegativeInfinity, (share, _, _, _) => share * (2 - share), sinks);
        Definition.AssertClose(Outputs(inputs, weights), output);
    }

    /// <summary>A sigmoid gives probabilities without a sum, and the method takes these.</summary>
    [Fact]
    public void The_method_takes_what_a_sigmoid_gives()
    {
        var (query, key, value, inputs) = Inputs(5);
        var output = new float[query.Length];
        new FlexSigmoid().Forward(query, key, value, output);
        double[][][] weights = Places(
            (head, at) => [.. Enumerable.Range(0, Rows).Select(other => other > at ? 0 : Math.Pow(1 / (1 + Math.Exp(4 - Score(inputs, head, at, other))), 3))]);
        Definition.AssertClose(Outputs(inputs, weights), output);
    }

    private static (float[] Query, float[] Key, float[] Value, double[][][] Rows) Inputs(int seed, float factor = 1)
    {
        (float[] query, double[][] queries) = Definition.Rows(10 * seed, Rows, Heads * HeadDim);
        (float[] key, double[][] keys) = Definition.Rows((10 * seed) + 1, Rows, KvHeads * HeadDim);
        (float[] value, double[][] values) = Definition.Rows((10 * seed) + 2, Rows, KvHeads * HeadDim);
        double[][] scaled = [.. queries.Select(row => row.Select(each => each * factor).ToArray())];
        return ([.. query.Select(element => element * factor)], key, value, [scaled, keys, values]);
    }

    /// <summary>q·k / √d.</summary>
    private static double Score(double[][][] inputs, int head, int query, int key) => Definition.Head(inputs[0][query], head, HeadDim)
        .Zip(Definition.Head(inputs[1][key], head * KvHeads / Heads, HeadDim), (a, b) => a * b).Sum() / Math.Sqrt(HeadDim);

    /// <summary>What multiplies each value, [head][query][key].</summary>
    private static double[][][] Weights(double[][][] inputs, Modifier scoreModifier, Modifier probabilityModifier, float[]? sinks = null) =>
        Places((head, query) =>
        {
            double[] scores = [.. Enumerable.Range(0, Rows).Select(key => scoreModifier(Score(inputs, head, query, key), head, query, key))];
            double sum = scores.Sum(Math.Exp) + (sinks is null ? 0 : Math.Exp(sinks[head]));
            return [.. scores.Select((score, key) => probabilityModifier(Math.Exp(score) / sum, head, query, key))];
        });

    private static double[][][] Places(Func<int, int, double[]> row) =>
        [.. Enumerable.Range(0, Heads).Select(head => Enumerable.Range(0, Rows).Select(query => row(head, query)).ToArray())];

    private static IEnumerable<double[]> Outputs(double[][][] inputs, double[][][] weights) => Enumerable.Range(0, Rows).Select(query => (double[])
    [
        .. Enumerable.Range(0, Heads).SelectMany(head => Definition.Weighted(
            weights[head][query], 1, [.. inputs[2].Select(row => Definition.Head(row, head * KvHeads / Heads, HeadDim))])),
    ]);
}

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false, Outputs = AttentionOutputs.Probabilities)]
internal sealed partial class FlexSquared
{
    [ScoreModifier]
    private static float Near(float score, int head, int query, int key) => (score * 0.5f) + (0.01f * (query - key));

    [ProbabilityModifier]
    private static float Square(float probability, int head, int query, int key) => probability * probability;
}

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false)]
internal sealed partial class FlexSparse
{
    [ScoreModifier]
    private static float Seen(float score, int head, int query, int key) => query >= key ? score : float.NegativeInfinity;

    [ProbabilityModifier]
    private static float Large(float probability, int head, int query, int key) => probability > 0.05f ? probability : 0f;
}

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false)]
internal sealed partial class FlexPlaces
{
    [ScoreModifier]
    private static float Seen(float score, int head, int query, int key) => key > query ? float.NegativeInfinity : score - (0.125f * head);

    // A loop, so that the kernel calls it for each key.
    [ProbabilityModifier]
    private static float Place(float probability, int head, int query, int key)
    {
        int rest = query;
        while (rest >= 5)
            rest -= 5;
        return (probability * (1f + (0.5f * head))) + (key == query ? 0.25f : 0f) - (0.001f * rest);
    }
}

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false, Causal = true, Sinks = true)]
internal sealed partial class FlexSinks
{
    [ProbabilityModifier]
    private static Vector256<float> Raise(Vector256<float> probabilities, int head, int query, Vector256<int> keys) =>
        probabilities * (Vector256.Create(2f) - probabilities);
}

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false, Causal = true, ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -4)]
internal sealed partial class FlexSigmoid
{
    [ProbabilityModifier]
    private static float Cube(float probability, int head, int query, int key) => probability * probability * probability;
}
