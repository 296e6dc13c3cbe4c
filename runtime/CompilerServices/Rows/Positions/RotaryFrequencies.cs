namespace AttentionGen.CompilerServices;

/// <summary>What the angles of a rotary embedding depend on. Frequencies are those of Hugging Face's <c>modeling_rope_utils</c>, in double precision.</summary>
internal readonly record struct RotaryFrequencies(int Dim, double Base)
{
    public RotaryScaling Scaling { get; private init; }

    /// <summary>By how much frequencies are stretched.</summary>
    public double Factor { get; private init; } = 1;

    public int OriginalLength { get; private init; }

    public double LowFrequencyFactor { get; private init; }

    public double HighFrequencyFactor { get; private init; }

    public double BetaFast { get; private init; }

    public double BetaSlow { get; private init; }

    /// <summary>Whether the range of YaRN's ramp is rounded to whole pairs.</summary>
    public bool Truncate { get; private init; } = true;

    /// <summary>Factor of cosines and sines.</summary>
    public double AttentionFactor { get; private init; } = 1;

    public static RotaryFrequencies Of(AttentionShape shape) => new(shape.RotaryDim, shape.RotaryBase)
    {
        Scaling = shape.RotaryScaling,
        Factor = shape.RotaryScalingFactor,
        OriginalLength = shape.RotaryOriginalLength,
        LowFrequencyFactor = shape.RotaryLowFrequencyFactor,
        HighFrequencyFactor = shape.RotaryHighFrequencyFactor,
        BetaFast = shape.RotaryBetaFast,
        BetaSlow = shape.RotaryBetaSlow,
        Truncate = shape.RotaryTruncate,
        AttentionFactor = shape.RotaryAttentionFactor,
    };

    /// <summary>Radians from a position to the next, of each pair.</summary>
    public double[] ToArray()
    {
        var frequencies = new double[Dim / 2];
        for (int pair = 0; pair < frequencies.Length; pair++)
        {
            double frequency = Math.Pow(Base, -2.0 * pair / Dim);
            frequencies[pair] = Scaling switch
            {
                RotaryScaling.Linear => frequency / Factor,
                RotaryScaling.Llama3 => Llama3(frequency),
                RotaryScaling.Yarn => Yarn(frequency, pair),
                _ => frequency,
            };
        }

        return frequencies;
    }

    /// <summary>Between the two wavelengths, how far the original length is from its share of the low one decides.</summary>
    private double Llama3(double frequency)
    {
        double turns = OriginalLength * frequency / (2 * Math.PI);
        if (turns < LowFrequencyFactor)
            return frequency / Factor;
        if (turns > HighFrequencyFactor)
            return frequency;
        double share = (turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return ((1 - share) * frequency / Factor) + (share * frequency);
    }

    /// <summary>Pairs before <c>low</c> stay, pairs behind <c>high</c> are stretched, those between by a linear ramp.</summary>
    private double Yarn(double frequency, int pair)
    {
        (double low, double high) = (PairOfTurns(BetaFast), PairOfTurns(BetaSlow));
        if (Truncate)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, Dim - 1);
        if (low == high)
            high += 0.001;
        double stretched = Math.Clamp((pair - low) / (high - low), 0, 1);
        return (frequency / Factor * stretched) + (frequency * (1 - stretched));
    }

    /// <summary>Which pair, as a real number, turns so often over the original length.</summary>
    private double PairOfTurns(double turns) => Dim * Math.Log(OriginalLength / (turns * 2 * Math.PI)) / (2 * Math.Log(Base));
}
