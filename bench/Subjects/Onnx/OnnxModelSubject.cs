using AttentionGen.Bench.Onnx;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>
/// MiniLM's own model file by onnxruntime, or the same model in int8. Each batch is padded to its longest sentence, and a mask says what is padding.
/// </summary>
/// <param name="isQuantized">Whether the products are in int8.</param>
internal sealed class OnnxModelSubject(bool isQuantized) : Subject<ModelData>
{
    private const string InputIds = "input_ids";
    private const string AttentionMask = "attention_mask";
    private const string TokenTypes = "token_type_ids";
    private const string HiddenState = "last_hidden_state";

    private readonly List<(BoundSession Session, float[] Output)> batches = [];
    private ModelData? data;
    private float[] output = [];

    public override string Name => OnnxModels.LibraryName;

    public override string Form => isQuantized ? "int8" : "model.onnx";

    /// <summary>Without the padding.</summary>
    public override ReadOnlySpan<float> Output
    {
        get
        {
            int first = 0;
            for (int i = 0; i < batches.Count; i++)
            {
                SentenceBatch batch = data!.Batches[i];
                for (int sentence = 0; sentence < batch.Sentences; sentence++)
                {
                    int length = batch.Length(sentence) * MiniLm.Width;
                    batches[i].Output.AsSpan(sentence * batch.Longest * MiniLm.Width, length).CopyTo(output.AsSpan(first));
                    first += length;
                }
            }
            return output;
        }
    }

    public override void Run()
    {
        foreach ((BoundSession session, _) in batches)
            session.Run();
    }

    public override void Dispose()
    {
        // The first one owns what the others use.
        foreach ((BoundSession session, _) in Enumerable.Reverse(batches))
            session.Dispose();
    }

    protected override void PrepareFor(ModelData data, int threads)
    {
        this.data = data;
        output = new float[data.Workload.Tokens * MiniLm.Width];
        var first = new BoundSession(isQuantized ? OnnxQuantizer.Quantize(MiniLm.ReadOnnx()) : MiniLm.ReadOnnx(), threads);
        foreach (SentenceBatch batch in data.Batches)
        {
            BoundSession session = batches.Count == 0 ? first : first.WithOtherBindings();
            int sentences = batch.Sentences, longest = batch.Longest;
            var ids = new long[sentences * longest];
            var mask = new long[ids.Length];
            for (int sentence = 0; sentence < sentences; sentence++)
            {
                for (int token = 0; token < batch.Length(sentence); token++)
                {
                    ids[sentence * longest + token] = batch.Sentence(sentence)[token];
                    mask[sentence * longest + token] = 1;
                }
            }
            var hidden = new float[ids.Length * MiniLm.Width];
            session.BindInput(InputIds, ids, sentences, longest);
            session.BindInput(AttentionMask, mask, sentences, longest);
            session.BindInput(TokenTypes, new long[ids.Length], sentences, longest);
            session.BindOutput(HiddenState, hidden, sentences, longest, MiniLm.Width);
            batches.Add((session, hidden));
        }
    }
}
