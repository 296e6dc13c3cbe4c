using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>A layer of all-MiniLM-L6-v2 that can be trained. Texts of a batch follow each other without padding.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = SentenceEncoder.Width, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, Ragged = true, Gradients = true)]
internal sealed partial class SentimentLayer;

/// <summary>The classifier: a logit for negative and one for positive.</summary>
[LinearConfig(Inputs = SentenceEncoder.Width, Outputs = 2, Gradients = true)]
internal sealed partial class SentimentHead
{
    /// <summary>The margin of each vector: the logit of positive minus that of negative. It is above 0 for what it takes for praise.</summary>
    public double[] Margins(params IReadOnlyList<float[]> vectors)
    {
        var logits = new float[2 * vectors.Count];
        Forward((float[])[.. vectors.SelectMany(vector => vector)], logits);
        return MarginsOf(logits);
    }

    /// <summary>The margin of each row of logits.</summary>
    public static double[] MarginsOf(ReadOnlySpan<float> logits)
    {
        var margins = new double[logits.Length / 2];
        for (int row = 0; row < margins.Length; row++)
            margins[row] = (double)logits[(2 * row) + 1] - logits[2 * row];
        return margins;
    }
}
