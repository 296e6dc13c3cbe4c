using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>What share of a fold was read right by those who learned from the other folds.</summary>
/// <param name="Frozen">By the classifier on frozen layers.</param>
/// <param name="FineTuned">After fine-tuning; NaN without it.</param>
internal sealed record FoldAccuracy(double Frozen, double FineTuned);

/// <summary>Trains a classifier on some texts, and tries it on others.</summary>
internal sealed class Training
{
    private readonly SentenceModel model;
    private readonly SafetensorsFile weights;
    private readonly int[][] tokens;
    private readonly int[] labels;
    private readonly float[][] vectors;

    /// <summary>Computes the vector of each text once: frozen layers always give the same.</summary>
    /// <param name="weights">Those of all-MiniLM-L6-v2, which stay open.</param>
    /// <param name="texts">All texts.</param>
    /// <param name="options">Threads and cancellation.</param>
    public Training(SafetensorsFile weights, LabelledTexts texts, ForwardOptions options)
    {
        this.weights = weights;
        model = SentenceModel.WithWeights(PackagedModel.Name, weights);
        SentenceTokens[] all = [.. texts.Texts.Select(model.Tokenize)];
        tokens = [.. all.Select(text => text.Ids)];
        labels = texts.Labels;
        vectors = model.Embed(all, options);
        All = [.. Enumerable.Range(0, labels.Length)];
    }

    /// <summary>The numbers of all texts.</summary>
    public int[] All { get; }

    /// <summary>The classifier that these texts give, with frozen layers.</summary>
    public LinearWeights Frozen(int[] chosen) => Regression.Train(Of(vectors, chosen), Of(labels, chosen));

    /// <summary>Trains all layers on these texts. The classifier begins as that of the frozen layers.</summary>
    /// <param name="chosen">The texts.</param>
    /// <param name="frozen">The classifier to begin with.</param>
    /// <param name="plan">How.</param>
    /// <param name="progress">Is told the loss of each step.</param>
    /// <param name="cancellation">Ends it after a step.</param>
    public FineTuning FineTune(int[] chosen, LinearWeights frozen, FineTuningPlan plan, Action<double> progress, CancellationToken cancellation)
    {
        var run = new FineTuning(model.Encoder, weights, frozen, plan, tokens);
        run.Train(Of(tokens, chosen), Of(labels, chosen), progress, cancellation);
        return run;
    }

    /// <summary>Learns from all folds but one, and reads this one; for each fold.</summary>
    /// <param name="folds">The texts of each fold.</param>
    /// <param name="plan">How to fine-tune; null for frozen layers alone.</param>
    /// <param name="progress">Is told the loss of each step of fine-tuning.</param>
    /// <param name="cancellation">Ends it.</param>
    public FoldAccuracy[] CrossValidate(int[][] folds, FineTuningPlan? plan, Action<double> progress, CancellationToken cancellation) =>
        [.. folds.Select(fold =>
        {
            int[] others = [.. folds.Where(other => other != fold).SelectMany(other => other)];
            LinearWeights frozen = Frozen(others);
            return new FoldAccuracy(
                ShareRight(new SentimentHead(frozen).Margins(Of(vectors, fold)), Of(labels, fold)),
                plan is null ? double.NaN
                    : ShareRight(FineTune(others, frozen, plan, progress, cancellation).Margins(Of(tokens, fold)), Of(labels, fold)));
        })];

    private static double ShareRight(double[] margins, int[] labels) => margins.Zip(labels).Average(one => one.First > 0 == (one.Second == 1) ? 1.0 : 0);

    private static T[] Of<T>(T[] items, int[] chosen) => [.. chosen.Select(text => items[text])];
}
