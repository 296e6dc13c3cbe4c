namespace AttentionGen.Tests.Execution.Definitions;

/// <summary>Norms of queries and keys as two models define them, with weights read from files of their names and shapes.</summary>
public sealed class QueryKeyNormTests
{
    private const int Rows = 7, Width = 24, HeadDim = 6;

    /// <summary>OLMo 2: <c>q_norm(q_proj(x))</c> and <c>k_norm(k_proj(x))</c> by root mean square, over all heads of a row, then half-split rotation.</summary>
    [Fact]
    public void A_norm_spans_all_heads_as_in_OLMo_2()
    {
        AttentionWeights weights = Load(
            WholeRowNorm.Shape, [WholeRowNorm.Heads * HeadDim], [WholeRowNorm.KvHeads * HeadDim], out float[] queryNorm, out float[] keyNorm);
        Check(
            new WholeRowNorm(weights), weights, WholeRowNorm.KvHeads,
            (row, isQuery) => Definition.Normed(row, isQuery ? queryNorm : keyNorm, centres: false, WholeRowNorm.Shape.QueryKeyNormEpsilon),
            (head, position) => Definition.Rotated(head, position, HeadDim, i => (i, i + (HeadDim / 2))));
    }

    /// <summary>Command R+: layer norm without bias of each head, with weights [heads, head dimension], then interleaved rotation.</summary>
    [Fact]
    public void Each_head_has_weights_of_its_own_as_in_Command_R_plus()
    {
        AttentionWeights weights = Load(
            OwnHeadNorms.Shape, [OwnHeadNorms.Heads, HeadDim], [OwnHeadNorms.KvHeads, HeadDim], out float[] queryNorm, out float[] keyNorm);
        Check(
            new OwnHeadNorms(weights), weights, OwnHeadNorms.KvHeads,
            (row, isQuery) =>
            [
                .. Enumerable.Range(0, row.Length / HeadDim).SelectMany(head => Definition.Normed(
                    Definition.Head(row, head, HeadDim), [.. (isQuery ? queryNorm : keyNorm).Skip(head * HeadDim).Take(HeadDim)], centres: true,
                    OwnHeadNorms.Shape.QueryKeyNormEpsilon)),
            ],
            (head, position) => Definition.Rotated(head, position, HeadDim, i => (2 * i, (2 * i) + 1)));
    }

    private static void Check<TKernel>(
        TKernel kernel, AttentionWeights weights, int kvHeads, Func<double[], bool, double[]> norm, Func<double[], int, double[]> rotate)
        where TKernel : class, IAttentionKernel<TKernel>
    {
        const int Heads = 4;
        (float[] input, double[][] rows) = Definition.Rows(5, Rows, Width);
        double[][] queries = [.. rows.Select(row => norm(Definition.Linear(weights.Query, row), true))];
        double[][] keys = [.. rows.Select(row => norm(Definition.Linear(weights.Key, row), false))];
        double[][] values = [.. rows.Select(row => Definition.Linear(weights.Value, row))];
        IEnumerable<double[]> expected = Enumerable.Range(0, Rows).Select(row => Definition.Linear(
            weights.Output,
            [
                .. Enumerable.Range(0, Heads).SelectMany(head => Definition.Attend(
                    rotate(Definition.Head(queries[row], head, HeadDim), row),
                    [.. Enumerable.Range(0, row + 1).Select(key => rotate(Definition.Head(keys[key], head * kvHeads / Heads, HeadDim), key))],
                    [.. Enumerable.Range(0, row + 1).Select(key => Definition.Head(values[key], head * kvHeads / Heads, HeadDim))],
                    1 / Math.Sqrt(HeadDim))),
            ]));
        var output = new float[input.Length];
        kernel.Forward(new AttentionArguments { Input = input, Output = output, Batch = 1 });
        Definition.AssertClose(expected, output);
    }

    /// <summary>Weights as Hugging Face's files have them.</summary>
    private static AttentionWeights Load(AttentionShape shape, long[] querySizes, long[] keySizes, out float[] queryNorm, out float[] keyNorm)
    {
        AttentionWeights random = AttentionWeights.Random(shape, seed: 3);
        float[] queries = queryNorm = random.QueryNorm.ToArray(), keys = keyNorm = random.KeyNorm.ToArray();
        return Definition.Load(
            AttentionTensorNames.Llama("model.layers.0.self_attn"),
            ("q_proj.weight", [shape.QueryDim, Width], random.Query.ToArray()), ("k_proj.weight", [shape.KeyDim, Width], random.Key.ToArray()),
            ("v_proj.weight", [shape.ValueDim, Width], random.Value.ToArray()), ("o_proj.weight", [Width, shape.JoinedDim], random.Output.ToArray()),
            ("q_norm.weight", querySizes, queries), ("k_norm.weight", keySizes, keys));
    }
}

[AttentionConfig(Heads = 4, KvHeads = 2, DModel = 24, Causal = true, Rotary = RotaryKind.HalfSplit, QueryKeyNorm = QueryKeyNorm.Rms,
    QueryKeyNormScope = QueryKeyNormScope.Projection, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false)]
internal sealed partial class WholeRowNorm;

[AttentionConfig(Heads = 4, KvHeads = 2, DModel = 24, Causal = true, Rotary = RotaryKind.Interleaved, QueryKeyNorm = QueryKeyNorm.Layer,
    QueryKeyNormScope = QueryKeyNormScope.HeadOwnWeights, QueryKeyNormBias = false, QueryKeyNormEpsilon = 1e-5f, QueryBias = false, KeyBias = false,
    ValueBias = false, OutputBias = false)]
internal sealed partial class OwnHeadNorms;
