using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>
/// Logistic regression: finds the classifier of given vectors. It minimises the mean cross-entropy plus <c>penalty / 2 · Σ w²</c>, which has one minimum;
/// a few hundred steps along the gradient of all vectors are at it.
/// </summary>
internal static class Regression
{
    private const int Steps = 300;
    private const double Peak = 0.3;

    /// <summary>How much each text counts against the penalty: what scikit-learn calls C, whose default this is.</summary>
    private const double Strength = 1;

    /// <summary>Learns from vectors.</summary>
    /// <param name="vectors">[Width] each, of length 1.</param>
    /// <param name="labels">For each 1 or 0.</param>
    public static LinearWeights Train(IReadOnlyList<float[]> vectors, int[] labels)
    {
        int width = SentenceEncoder.Width;
        var weights = LinearWeights.FromSpans(new float[2 * width], new float[2]);
        var head = new SentimentHead(weights);
        var gradients = new LinearGradients(weights);
        var optimiser = new AdamW(gradients.Tensors) { WeightDecay = 0 };
        var schedule = new LearningRateSchedule(Peak, WarmupSteps: 0, Steps);
        float[] input = [.. vectors.SelectMany(vector => vector)], inputGradient = new float[input.Length], logits = new float[2 * labels.Length];
        // Two rows of opposite signs do the work of one, each with half of its weights: together they have half of its squares.
        float penalty = (float)(2 / (Strength * labels.Length));
        for (int step = 1; step <= Steps; step++)
        {
            gradients.Clear();
            head.Forward(input, logits);
            CrossEntropy.Compute(logits, labels, logits);
            head.Backward(logits, input, inputGradient, gradients);
            Span<float> slope = gradients.Weight.Span;
            for (int i = 0; i < slope.Length; i++)
                slope[i] += penalty * weights.Weight[i];
            optimiser.LearningRate = schedule.At(step);
            optimiser.Step();
            head.Pack(weights);
        }

        return weights;
    }
}
