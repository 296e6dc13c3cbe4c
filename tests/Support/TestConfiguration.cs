using System.Globalization;
using System.Text;

namespace AttentionGen.Tests.Support;

/// <summary>One configuration as a user would write it: renders the attribute, and resolves the defaults on its own.</summary>
internal sealed partial record TestConfiguration
{
    public required int Heads { get; init; }

    public int DModel { get; init; }

    public int KvHeads { get; init; }

    public int HeadDim { get; init; }

    public int ValueHeadDim { get; init; }

    public bool Projections { get; init; } = true;

    public HeadLayout Layout { get; init; }

    public int MemoryDim { get; init; }

    public bool QueryBias { get; init; } = true;

    public bool KeyBias { get; init; } = true;

    public bool ValueBias { get; init; } = true;

    public bool OutputBias { get; init; } = true;

    public int SequenceLength { get; init; }

    public Unrolling Unrolling { get; init; }

    /// <summary>Whether the four projections all add a bias, or none does.</summary>
    public bool Biases
    {
        init => QueryBias = KeyBias = ValueBias = OutputBias = value;
    }

    public bool IsCrossAttention => MemoryDim != 0;

    private int HeadWidth => HeadDim == 0 ? DModel / Heads : HeadDim;

    /// <summary>The attribute's arguments; what is at its default is left out, as a user would leave it out.</summary>
    public string AttributeText
    {
        get
        {
            var text = new StringBuilder();
            Add(nameof(Heads), Heads, 0);
            Add(nameof(DModel), DModel, 0);
            Add(nameof(KvHeads), KvHeads, 0);
            Add(nameof(HeadDim), HeadDim, 0);
            Add(nameof(ValueHeadDim), ValueHeadDim, 0);
            Add(nameof(Projections), Projections, true);
            Add(nameof(Layout), Layout, HeadLayout.RowsHeads);
            Add(nameof(MemoryDim), MemoryDim, 0);
            Add(nameof(QueryBias), QueryBias, true);
            Add(nameof(KeyBias), KeyBias, true);
            Add(nameof(ValueBias), ValueBias, true);
            Add(nameof(OutputBias), OutputBias, true);
            Add(nameof(SequenceLength), SequenceLength, 0);
            Add(nameof(Causal), Causal, false);
            Add(nameof(CausalAlignment), CausalAlignment, CausalAlignment.TopLeft);
            Add(nameof(KeyLengths), KeyLengths, false);
            Add(nameof(KeyStarts), KeyStarts, false);
            Add(nameof(WindowLeft), WindowLeft, -1);
            Add(nameof(WindowRight), WindowRight, -1);
            Add(nameof(PrefixLengths), PrefixLengths, false);
            Add(nameof(ChunkSize), ChunkSize, 0);
            Add(nameof(Documents), Documents, false);
            Add(nameof(BooleanMask), BooleanMask, MaskAxes.None);
            Add(nameof(AdditiveMask), AdditiveMask, MaskAxes.None);
            Add(nameof(Ragged), Ragged, false);
            Add(nameof(SkipPadding), SkipPadding, false);
            Add(nameof(Scale), Scale, 0);
            Add(nameof(Softcap), Softcap, 0);
            Add(nameof(Alibi), Alibi, false);
            Add(nameof(RelativePositionBuckets), RelativePositionBuckets, 0);
            Add(nameof(RelativePositionMaxDistance), RelativePositionMaxDistance, 128);
            Add(nameof(Sinks), Sinks, false);
            Add(nameof(QueryKeyNorm), QueryKeyNorm, QueryKeyNorm.None);
            Add(nameof(QueryKeyNormEpsilon), QueryKeyNormEpsilon, 1e-6f);
            Add(nameof(BiasKeyValue), BiasKeyValue, false);
            Add(nameof(ZeroKeyValue), ZeroKeyValue, false);
            Add(nameof(Outputs), Outputs, AttentionOutputs.None);
            Add(nameof(Rotary), Rotary, RotaryKind.None);
            Add(nameof(RotaryDim), RotaryDim, 0);
            Add(nameof(RotaryBase), RotaryBase, 10_000);
            Add(nameof(RotaryScaling), RotaryScaling, RotaryScaling.None);
            Add(nameof(RotaryScalingFactor), RotaryScalingFactor, 0);
            Add(nameof(RotaryOriginalLength), RotaryOriginalLength, 0);
            Add(nameof(RotaryLowFrequencyFactor), RotaryLowFrequencyFactor, 1);
            Add(nameof(RotaryHighFrequencyFactor), RotaryHighFrequencyFactor, 4);
            Add(nameof(RotaryBetaFast), RotaryBetaFast, 32);
            Add(nameof(RotaryBetaSlow), RotaryBetaSlow, 1);
            Add(nameof(RotaryAttentionFactor), RotaryAttentionFactor, 0);
            Add(nameof(Positions), Positions, false);
            Add(nameof(Unrolling), Unrolling, Unrolling.Auto);
            return text.ToString();

            void Add<T>(string name, T value, T standard)
                where T : notnull
            {
                if (!EqualityComparer<T>.Default.Equals(value, standard))
                    text.Append(text.Length == 0 ? "" : ", ").Append(name).Append(" = ").Append(Literal(value));
            }
        }
    }

    public override string ToString() => Hooks.Length == 0 ? AttributeText : $"{AttributeText}, hooks {string.Join(", ", Hooks)}";

    private static string Literal(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        float number when !float.IsFinite(number) => $"float.{Constant(number)}",
        float number => number.ToString("R", CultureInfo.InvariantCulture) + "f",
        double number when !double.IsFinite(number) => $"double.{Constant(number)}",
        double number => number.ToString("R", CultureInfo.InvariantCulture) + "d",
        // A value that the enumeration does not have is written as a number.
        Enum choice when char.IsAsciiDigit(choice.ToString()[^1]) => $"({choice.GetType().Name})({choice:D})",
        // Several flags are written as several values.
        Enum choice => string.Join(" | ", choice.ToString().Split(", ").Select(name => $"{choice.GetType().Name}.{name}")),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static string Constant(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "PositiveInfinity" : "NegativeInfinity";
}
