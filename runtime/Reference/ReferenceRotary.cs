namespace AttentionGen;

/// <summary>Rotary position embedding (Su et al. 2021) and the ways of stretching it, as in Hugging Face's <c>modeling_rope_utils</c>.</summary>
internal static class ReferenceRotary
{
    /// <summary>Rotates every head of a row by the angles of its position.</summary>
    public static void Rotate(AttentionShape shape, double[] heads, int position) => Rotate(shape, heads, pair => Turn(shape, position, pair));

    /// <summary>The transpose of <see cref="Rotate(AttentionShape, double[], int)"/>, which takes gradients back: the other way round.</summary>
    public static void RotateBack(AttentionShape shape, double[] gradients, int position) => Rotate(shape, gradients, pair =>
    {
        (double sine, double cosine) = Turn(shape, position, pair);
        return (-sine, cosine);
    });

    /// <summary>Rotates every head of a row: <c>y0 = x0·cos − x1·sin</c>, <c>y1 = x1·cos + x0·sin</c>, with the sine and cosine that each pair has.</summary>
    public static void Rotate(AttentionShape shape, double[] heads, Func<int, (double Sine, double Cosine)> turn)
    {
        if (shape.Rotary == RotaryKind.None)
            return;
        int pairs = shape.RotaryDim / 2;
        for (int pair = 0; pair < pairs; pair++)
        {
            (double sine, double cosine) = turn(pair);
            for (int start = 0; start < heads.Length; start += shape.HeadDim)
            {
                (int first, int second) = shape.Rotary == RotaryKind.HalfSplit
                    ? (start + pair, start + pair + pairs)
                    : (start + 2 * pair, start + 2 * pair + 1);
                (heads[first], heads[second]) = (heads[first] * cosine - heads[second] * sine, heads[second] * cosine + heads[first] * sine);
            }
        }
    }

    /// <summary>The angle from one position to the next.</summary>
    public static double Frequency(AttentionShape shape, int pair)
    {
        double frequency = Math.Pow(shape.RotaryBase, -2.0 * pair / shape.RotaryDim);
        return shape.RotaryScaling switch
        {
            RotaryScaling.Linear => frequency / shape.RotaryScalingFactor,
            RotaryScaling.Llama3 => Llama3(shape, frequency),
            RotaryScaling.Yarn => Yarn(shape, frequency, pair),
            _ => frequency,
        };
    }

    private static (double Sine, double Cosine) Turn(AttentionShape shape, int position, int pair)
    {
        (double sine, double cosine) = Math.SinCos(position * Frequency(shape, pair));
        return (sine * shape.RotaryAttentionFactor, cosine * shape.RotaryAttentionFactor);
    }

    /// <summary>Short wavelengths stay, long ones are stretched, and those between are blended.</summary>
    private static double Llama3(AttentionShape shape, double frequency)
    {
        double turns = shape.RotaryOriginalLength * frequency / (2 * Math.PI);
        if (turns > shape.RotaryHighFrequencyFactor)
            return frequency;
        if (turns < shape.RotaryLowFrequencyFactor)
            return frequency / shape.RotaryScalingFactor;
        double smooth = (turns - shape.RotaryLowFrequencyFactor) / (shape.RotaryHighFrequencyFactor - shape.RotaryLowFrequencyFactor);
        return (1 - smooth) * frequency / shape.RotaryScalingFactor + smooth * frequency;
    }

    /// <summary>
    /// Pairs before the first corrected one stay, those behind the last are stretched, and a ramp lies between (Peng et al. 2023, section 3.2).
    /// </summary>
    private static double Yarn(AttentionShape shape, double frequency, int pair)
    {
        double first = PairThatTurns(shape.RotaryBetaFast), last = PairThatTurns(shape.RotaryBetaSlow);
        double low = Math.Max(shape.RotaryTruncate ? Math.Floor(first) : first, 0);
        double high = Math.Min(shape.RotaryTruncate ? Math.Ceiling(last) : last, shape.RotaryDim - 1);
        if (low == high)
            high += 0.001;
        double stretched = Math.Clamp((pair - low) / (high - low), 0, 1);
        return stretched * frequency / shape.RotaryScalingFactor + (1 - stretched) * frequency;

        // The pair, a fraction, that turns so often over the original length.
        double PairThatTurns(double turns) =>
            shape.RotaryDim * Math.Log(shape.RotaryOriginalLength / (turns * 2 * Math.PI)) / (2 * Math.Log(shape.RotaryBase));
    }
}
