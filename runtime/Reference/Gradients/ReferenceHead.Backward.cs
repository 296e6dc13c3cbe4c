namespace AttentionGen;

internal ref partial struct ReferenceHead
{
    /// <summary>
    /// With P = softmax(S) and dP = dO·Vᵀ: dV = Pᵀ·dO and dS = P ∘ (dP − Σ P ∘ dP), from which the gradients of the query, of the keys and of what is added
    /// to the scores follow (Dao et al. 2022, appendix B.2). Dropout multiplies P in dV, and dP.
    /// </summary>
    /// <param name="outputGradient">[ValueHeadDim].</param>
    /// <param name="queryGradient">[HeadDim]; what is added to.</param>
    /// <param name="keyGradients">For each key, [KvHeads · HeadDim]; what is added to.</param>
    /// <param name="valueGradients">For each key, [KvHeads · ValueHeadDim]; what is added to.</param>
    /// <param name="weightGradients">What is added to.</param>
    public readonly void Backward(
        ReadOnlySpan<double> outputGradient, Span<double> queryGradient, double[][] keyGradients, double[][] valueGradients,
        IReadOnlyDictionary<string, double[]> weightGradients)
    {
        List<ReferenceTerm> terms = Terms();
        (double[] probabilities, double logSumExp) = Softmax(terms);
        var probabilityGradients = new double[terms.Count];
        double mean = 0;
        for (int index = 0; index < terms.Count; index++)
        {
            double product = terms[index].Value is { } value ? Dot(outputGradient, OfHead(value, Shape.ValueHeadDim)) : 0;
            probabilityGradients[index] = product * DropoutFactor(terms, index);
            mean += probabilities[index] * probabilityGradients[index];
        }

        // The sink has a probability too, and nothing to give: dP = 0.
        if (Shape.Sinks)
            weightGradients.Of(nameof(Weights.Sinks))[Head] -= Math.Exp(Weights.Sinks[Head] - logSumExp) * mean;
        for (int index = 0; index < terms.Count; index++)
        {
            ReferenceTerm term = terms[index];
            double scoreGradient = probabilities[index] * (probabilityGradients[index] - mean);
            if (term.Index is { } seen && Shape.RelativePositionBuckets > 0)
                weightGradients.Of(nameof(Weights.RelativePositionBias))[ReferenceBias.Bucket(Shape, seen - Position) * Shape.Heads + Head] += scoreGradient;
            // The key of zeros and its value are not learned.
            if (term.Key is null || term.Value is null)
                continue;

            double[] keyGradient = term.Index is { } key ? keyGradients[key] : weightGradients.Of(nameof(Weights.BiasKey));
            double[] valueGradient = term.Index is { } row ? valueGradients[row] : weightGradients.Of(nameof(Weights.BiasValue));
            AddScaled(OfHead(valueGradient, Shape.ValueHeadDim), probabilities[index] * DropoutFactor(terms, index), outputGradient);
            double productGradient = scoreGradient * CapSlope(ScaledScore(term.Key)) * Shape.Scale;
            AddScaled(queryGradient, productGradient, OfHead(term.Key, Shape.HeadDim));
            AddScaled(OfHead(keyGradient, Shape.HeadDim), productGradient, Query);
        }
    }

    /// <summary>The derivative of <c>c · tanh(score / c)</c>: <c>1 − tanh²(score / c)</c>.</summary>
    private readonly double CapSlope(double score)
    {
        double tanh = Shape.Softcap == 0 ? 0 : Math.Tanh(score / Shape.Softcap);
        return 1 - tanh * tanh;
    }

    private static void AddScaled(Span<double> sum, double factor, ReadOnlySpan<double> values)
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] += factor * values[i];
    }
}
