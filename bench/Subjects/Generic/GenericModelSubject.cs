using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generic;

namespace AttentionGen.Bench.Subjects;

/// <summary>Ordinary layers behind MiniLM's embeddings, one sentence after the other; always one thread.</summary>
internal sealed class GenericModelSubject : Subject<ModelData>
{
    private ModelData? data;
    private GenericLayer[] layers = [];
    private float[] rows = [];
    private float[] output = [];

    public override string Name => Comparison.GenericName;

    public override ReadOnlySpan<float> Output => output;

    public override void Run()
    {
        int first = 0;
        foreach (SentenceBatch batch in data!.Batches)
        {
            Span<float> state = output.AsSpan(first, batch.Tokens * MiniLm.Width), next = rows.AsSpan(0, state.Length);
            first += state.Length;
            MiniLm.Instance.Embed(batch, state);
            foreach (GenericLayer layer in layers)
            {
                for (int sentence = 0; sentence < batch.Sentences; sentence++)
                {
                    Range range = (batch.RowOffsets[sentence] * MiniLm.Width)..(batch.RowOffsets[sentence + 1] * MiniLm.Width);
                    layer.Forward(state[range], next[range]);
                }
                next.CopyTo(state);
            }
        }
    }

    protected override void PrepareFor(ModelData data, int threads)
    {
        this.data = data;
        int longest = data.Batches.Max(batch => batch.Longest);
        layers = [.. MiniLm.Instance.Layers.Select(weights => GenericShapes.Layer(BertLayerH12D384.Shape, weights, longest))];
        rows = new float[data.Batches.Max(batch => batch.Tokens) * MiniLm.Width];
        output = new float[data.Workload.Tokens * MiniLm.Width];
    }
}
