using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>One query head of one row over all keys of its sequence.</summary>
internal ref partial struct ReferenceHead
{
    public required AttentionShape Shape { get; init; }

    public required AttentionWeights Weights { get; init; }

    public required AttentionArguments Arguments { get; init; }

    public required ReferenceHooks Hooks { get; init; }

    public required ReferenceSequence Sequence { get; init; }

    public required ReferenceResult Result { get; init; }

    public required List<double[]> Keys { get; init; }

    public required List<double[]> Values { get; init; }

    public required int Head { get; init; }

    public required int Row { get; init; }

    public required int Position { get; init; }

    /// <summary>[HeadDim].</summary>
    public required ReadOnlySpan<double> Query { get; init; }

    private readonly int KvHead => Head / (Shape.Heads / Shape.KvHeads);

    /// <summary>softmax(scores) V of the keys that the row sees; zeros where it sees none.</summary>
    /// <param name="output">[ValueHeadDim].</param>
    public readonly void Attend(Span<double> output)
    {
        List<ReferenceTerm> terms = Terms();
        (double[] probabilities, double logSumExp) = Softmax(terms);
        output.Clear();
        for (int index = 0; index < terms.Count; index++)
        {
            if (terms[index].Index is { } key)
            {
                // Appended keys have no position: no modifier applies to them.
                if (Hooks.ProbabilityModifier is { } modifier)
                    probabilities[index] = modifier(probabilities[index], Head, Position, key);
                WriteProbability(key, probabilities[index]);
            }

            ReadOnlySpan<double> value = terms[index].Value is { } heads ? OfHead(heads, Shape.ValueHeadDim) : [];
            for (int element = 0; element < value.Length; element++)
                output[element] += probabilities[index] * DropoutFactor(terms, index) * value[element];
        }

        if (Shape.Outputs.HasFlag(AttentionOutputs.LogSumExp) && (terms.Count > 0 || Shape.Sinks))
            Result.LogSumExp[ReferenceRows.HeadIndex(Shape.Layout, Shape.Heads, 1, Sequence.FirstRow, Sequence.Rows, Row, Head)] = logSumExp;
    }

    /// <summary>What dropout multiplies the probability of a term by: 0 or 1 / (1 − rate).</summary>
    private readonly double DropoutFactor(List<ReferenceTerm> terms, int index)
    {
        if (Arguments.Activations is not { } activations)
            return 1;
        // Terms without a number stand behind all keys.
        uint key = terms[index].Index is { } number ? (uint)number : DropoutMask.AppendedKeys + (uint)terms.Take(index).Count(term => term.Index is null);
        return activations.Dropout.Keeps(Sequence.Index, Head, Row, key) ? 1 / (1 - (double)activations.Dropout.Rate) : 0;
    }

    /// <summary>What takes part in the softmax: the keys that are seen, then the learned key and the key of zeros.</summary>
    private readonly List<ReferenceTerm> Terms()
    {
        var terms = new List<ReferenceTerm>();
        for (int key = 0; key < Sequence.Keys; key++)
        {
            if (SeenScore(key) is { } score)
                terms.Add(new(key, Keys[key], Values[key], score));
        }

        // Every query sees the appended keys: neither masks nor biases nor modifiers apply to them.
        if (Shape.BiasKeyValue)
        {
            double[] key = ReferenceRows.ToDoubles(Weights.BiasKey);
            terms.Add(new(null, key, ReferenceRows.ToDoubles(Weights.BiasValue), Cap(ScaledScore(key))));
        }

        if (Shape.ZeroKeyValue)
            terms.Add(new(null, null, null, 0));
        return terms;
    }

    /// <summary>The probability of each term, and the logarithm of the sum of exponentials; a sink is part of the sum only, and a sigmoid has none.</summary>
    private readonly (double[] Probabilities, double LogSumExp) Softmax(List<ReferenceTerm> terms)
    {
        double bias = Shape.SigmoidBias;
        if (Shape.ScoreFunction == ScoreFunction.Sigmoid)
            return ([.. terms.Select(term => 1 / (1 + Math.Exp(-(term.Score + bias))))], double.NegativeInfinity);
        double maximum = Shape.Sinks ? Weights.Sinks[Head] : double.NegativeInfinity;
        foreach (ReferenceTerm term in terms)
            maximum = Math.Max(maximum, term.Score);
        double sum = Shape.Sinks ? Math.Exp(Weights.Sinks[Head] - maximum) : 0;
        foreach (ReferenceTerm term in terms)
            sum += Math.Exp(term.Score - maximum);
        return ([.. terms.Select(term => Math.Exp(term.Score - maximum) / sum)], maximum + Math.Log(sum));
    }

    /// <summary>The score as the softmax gets it, or null where the key is not seen.</summary>
    private readonly double? SeenScore(int key)
    {
        bool seen = ReferenceVisibility.Sees(Shape, Arguments, Hooks, Sequence, Head, Row, Position, key);
        if (!seen && (Shape.Outputs & (AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores)) == 0)
            return null;

        double score = ScaledScore(Keys[key]);
        WriteScore(AttentionOutputs.ScaledScores, key, score);
        score = Cap(score);
        WriteScore(AttentionOutputs.CappedScores, key, score);
        if (!seen)
            return null;

        if (Hooks.ScoreModifier is { } modifier)
            score = modifier(score, Head, Position, key);
        if (Shape.AdditiveMask != MaskAxes.None)
        {
            float bias = Arguments.AdditiveMask[Sequence.MaskIndex(Shape, Shape.AdditiveMask, Head, Row, key)];
            if (float.IsNegativeInfinity(bias))
                return null;
            score += bias;
        }

        if (Shape.Alibi)
            score -= ReferenceBias.AlibiSlope(Shape, Head) * Math.Abs((double)Position - key);
        if (Shape.RelativePositionBuckets > 0)
            score += Weights.RelativePositionBias[ReferenceBias.Bucket(Shape, key - Position) * Shape.Heads + Head];

        // Masks that lie among the keys hide by −∞, so there a score of −∞ hides too.
        bool hides = Shape.HasScoreModifier || Shape.HasMaskPredicate || Shape.AdditiveMask != MaskAxes.None || Shape.BooleanMask != MaskAxes.None;
        if (hides && double.IsNegativeInfinity(score))
            return null;
        WriteScore(AttentionOutputs.MaskedScores, key, score);
        return score;
    }

    /// <summary>scale · q·k.</summary>
    private readonly double ScaledScore(double[] key) => Shape.Scale * Dot(Query, OfHead(key, Shape.HeadDim));

    /// <summary>c · tanh(score / c).</summary>
    private readonly double Cap(double score) => Shape.Softcap == 0 ? score : Shape.Softcap * Math.Tanh(score / Shape.Softcap);

    private readonly void WriteScore(AttentionOutputs stage, int key, double score)
    {
        if (Shape.Outputs.HasFlag(stage))
            Result.Scores[PairIndex(key)] = score;
    }

    private readonly void WriteProbability(int key, double probability)
    {
        if (Shape.Outputs.HasFlag(AttentionOutputs.Probabilities))
            Result.Probabilities[PairIndex(key)] = probability;
        else if (Shape.Outputs.HasFlag(AttentionOutputs.AveragedProbabilities))
            Result.Probabilities[Sequence.FirstPair + Row * Sequence.Keys + key] += probability / Shape.Heads;
    }

    private readonly int PairIndex(int key) => Sequence.FirstPair * Shape.Heads + (Head * Sequence.Rows + Row) * Sequence.Keys + key;

    /// <summary>The part of this head's group in keys or values.</summary>
    private readonly Span<double> OfHead(double[] row, int width) => row.AsSpan(KvHead * width, width);

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}

/// <summary>What takes part in the softmax of one query.</summary>
/// <param name="Index">The number of the key, or null for a key that is appended to all of them.</param>
/// <param name="Key">[KvHeads · HeadDim], or null for zeros.</param>
/// <param name="Value">[KvHeads · ValueHeadDim], or null for zeros.</param>
/// <param name="Score">The score as the softmax gets it.</param>
internal readonly record struct ReferenceTerm(int? Index, double[]? Key, double[]? Value, double Score);
