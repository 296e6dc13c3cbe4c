using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A stack of generated layers behind MiniLM's embeddings. Each batch is ragged: no padding is computed.</summary>
/// <typeparam name="TLayer">The layer.</typeparam>
/// <param name="name">The subject's name.</param>
internal sealed class GeneratedModelSubject<TLayer>(string name = Comparison.GeneratedName) : Subject<ModelData>
    where TLayer : class, ITransformerLayer<TLayer>
{
    private readonly List<(Memory<float> Rows, Memory<float> Output)> buffers = [];
    private ModelData? data;
    private TransformerStack<TLayer>? layers;
    private float[] output = [];
    private ForwardOptions options;

    public override string Name => name;

    public override ReadOnlySpan<float> Output => output;

    protected override void PrepareFor(ModelData data, int threads)
    {
        this.data = data;
        options = new ForwardOptions { MaxDegreeOfParallelism = threads };
        layers = TransformerStack<TLayer>.Create([.. MiniLm.Instance.Layers.Select(TLayer.Create)]);
        output = new float[data.Workload.Tokens * MiniLm.Width];
        int first = 0;
        foreach (SentenceBatch batch in data.Batches)
        {
            int length = batch.Tokens * MiniLm.Width;
            buffers.Add((new float[length], output.AsMemory(first, length)));
            first += length;
        }
    }

    public override void Run()
    {
        for (int i = 0; i < buffers.Count; i++)
        {
            (Memory<float> rows, Memory<float> output) = buffers[i];
            SentenceBatch batch = data!.Batches[i];
            MiniLm.Instance.Embed(batch, rows.Span);
            layers!.Forward(rows.Span, output.Span, batch.RowOffsets, options);
        }
    }
}
