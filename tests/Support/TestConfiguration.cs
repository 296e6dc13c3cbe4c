using System.Globalization;
using System.Text;

namespace AttentionGen.Tests.Support;

/// <summary>One configuration as a user would write it: renders the attribute, and resolves the defaults on its own.</summary>
internal sealed record TestConfiguration
{
    public required int Heads { get; init; }

    public required int DModel { get; init; }

    public int KvHeads { get; init; }

    public int HeadDim { get; init; }

    public int MemoryDim { get; init; }

    public bool QueryBias { get; init; } = true;

    public bool KeyBias { get; init; } = true;

    public bool ValueBias { get; init; } = true;

    public bool OutputBias { get; init; } = true;

    public bool Causal { get; init; }

    public CausalAlignment CausalAlignment { get; init; }

    public float Scale { get; init; }

    public RotaryKind Rotary { get; init; }

    public int RotaryDim { get; init; }

    public double RotaryBase { get; init; } = 10_000;

    public bool KeyLengths { get; init; }

    public int SequenceLength { get; init; }

    public Unrolling Unrolling { get; init; }

    /// <summary>Whether the four projections all add a bias, or none does.</summary>
    public bool Biases
    {
        init => QueryBias = KeyBias = ValueBias = OutputBias = value;
    }

    public bool IsCrossAttention => MemoryDim != 0;

    /// <summary>What the generated class must report, worked out here so that the generator's defaults are tested too.</summary>
    public AttentionShape Shape
    {
        get
        {
            int headDim = HeadDim == 0 ? DModel / Heads : HeadDim;
            bool rotates = Rotary != RotaryKind.None;
            return new()
            {
                Heads = Heads,
                KvHeads = KvHeads == 0 ? Heads : KvHeads,
                HeadDim = headDim,
                DModel = DModel,
                MemoryDim = IsCrossAttention ? MemoryDim : DModel,
                IsCrossAttention = IsCrossAttention,
                QueryBias = QueryBias,
                KeyBias = KeyBias,
                ValueBias = ValueBias,
                OutputBias = OutputBias,
                Causal = Causal,
                CausalAlignment = CausalAlignment,
                Scale = Scale == 0 ? (float)(1 / Math.Sqrt(headDim)) : Scale,
                Rotary = Rotary,
                RotaryDim = !rotates ? 0 : RotaryDim == 0 ? headDim : RotaryDim,
                RotaryBase = RotaryBase,
                KeyLengths = KeyLengths,
                SequenceLength = SequenceLength,
            };
        }
    }

    /// <summary>The attribute's arguments; what is at its default is left out, as a user would leave it out.</summary>
    public string AttributeText
    {
        get
        {
            var text = new StringBuilder();
            void Add<T>(string name, T value, T standard, string prefix = "", string suffix = "")
            {
                if (EqualityComparer<T>.Default.Equals(value, standard))
                    return;
                string literal = value is bool flag ? (flag ? "true" : "false") : string.Create(CultureInfo.InvariantCulture, $"{value}");
                text.Append(text.Length == 0 ? "" : ", ").Append(name).Append(" = ").Append(prefix).Append(literal).Append(suffix);
            }

            Add(nameof(Heads), Heads, 0);
            Add(nameof(DModel), DModel, 0);
            Add(nameof(KvHeads), KvHeads, 0);
            Add(nameof(HeadDim), HeadDim, 0);
            Add(nameof(MemoryDim), MemoryDim, 0);
            Add(nameof(QueryBias), QueryBias, true);
            Add(nameof(KeyBias), KeyBias, true);
            Add(nameof(ValueBias), ValueBias, true);
            Add(nameof(OutputBias), OutputBias, true);
            Add(nameof(Causal), Causal, false);
            Add(nameof(CausalAlignment), CausalAlignment, CausalAlignment.TopLeft, "CausalAlignment.");
            Add(nameof(Scale), Scale, 0, suffix: "f");
            Add(nameof(Rotary), Rotary, RotaryKind.None, "RotaryKind.");
            Add(nameof(RotaryDim), RotaryDim, 0);
            Add(nameof(RotaryBase), RotaryBase, 10_000, suffix: "d");
            Add(nameof(KeyLengths), KeyLengths, false);
            Add(nameof(SequenceLength), SequenceLength, 0);
            Add(nameof(Unrolling), Unrolling, Unrolling.Auto, "Unrolling.");
            return text.ToString();
        }
    }

    public override string ToString() => AttributeText;
}
