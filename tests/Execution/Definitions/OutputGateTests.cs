namespace AttentionGen.Tests.Execution.Definitions;

/// <summary>The gated attention of Qwen3-Next as its authors define it, with weights read from a file of its names and shapes.</summary>
public sealed class OutputGateTests
{
    private const int Rows = 6, Width = 20, HeadDim = 8, Heads = 4, KvHeads = 2, RotaryDim = 2;

    /// <summary>
    /// <c>q_proj</c> gives query and gate of each head, norms multiply by 1 + w, a quarter of the head is rotated, and the joined heads are multiplied by the
    /// logistic function of the gates.
    /// </summary>
    [Fact]
    public void Joined_heads_are_gated_as_in_Qwen3_Next()
    {
        (float[] queryGate, _) = Definition.Rows(1, 2 * Heads * HeadDim, Width);
        (float[] key, _) = Definition.Rows(2, KvHeads * HeadDim, Width);
        (float[] value, _) = Definition.Rows(3, KvHeads * HeadDim, Width);
        (float[] output, _) = Definition.Rows(4, Width, Heads * HeadDim);
        (float[] norms, _) = Definition.Rows(5, 2, HeadDim);
        float[] queryNorm = norms[..HeadDim], keyNorm = norms[HeadDim..];
        AttentionWeights weights = Definition.Load(
            AttentionTensorNames.Qwen3Next("model.layers.0.self_attn", Heads), ("q_proj.weight", [2 * Heads * HeadDim, Width], queryGate),
            ("k_proj.weight", [KvHeads * HeadDim, Width], key), ("v_proj.weight", [KvHeads * HeadDim, Width], value),
            ("o_proj.weight", [Width, Heads * HeadDim], output), ("q_norm.weight", [HeadDim], queryNorm), ("k_norm.weight", [HeadDim], keyNorm));

        (float[] input, double[][] rows) = Definition.Rows(6, Rows, Width);
        double[][] both = [.. rows.Select(row => Definition.Linear(queryGate, row))];
        double[][] keys = [.. rows.Select(row => Definition.Linear(key, row))], values = [.. rows.Select(row => Definition.Linear(value, row))];
        double[] Turned(double[] head, float[] norm, int position) => Definition.Rotated(
            Definition.Normed(head, [.. norm.Select(weight => 1 + weight)], centres: false, 1e-6f), position, RotaryDim, i => (i, i + (RotaryDim / 2)));
        double[] Gated(int row, int head)
        {
            double[] attended = Definition.Attend(
                Turned(Definition.Head(both[row], 2 * head, HeadDim), queryNorm, row),
                [.. Enumerable.Range(0, row + 1).Select(at => Turned(Definition.Head(keys[at], head * KvHeads / Heads, HeadDim), keyNorm, at))],
                [.. Enumerable.Range(0, row + 1).Select(at => Definition.Head(values[at], head * KvHeads / Heads, HeadDim))], 1 / Math.Sqrt(HeadDim));
            return [.. attended.Zip(Definition.Head(both[row], (2 * head) + 1, HeadDim), (element, gate) => element / (1 + Math.Exp(-gate)))];
        }

        var actual = new float[input.Length];
        new GatedHeads(weights).Forward(input, actual);
        Definition.AssertClose(
            Enumerable.Range(0, Rows).Select(row => Definition.Linear(output, [.. Enumerable.Range(0, Heads).SelectMany(head => Gated(row, head))])), actual);
    }
}

[AttentionConfig(Heads = 4, KvHeads = 2, DModel = 20, HeadDim = 8, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 2,
    QueryKeyNorm = QueryKeyNorm.Rms, OutputGate = true, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false)]
internal sealed partial class GatedHeads;
