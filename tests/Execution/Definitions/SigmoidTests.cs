namespace AttentionGen.Tests.Execution.Definitions;

/// <summary>Sigmoid attention as its paper defines it.</summary>
public sealed class SigmoidTests
{
    private const int Heads = 4, KvHeads = 2, HeadDim = 8;

    /// <summary><c>σ(QKᵀ / √d + b) V</c>, b = −ln(n), causal, over more than one block of keys.</summary>
    [Fact]
    public void Each_score_is_a_probability_by_itself()
    {
        const int Rows = 300;
        (float[] query, double[][] queries) = Definition.Rows(1, Rows, Heads * HeadDim);
        (float[] key, double[][] keys) = Definition.Rows(2, Rows, KvHeads * HeadDim);
        (float[] value, double[][] values) = Definition.Rows(3, Rows, KvHeads * HeadDim);
        var output = new float[query.Length];
        new SigmoidCore().Forward(query, key, value, output);
        Definition.AssertClose(
            queries.Select((row, index) => (double[])
            [
                .. Enumerable.Range(0, Heads).SelectMany(head => Attend(
                    Definition.Head(row, head, HeadDim), [.. keys.Take(index + 1).Select(each => Definition.Head(each, head * KvHeads / Heads, HeadDim))],
                    [.. values.Take(index + 1).Select(each => Definition.Head(each, head * KvHeads / Heads, HeadDim))])),
            ]), output);

        double[] Attend(double[] own, double[][] seen, double[][] held) => Definition.Weighted(
            [.. seen.Select(each => 1 / (1 + Math.Exp(-(own.Zip(each, (a, b) => a * b).Sum() / Math.Sqrt(HeadDim)) + Math.Log(300))))], 1, held);
    }

    /// <summary>The bias follows from a fixed length.</summary>
    [Fact]
    public void The_bias_of_a_fixed_length_is_minus_its_logarithm() => Assert.Equal((float)-Math.Log(12), FixedSigmoid.Shape.SigmoidBias);
}

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false, Causal = true, ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -5.7037825f)]
internal sealed partial class SigmoidCore;

[AttentionConfig(Heads = 2, DModel = 16, SequenceLength = 12, ScoreFunction = ScoreFunction.Sigmoid)]
internal sealed partial class FixedSigmoid;
