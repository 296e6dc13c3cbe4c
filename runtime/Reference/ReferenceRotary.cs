namespace AttentionGen;

/// <summary>What the angles of a row follow from.</summary>
/// <param name="Axes">Its position, or one for each axis.</param>
/// <param name="Cosines">[positions, RotaryDim/2], where the call gives them.</param>
/// <param name="Sines">The same.</param>
internal sealed record RotaryPosition(int[] Axes, float[] Cosines, float[] Sines)
{
    /// <summary>Without tables.</summary>
    public static RotaryPosition Of(int position) => new([position], [], []);
}

/// <summary>Rotary position embedding (Su et al. 2021) and the ways of stretching it, as in Hugging Face's <c>modeling_rope_utils</c>.</summary>
internal static class ReferenceRotary
{
    /// <summary>Rotates every head of a row by the angles of its position, or of its positions on several axes.</summary>
    public static void Rotate(AttentionShape shape, double[] heads, RotaryPosition position) => Rotate(shape, heads, pair => Turn(shape, position, pair));

    /// <summary>The transpose of <see cref="Rotate(AttentionShape, double[], RotaryPosition)"/>, which takes gradients back: the other way round.</summary>
    public static void RotateBack(AttentionShape shape, double[] gradients, RotaryPosition position) => Rotate(shape, gradients, pair =>
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
                (int first, int second) = shape.Rotary == RotaryKind.Interleaved
                    ? (start + 2 * pair, start + 2 * pair + 1)
                    : (start + pair, start + pair + (shape.Rotary == RotaryKind.Proportional ? shape.HeadDim / 2 : pairs));
                (heads[first], heads[second]) = (heads[first] * cosine - heads[second] * sine, heads[second] * cosine + heads[first] * sine);
            }
        }
    }

    /// <summary>The angle from one position to the next.</summary>
    public static double Frequency(AttentionShape shape, int pair)
    {
        double frequency = shape.RotaryFrequencies.Count > 0 ? shape.RotaryFrequencies[pair] : Math.Pow(shape.RotaryBase, -2.0 * pair / Width(shape));
        return shape.RotaryScaling switch
        {
            RotaryScaling.Linear => frequency / shape.RotaryScalingFactor,
            RotaryScaling.Llama3 => Llama3(shape, frequency),
            RotaryScaling.Yarn => Yarn(shape, frequency, pair),
            RotaryScaling.DynamicNtk => DynamicNtk(shape, frequency, pair),
            RotaryScaling.LongRope => frequency / (IsLong(shape) ? shape.RotaryLongFactors : shape.RotaryShortFactors)[pair],
            _ => frequency,
        };
    }

    private static (double Sine, double Cosine) Turn(AttentionShape shape, RotaryPosition position, int pair)
    {
        int own = position.Axes[Axis(shape, pair)];
        if (shape.RotaryTables)
        {
            int element = (own * (shape.RotaryDim / 2)) + pair;
            return (position.Sines[element], position.Cosines[element]);
        }

        (double sine, double cosine) = Math.SinCos(own * Frequency(shape, pair));
        return (sine * shape.RotaryAttentionFactor, cosine * shape.RotaryAttentionFactor);
    }

    /// <summary>Sections of pairs follow each other; or the axes take turns, and the first one has the pairs for which another one has no turn left.</summary>
    private static int Axis(AttentionShape shape, int pair)
    {
        if (shape.RotarySections.Count == 0)
            return 0;
        if (shape.RotarySectionsInterleaved)
        {
            int turn = pair % shape.RotarySections.Count;
            return pair / shape.RotarySections.Count < shape.RotarySections[turn] ? turn : 0;
        }

        int axis = 0;
        for (int end = shape.RotarySections[0]; pair >= end; end += shape.RotarySections[axis])
            axis++;
        return axis;
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

    /// <summary>The base times a power to the power of −2i/d is the frequency times that power to the power of −2i/d.</summary>
    private static double DynamicNtk(AttentionShape shape, double frequency, int pair)
    {
        if (!IsLong(shape))
            return frequency;
        double stretch = 1 + shape.RotaryScalingFactor * (shape.RotaryLength - shape.RotaryOriginalLength) / shape.RotaryOriginalLength;
        return frequency * Math.Pow(stretch, -2.0 * pair / (Width(shape) - 2));
    }

    /// <summary>The dimensions over which the base gives frequencies: proportional rotation leaves some of their pairs as they are.</summary>
    private static int Width(AttentionShape shape) => shape.Rotary == RotaryKind.Proportional ? shape.HeadDim : shape.RotaryDim;

    private static bool IsLong(AttentionShape shape) => shape.RotaryLength > shape.RotaryOriginalLength;

    /// <summary>
    /// Pairs before the first corrected one stay, those behind the last are stretched, and a ramp lies between (Peng et al. 2023, section 3.2).
    /// </summary>
    private static double Yarn(AttentionShape shape, double frequency, int pair)
    {
        double first = PairThatTurns(shape.RotaryBetaFast), last = PairThatTurns(shape.RotaryBetaSlow);
        double low = Math.Max(shape.RotaryTruncate ? Math.Floor(first) : first, 0);
        double high = Math.Min(shape.RotaryTruncate ? Math.Ceiling(last) : last, Width(shape) - 1);
        if (low == high)
            high += 0.001;
        double stretched = Math.Clamp((pair - low) / (high - low), 0, 1);
        return stretched * frequency / shape.RotaryScalingFactor + (1 - stretched) * frequency;

        // The pair, a fraction, that turns so often over the original length.
        double PairThatTurns(double turns) =>
            Width(shape) * Math.Log(shape.RotaryOriginalLength / (turns * 2 * Math.PI)) / (2 * Math.Log(shape.RotaryBase));
    }
}
