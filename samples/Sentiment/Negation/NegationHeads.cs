using AttentionGen.Samples.Heads;

namespace AttentionGen.Samples.Sentiment;

/// <summary>What a negation does to a pair, and what is left of it without each head.</summary>
/// <param name="Pair">The sentences.</param>
/// <param name="PlainMargin">The margin of the plain sentence.</param>
/// <param name="NegatedMargin">The margin of its negation.</param>
/// <param name="Lost">[layers, heads]: by how much the turn is smaller without a head.</param>
internal sealed record PairEffect(NegatedPair Pair, double PlainMargin, double NegatedMargin, double[,] Lost)
{
    /// <summary>How far the negation moves the margin to the other side; below 0 it moves it the wrong way.</summary>
    public double Turn => Between(Pair, PlainMargin, NegatedMargin);

    /// <summary>How far the margin moves to the other side.</summary>
    public static double Between(NegatedPair pair, double plain, double negated) => pair.IsPraise ? plain - negated : negated - plain;
}

/// <summary>Finds the heads that carry a negation: without them, "not good" reads more like "good".</summary>
internal sealed class NegationHeads
{
    /// <summary>Where a longer sentence is cut off.</summary>
    private const int MostTokens = 128;

    private readonly SentenceHeads heads;
    private readonly SentimentHead classifier;

    /// <summary>Packs the weights once more, in a class whose heads can be removed.</summary>
    /// <param name="encoder">The weights of the encoder; they may be closed afterwards.</param>
    /// <param name="classifier">The classifier.</param>
    public NegationHeads(SafetensorsFile encoder, LinearWeights classifier)
    {
        heads = new SentenceHeads(encoder);
        this.classifier = new SentimentHead(classifier);
    }

    /// <summary>Reads each pair with all heads, and without each of them.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="cancellation">Ends it after a pair.</param>
    public IReadOnlyList<PairEffect> Measure(IReadOnlyList<NegatedPair> pairs, CancellationToken cancellation)
    {
        var effects = new List<PairEffect>();
        foreach (NegatedPair pair in pairs)
        {
            cancellation.ThrowIfCancellationRequested();
            (double plain, double negated) = Margins(pair);
            var lost = new double[heads.LayerCount, SentenceHeadsLayer.Heads];
            for (int layer = 0; layer < lost.GetLength(0); layer++)
            {
                for (int head = 0; head < lost.GetLength(1); head++)
                {
                    (double plainWithout, double negatedWithout) = Margins(pair, layer, head);
                    lost[layer, head] = PairEffect.Between(pair, plain, negated) - PairEffect.Between(pair, plainWithout, negatedWithout);
                }
            }

            effects.Add(new(pair, plain, negated, lost));
        }

        return effects;
    }

    /// <summary>The page of the negated sentences: where each head looks, and what of the turn is lost without it.</summary>
    public HeadReport Report(string model, IReadOnlyList<PairEffect> effects) => new()
    {
        Model = model,
        AblationText = "How much less the negation moves the margin, which is the logit of praise minus that of complaint, if the head is removed.",
        Texts = [.. effects.Select(effect => heads.Read(effect.Pair.Negated, MostTokens, (layer, head) => effect.Lost[layer, head]))],
    };

    private (double Plain, double Negated) Margins(NegatedPair pair, int layer = -1, int head = 0)
    {
        double[] margins = classifier.Margins(
            heads.Vector(pair.Plain, MostTokens, layer, head), heads.Vector(pair.Negated, MostTokens, layer, head));
        return (margins[0], margins[1]);
    }
}
