using System.Reflection;

namespace AttentionGen.Tests.Support;

// Scores, visibility and rotary embedding.
internal sealed partial record TestConfiguration
{
    public bool Causal { get; init; }

    public CausalAlignment CausalAlignment { get; init; }

    public bool KeyLengths { get; init; }

    public bool KeyStarts { get; init; }

    public int WindowLeft { get; init; } = -1;

    public int WindowRight { get; init; } = -1;

    public bool PrefixLengths { get; init; }

    public int ChunkSize { get; init; }

    public bool Documents { get; init; }

    public MaskAxes BooleanMask { get; init; }

    public MaskAxes AdditiveMask { get; init; }

    public bool MaskLength { get; init; }

    public bool HeadMask { get; init; }

    public bool InputBias { get; init; }

    public bool OutputGate { get; init; }

    public bool OutputProjection { get; init; } = true;

    public bool Ragged { get; init; }

    public bool SkipPadding { get; init; }

    public float Scale { get; init; }

    public float Softcap { get; init; }

    public ScoreFunction ScoreFunction { get; init; }

    public float SigmoidBias { get; init; } = float.NaN;

    public bool Alibi { get; init; }

    public EquatableArray<double> AlibiSlopes { get; init; }

    public double AlibiScale { get; init; } = 1;

    public int RelativePositionBuckets { get; init; }

    public int RelativePositionMaxDistance { get; init; } = 128;

    public bool Sinks { get; init; }

    public QueryKeyNorm QueryKeyNorm { get; init; }

    public QueryKeyNormScope QueryKeyNormScope { get; init; }

    public bool QueryKeyNormAfterRotary { get; init; }

    public float QueryKeyNormEpsilon { get; init; } = 1e-6f;

    public bool QueryKeyNormBias { get; init; } = true;

    public bool BiasKeyValue { get; init; }

    public bool ZeroKeyValue { get; init; }

    public AttentionOutputs Outputs { get; init; }

    public RotaryKind Rotary { get; init; }

    public int RotaryDim { get; init; }

    public double RotaryBase { get; init; } = 10_000;

    public EquatableArray<double> RotaryFrequencies { get; init; }

    public bool RotaryTables { get; init; }

    public RotaryScaling RotaryScaling { get; init; }

    public double RotaryScalingFactor { get; init; }

    public int RotaryOriginalLength { get; init; }

    public int RotaryLength { get; init; }

    public EquatableArray<double> RotaryShortFactors { get; init; }

    public EquatableArray<double> RotaryLongFactors { get; init; }

    public double RotaryLowFrequencyFactor { get; init; } = 1;

    public double RotaryHighFrequencyFactor { get; init; } = 4;

    public double RotaryBetaFast { get; init; } = 32;

    public double RotaryBetaSlow { get; init; } = 1;

    public bool RotaryTruncate { get; init; } = true;

    public double RotaryAttentionFactor { get; init; }

    public double RotaryMscale { get; init; }

    public double RotaryMscaleAllDim { get; init; }

    public EquatableArray<int> RotarySections { get; init; }

    public bool RotarySectionsInterleaved { get; init; }

    public bool Positions { get; init; }

    /// <summary>The user's score modifier, or null.</summary>
    public TestHook? ScoreModifier { get; init; }

    /// <summary>The user's probability modifier, or null.</summary>
    public TestHook? ProbabilityModifier { get; init; }

    /// <summary>The user's mask predicate, or null.</summary>
    public TestHook? MaskPredicate { get; init; }

    public bool HasScoreModifier => ScoreModifier is not null;

    public bool HasProbabilityModifier => ProbabilityModifier is not null;

    public bool HasMaskPredicate => MaskPredicate is not null;

    public TestHook[] Hooks => [.. new[] { ScoreModifier, ProbabilityModifier, MaskPredicate }.OfType<TestHook>()];

    /// <summary>The same methods in double precision.</summary>
    public ReferenceHooks ReferenceHooks => new()
    {
        ScoreModifier = ScoreModifier?.Modifier, ProbabilityModifier = ProbabilityModifier?.Modifier, MaskPredicate = MaskPredicate?.Predicate,
    };

    /// <summary>What the generated class must report, worked out here so that the generator's defaults are tested too.</summary>
    public AttentionShape Shape
    {
        get
        {
            bool rotates = Rotary != RotaryKind.None, llama3 = RotaryScaling == RotaryScaling.Llama3, yarn = RotaryScaling == RotaryScaling.Yarn;
            bool longRope = RotaryScaling == RotaryScaling.LongRope;
            return WithSettings() with
            {
                KvHeads = KvHeads == 0 ? Heads : KvHeads,
                HeadDim = HeadWidth,
                ValueHeadDim = ValueHeadDim == HeadWidth ? 0 : ValueHeadDim,
                MemoryDim = IsCrossAttention ? MemoryDim : DModel,
                QueryBias = Projections && QueryBias,
                KeyBias = Projections && KeyBias,
                ValueBias = Projections && ValueBias,
                OutputBias = Projections && OutputProjection && OutputBias,
                Weights = Weights,
                Arithmetic = Arithmetic,
                Scale = Scale == 0 ? (float)(1 / Math.Sqrt(HeadWidth)) : Scale,
                SigmoidBias = ScoreFunction == ScoreFunction.Softmax ? 0 : float.IsNaN(SigmoidBias) ? (float)-Math.Log(SequenceLength) : SigmoidBias,
                RelativePositionMaxDistance = RelativePositionBuckets == 0 ? 0 : RelativePositionMaxDistance,
                QueryKeyNormEpsilon = QueryKeyNorm == QueryKeyNorm.None ? 0 : QueryKeyNormEpsilon,
                RotaryDim = !rotates ? 0 : RotaryDim == 0 ? HeadWidth : RotaryDim,
                RotaryScalingFactor = RotaryScaling == RotaryScaling.None ? 1 : RotaryScalingFactor,
                RotaryOriginalLength = RotaryScaling is RotaryScaling.None or RotaryScaling.Linear ? 0 : RotaryOriginalLength,
                RotaryLowFrequencyFactor = llama3 ? RotaryLowFrequencyFactor : 0,
                RotaryHighFrequencyFactor = llama3 ? RotaryHighFrequencyFactor : 0,
                RotaryBetaFast = yarn ? RotaryBetaFast : 0,
                RotaryBetaSlow = yarn ? RotaryBetaSlow : 0,
                RotaryTruncate = !yarn || RotaryTruncate,
                RotaryAttentionFactor = longRope && RotaryAttentionFactor == 0
                    ? Math.Sqrt(1 + (Math.Log(RotaryScalingFactor) / Math.Log(RotaryOriginalLength)))
                    : !yarn && !longRope
                    ? 1
                    : RotaryAttentionFactor != 0
                    ? RotaryAttentionFactor
                    : RotaryMscale == 0
                    ? Temperature(1)
                    : Temperature(RotaryMscale) / Temperature(RotaryMscaleAllDim),
            };
        }
    }

    private double Temperature(double mscale) => (0.1 * mscale * Math.Log(RotaryScalingFactor)) + 1;

    /// <summary>Each setting of a shape as the property of its name here has it. A shape's new setting is one property here.</summary>
    private AttentionShape WithSettings()
    {
        AttentionShape shape = new() { Heads = 0, KvHeads = 0, HeadDim = 0, DModel = 0, MemoryDim = 0, Scale = 0 };
        foreach (PropertyInfo setting in ShapeSettings)
        {
            PropertyInfo own = typeof(TestConfiguration).GetProperty(setting.Name) ?? throw new InvalidOperationException(
                $"A test configuration has no {setting.Name}.");
            setting.SetValue(shape, own.GetValue(this));
        }

        return shape;
    }

    private static readonly PropertyInfo[] ShapeSettings = [.. typeof(AttentionShape).GetProperties().Where(property => property.CanWrite)];
}
