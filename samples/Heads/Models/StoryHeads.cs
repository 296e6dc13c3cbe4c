using System.Text;
using AttentionGen.Samples.Stories;

namespace AttentionGen.Samples.Heads;

/// <summary>The heads of a small language model, which reads stories.</summary>
public sealed class StoryHeads
{
    private const string Ablation =
        "How much worse the model foretells the next token if the head is removed: the loss without it minus the loss, in nats a token. "
            + "Below 0 the model does better without it.";

    private readonly StoryCheckpoint checkpoint;
    private readonly StoryTokenizer tokenizer;
    private readonly StoryHeadsLayer[] layers;
    private readonly RowNormalization finalNorm;
    private readonly StoryHead head;
    private readonly int[] delimiters;

    /// <summary>Packs the weights.</summary>
    /// <param name="checkpoint">A model of the compiled shape.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="NotSupportedException">The model has another shape than the compiled layers.</exception>
    public StoryHeads(StoryCheckpoint checkpoint, StoryTokenizer tokenizer)
    {
        // It refuses a model of another shape.
        _ = new StoryModel(checkpoint, capacity: 1);
        this.checkpoint = checkpoint;
        this.tokenizer = tokenizer;
        layers = [.. checkpoint.Layers.Select(weights => new StoryHeadsLayer(weights))];
        finalNorm = new RowNormalization(StoryHeadsLayer.Shape.Norm, checkpoint.FinalNorm, [], StoryHeadsLayer.Shape.NormEpsilon);
        head = new StoryHead(LinearWeights.FromSpans(checkpoint.Classifier));
        delimiters = [StoryTokenizer.BeginOfSequence, .. Enumerable.Range(0, tokenizer.VocabularySize).Where(token => Name(token) is "." or "," or "⏎")];
    }

    /// <summary>Reads each text, and random tokens twice: heads that copy show themselves there.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="mostTokens">Where a longer text is cut off.</param>
    public HeadReport Report(string name, IReadOnlyList<string> texts, int mostTokens)
    {
        mostTokens = Math.Min(mostTokens, checkpoint.MaxPositions);
        return new()
        {
            Model = name, AblationText = Ablation,
            Texts =
            [
                .. texts.Select(text => Read(text, [.. tokenizer.Encode(text).Take(mostTokens)])),
                Read("random tokens, and the same once more", RepeatedTokens(Math.Min(24, (mostTokens - 1) / 2))),
            ],
        };
    }

    private int[] RepeatedTokens(int count)
    {
        var random = new Random(1);
        // Behind the marks and the single bytes.
        int first = tokenizer.VocabularySize / 2 + 16;
        int[] tokens = [.. Enumerable.Range(first, tokenizer.VocabularySize - first).OrderBy(_ => random.Next()).Take(count)];
        return [StoryTokenizer.BeginOfSequence, .. tokens, .. tokens];
    }

    private ReadText Read(string name, int[] ids)
    {
        int dim = checkpoint.Dim, heads = StoryHeadsLayer.Heads;
        var rows = new float[ids.Length * dim];
        for (int row = 0; row < ids.Length; row++)
            checkpoint.Embedding.AsSpan(ids[row] * dim, dim).CopyTo(rows.AsSpan(row * dim));
        string[] tokens = [.. ids.Select(Name)];
        var probabilities = new List<float[]>();
        double loss = Loss(ids, LayerRun.Run(layers, rows, Measuring.Mask(layers.Length, heads), probabilities));
        BlockOfLayers block = Measuring.Measure(
            "self-attention", probabilities, heads, tokens, tokens, ids, () => new HeadStatistics(heads, causal: true, endToken: null, delimiters),
            isCross: false,
            (layer, removed) => Loss(ids, LayerRun.Run(layers, rows, Measuring.Mask(layers.Length, heads, layer, removed))) - loss);
        return new ReadText(name, loss, [block]);
    }

    private double Loss(int[] ids, float[] rows)
    {
        // The last row foretells a token that nobody knows.
        int known = ids.Length - 1;
        if (known == 0)
            return 0;
        var logits = new float[known * checkpoint.VocabularySize];
        Span<float> states = rows.AsSpan(0, known * checkpoint.Dim);
        finalNorm.Apply(states, states);
        head.Forward(states, logits);
        return CrossEntropy.Compute(logits, ids.AsSpan(1));
    }

    private string Name(int token) => token == StoryTokenizer.BeginOfSequence
        ? "<s>"
        : Encoding.UTF8.GetString(tokenizer.Decode(0, token)).Replace(' ', '·').Replace('\n', '⏎');
}
