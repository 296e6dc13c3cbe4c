namespace AttentionGen;

/// <summary>One query head of one row over all keys of its sequence.</summary>
internal ref struct ReferenceHead
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
        // Scores that take part in the softmax, and the value of each: those of the keys that are seen, then those of the keys behind the last one.
        var scores = new List<double>();
        var values = new List<double[]?>();
        var seenKeys = new List<int>();
        for (int key = 0; key < Sequence.Keys; key++)
        {
            if (SeenScore(key) is not { } score)
                continue;
            seenKeys.Add(key);
            scores.Add(score);
            values.Add(Values[key]);
        }

        AddAppendedKeys(scores, values);
        double maximum = Shape.Sinks ? Weights.Sinks[Head] : double.NegativeInfinity;
        foreach (double score in scores)
            maximum = Math.Max(maximum, score);
        double sum = Shape.Sinks ? Math.Exp(Weights.Sinks[Head] - maximum) : 0;
        foreach (double score in scores)
            sum += Math.Exp(score - maximum);

        output.Clear();
        for (int index = 0; index < scores.Count; index++)
        {
            double probability = Math.Exp(scores[index] - maximum) / sum;
            if (index < seenKeys.Count)
                WriteProbability(seenKeys[index], probability);
            ReadOnlySpan<double> value = values[index] is { } heads ? heads.AsSpan(KvHead * Shape.ValueHeadDim, Shape.ValueHeadDim) : [];
            for (int element = 0; element < value.Length; element++)
                output[element] += probability * value[element];
        }

        if (Shape.Outputs.HasFlag(AttentionOutputs.LogSumExp) && (scores.Count > 0 || Shape.Sinks))
            Result.LogSumExp[ReferenceRows.HeadIndex(Shape.Layout, Shape.Heads, 1, Sequence.FirstRow, Sequence.Rows, Row, Head)] = maximum + Math.Log(sum);
    }

    /// <summary>The score as the softmax gets it, or null where the key is not seen.</summary>
    private readonly double? SeenScore(int key)
    {
        bool seen = ReferenceVisibility.Sees(Shape, Arguments, Hooks, Sequence, Head, Row, Position, key);
        if (!seen && (Shape.Outputs & (AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores)) == 0)
            return null;

        double score = Shape.Scale * Dot(Query, Keys[key].AsSpan(KvHead * Shape.HeadDim, Shape.HeadDim));
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
            score -= ReferenceBias.AlibiSlope(Shape.Heads, Head) * Math.Abs((double)Position - key);
        if (Shape.RelativePositionBuckets > 0)
            score += Weights.RelativePositionBias[ReferenceBias.Bucket(Shape, key - Position) * Shape.Heads + Head];

        // Masks that lie among the keys hide by −∞, so there a score of −∞ hides too.
        bool hides = Shape.HasScoreModifier || Shape.HasMaskPredicate || Shape.AdditiveMask != MaskAxes.None || Shape.BooleanMask != MaskAxes.None;
        if (hides && double.IsNegativeInfinity(score))
            return null;
        WriteScore(AttentionOutputs.MaskedScores, key, score);
        return score;
    }

    /// <summary>The learned key and the key of zeros, which every query sees: neither masks nor biases nor modifiers apply to them.</summary>
    private readonly void AddAppendedKeys(List<double> scores, List<double[]?> values)
    {
        if (Shape.BiasKeyValue)
        {
            double[] key = ReferenceRows.Row(Weights.BiasKey, KvHead, Shape.HeadDim);
            scores.Add(Cap(Shape.Scale * Dot(Query, key)));
            values.Add(ReferenceRows.Row(Weights.BiasValue, 0, Shape.ValueDim));
        }

        if (Shape.ZeroKeyValue)
        {
            scores.Add(0);
            values.Add(null);
        }
    }

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

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
