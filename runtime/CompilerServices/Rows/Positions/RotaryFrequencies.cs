namespace AttentionGen.CompilerServices;

/// <summary>What the angles of a rotary embedding depend on. Frequencies are those of Hugging Face's <c>modeling_rope_utils</c>, in double precision.</summary>
internal readonly record struct RotaryFrequencies(int Dim, double Base)
{
    public RotaryScaling Scaling { get; private init; }

    /// <summary>The dimensions over which the base gives frequencies, and half of which lie between the elements of a half-split pair.</summary>
    public int Width { get; private init; } = Dim;

    /// <summary>The frequencies before any scaling where they are given, or none where the base gives them.</summary>
    public EquatableArray<double> Given { get; private init; }

    /// <summary>What LongRoPE divides frequencies by.</summary>
    public EquatableArray<double> PairFactors { get; private init; }

    /// <summary>The pairs of each axis of positions, or none for one axis.</summary>
    public EquatableArray<int> Sections { get; private init; }

    /// <summary>Whether the axes take turns.</summary>
    public bool Interleaves { get; private init; }

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

    public static RotaryFrequencies Of(AttentionShape shape) => new(shape.RotaryDim, BaseOf(shape))
    {
        Width = shape.RotaryWidth,
        Sections = shape.RotarySections,
        Interleaves = shape.RotarySectionsInterleaved,
        Given = shape.RotaryFrequencies,
        PairFactors = shape.RotaryLength > shape.RotaryOriginalLength ? shape.RotaryLongFactors : shape.RotaryShortFactors,
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
            double frequency = Given.Count > 0 ? Given[pair] : Math.Pow(Base, -2.0 * pair / Width);
            frequencies[pair] = Scaling switch
            {
                RotaryScaling.Linear => frequency / Factor,
                RotaryScaling.Llama3 => Llama3(frequency),
                RotaryScaling.Yarn => Yarn(frequency, pair),
                RotaryScaling.LongRope => frequency / PairFactors[pair],
                _ => frequency,
            };
        }

        return frequencies;
    }

    /// <summary>The axis of each pair; none where there is one axis.</summary>
    public int[] ToAxes()
    {
        if (Sections.Count == 0)
            return [];
        var axes = new int[Dim / 2];
        for (int axis = 0, first = 0; axis < Sections.Count; first += Sections[axis++])
        {
            for (int turn = 0; turn < Sections[axis]; turn++)
            {
                // Whatever no other axis takes is of the first one.
                if (!Interleaves)
                    axes[first + turn] = axis;
                else if (axis > 0)
                    axes[axis + (turn * Sections.Count)] = axis;
            }
        }

        return axes;
    }

    /// <summary>Dynamic NTK raises the base for the length of contexts that the kernel is for; up to the original length it stays.</summary>
    private static double BaseOf(AttentionShape shape)
    {
        if (shape.RotaryScaling != RotaryScaling.DynamicNtk)
            return shape.RotaryBase;
        double factor = shape.RotaryScalingFactor, longer = Math.Max(shape.RotaryLength, shape.RotaryOriginalLength) / (double)shape.RotaryOriginalLength;
        return shape.RotaryBase * Math.Pow((factor * longer) - (factor - 1), shape.RotaryWidth / (shape.RotaryWidth - 2.0));
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
        high = Math.Min(high, Width - 1);
        if (low == high)
            high += 0.001;
        double stretched = Math.Clamp((pair - low) / (high - low), 0, 1);
        return (frequency / Factor * stretched) + (frequency * (1 - stretched));
    }

    /// <summary>Which pair, as a real number, turns so often over the original length.</summary>
    private double PairOfTurns(double turns) => Width * Math.Log(OriginalLength / (turns * 2 * Math.PI)) / (2 * Math.Log(Base));
}
