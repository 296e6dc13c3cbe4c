namespace AttentionGen.Tests.Support;

// What a configuration may declare beside its shape, with values at random; what contradicts something declared before is the generator's to refuse.
internal static partial class RandomConfiguration
{
    private static readonly Func<TestConfiguration, Random, TestConfiguration>[] Features =
    [
        // The block.
        (block, random) => block.Projections ? block with { MemoryDim = random.Next(2) == 0 ? block.DModel : random.Next(1, 150) } : block,
        (block, random) => block.Projections
            ? block with { MemoryDim = random.Next(1, 150), ValueInputDim = random.Next(2) == 0 ? block.DModel : random.Next(1, 150) }
            : block,
        (block, random) => block.Projections
            ? block with { QueryBias = random.Next(2) == 0, KeyBias = random.Next(2) == 0, ValueBias = random.Next(2) == 0, OutputBias = random.Next(2) == 0 }
            : block,
        (block, random) => block.Projections ? block with { Weights = (WeightFormat)random.Next(1, 6) } : block,
        (block, random) => block.Projections
            ? block with { Weights = Pick(random, WeightFormat.Int8Blocks, WeightFormat.Int4Blocks), Arithmetic = WeightArithmetic.Int8 }
            : block,
        (block, random) => block with { ValueHeadDim = random.Next(1, 70) },
        (block, random) => block with { HeadMask = true },
        (block, random) => block.Projections ? block with { OutputGate = true } : block with { InputBias = true },
        (block, random) => block.Projections && block.OutputBias ? block with { OutputProjection = false } : block,
        (block, random) => block with { Gradients = true },
        (block, random) => block with { SequenceLength = 1 + Length(random) },
        (block, random) => block.IsCrossAttention || !block.Projections
            ? block with { KeyValues = (KeyValueFormat)random.Next(4) }
            : block with { KeyValues = (KeyValueFormat)random.Next(4), Causal = true },
        // Unrolled wide shapes would take most of the time to compile.
        (block, random) =>
            block.Heads * Math.Max(block.HeadDim, block.ValueHeadDim) <= 40 && block.DModel <= 40 ? block with { Unrolling = Unrolling.Full } : block,
        // What a query sees.
        (block, random) => block with { Causal = true, CausalAlignment = (CausalAlignment)random.Next(2) },
        (block, random) => block with { Causal = true },
        (block, random) => block with { KeyLengths = true },
        (block, random) => block with { KeyStarts = true },
        (block, random) => block with { WindowLeft = Length(random) },
        (block, random) => block with { WindowRight = Length(random) },
        (block, random) => block with { Causal = true, PrefixLengths = true },
        (block, random) => block with { ChunkSize = 1 + Length(random) },
        (block, random) => block.IsCrossAttention ? block : block with { Documents = true },
        (block, random) => block with { BooleanMask = MaskAxes.Key | (MaskAxes)random.Next(16) },
        (block, random) => block with { AdditiveMask = MaskAxes.Key | (MaskAxes)random.Next(16) },
        (block, random) =>
            block.Ragged ? block : block with { MaskLength = true, AdditiveMask = block.AdditiveMask | MaskAxes.Key | (MaskAxes)random.Next(16) },
        (block, random) => block.Ragged ? block : block with { MaskLength = true, BooleanMask = block.BooleanMask | MaskAxes.Key | (MaskAxes)random.Next(16) },
        (block, random) => block with { MaskPredicate = Pick(random, TestHook.ThirdsPredicate, TestHook.RangePredicate, TestHook.VectorPredicate) },
        (block, random) => block with { Ragged = true },
        (block, random) => block.IsCrossAttention || !block.Projections ? block : block with { KeyLengths = true, SkipPadding = true },
        // What happens to scores.
        (block, random) => block with { Scale = random.NextSingle() + 0.05f },
        (block, random) => block with { Softcap = (3 * random.NextSingle()) + 0.5f },
        (block, random) => block with { ScoreModifier = Pick(random, TestHook.DistanceModifier, TestHook.TableModifier, TestHook.VectorModifier) },
        (block, random) => block with
        {
            ProbabilityModifier = Pick(random, TestHook.CurvedProbability, TestHook.TableProbability, TestHook.VectorProbability),
        },
        (block, random) => block with { ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -6 * random.NextSingle() },
        (block, random) => block with { Alibi = true },
        (block, random) => block with { Alibi = true, AlibiScale = 0.1 + random.NextDouble(), AlibiSlopes = random.Next(2) == 0 ? block.AlibiSlopes
            : new EquatableArray<double>(Enumerable.Range(0, block.Heads).Select(_ => random.NextDouble() - 0.1)) },
        (block, random) => block with { RelativePositionBuckets = 4 * random.Next(1, 10), RelativePositionMaxDistance = random.Next(20, 200) },
        (block, random) => block with { Sinks = true },
        // Small heads may have a small norm, which magnifies what is lost before it.
        (block, random) => block with { QueryKeyNorm = (QueryKeyNorm)random.Next(1, 3), QueryKeyNormEpsilon = 0.005f + (0.05f * random.NextSingle()) },
        (block, random) => block.QueryKeyNorm == QueryKeyNorm.Rms
            ? block with { QueryKeyNormScope = (QueryKeyNormScope)random.Next(block.Projections ? 3 : 2) }
            : block with
            {
                QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormEpsilon = 0.01f, QueryKeyNormBias = random.Next(2) == 0,
                QueryKeyNormScope = (QueryKeyNormScope)random.Next(block.Projections ? 3 : 2),
            },
        (block, random) => (block.Rotary == RotaryKind.None ? Rotated(block, random) : block) with { QueryKeyNorm = QueryKeyNorm.Rms,
            QueryKeyNormEpsilon = 0.01f, QueryKeyNormAfterRotary = true },
        (block, random) => block with { BiasKeyValue = true },
        (block, random) => block with { ZeroKeyValue = true },
        (block, random) => block with { Outputs = block.Outputs | AttentionOutputs.LogSumExp },
        (block, random) => block with { Outputs = block.Outputs | Pick(random, AttentionOutputs.Probabilities, AttentionOutputs.AveragedProbabilities) },
        (block, random) => block with { Outputs = block.Outputs | Pick(random, AttentionOutputs.ScaledScores, AttentionOutputs.MaskedScores) },
        (block, random) => block with { Outputs = block.Outputs | AttentionOutputs.CappedScores, Softcap = block.Softcap == 0 ? 1.5f : block.Softcap },
        // Rotary embedding.
        Rotated,
        (block, random) => WithScaling(block.Rotary == RotaryKind.None ? Rotated(block, random) : block, random),
        (block, random) => WithScaling(block.Rotary == RotaryKind.None ? Rotated(block, random) : block, random),
        (block, random) => (block.Rotary == RotaryKind.None ? Rotated(block, random) : block) with { Positions = true },
        (block, random) => (block.Rotary == RotaryKind.None ? Rotated(block, random) : block) with { RotaryBase = 10_000,
            RotaryTables = block.Rotary != RotaryKind.None },
        (block, random) => WithSections(block.Rotary == RotaryKind.None ? Rotated(block, random) : block, random),
        (block, random) => WithFrequencies(Rotated(block, random) with { RotaryBase = 10_000 }, random),
    ];

    private static TestConfiguration Rotated(TestConfiguration block, Random random)
    {
        int headDim = HeadWidth(block);
        if (block.IsCrossAttention || headDim < 2)
            return block;
        bool partial = headDim % 2 != 0 || random.Next(2) == 0;
        return block with
        {
            Rotary = (RotaryKind)random.Next(1, 4),
            RotaryDim = partial ? 2 * random.Next(1, (headDim / 2) + 1) : 0,
            RotaryBase = random.Next(3) == 0 ? random.Next(100, 1_000_000) : 10_000,
        };
    }

    private static TestConfiguration WithFrequencies(TestConfiguration block, Random random) =>
        block.Rotary == RotaryKind.None ? block : block with { RotaryFrequencies = Numbers(block, random, 0) };

    private static TestConfiguration WithScaling(TestConfiguration block, Random random)
    {
        if (block.Rotary == RotaryKind.None)
            return block;
        TestConfiguration scaled =
            block with { RotaryScaling = (RotaryScaling)random.Next(1, 6), RotaryScalingFactor = 1 + (10 * random.NextDouble()), RotaryOriginalLength = 0 };
        return scaled.RotaryScaling switch
        {
            RotaryScaling.Llama3 => scaled with
            {
                RotaryOriginalLength = random.Next(1, 5000),
                RotaryLowFrequencyFactor = random.Next(2) == 0 ? 1 : 0.5 + random.NextDouble(),
                RotaryHighFrequencyFactor = random.Next(2) == 0 ? 4 : 2 + (5 * random.NextDouble()),
            },
            RotaryScaling.Yarn => WithTemperatures(random, scaled with
            {
                RotaryTruncate = random.Next(2) == 0,
                RotaryOriginalLength = random.Next(1, 5000),
                RotaryBetaSlow = random.Next(2) == 0 ? 1 : 0.5 + random.NextDouble(),
                RotaryBetaFast = random.Next(2) == 0 ? 32 : 8 + (50 * random.NextDouble()),
                RotaryAttentionFactor = random.Next(2) == 0 ? 0 : 0.5 + random.NextDouble(),
            }),
            RotaryScaling.DynamicNtk => WithLength(scaled, random),
            RotaryScaling.LongRope => WithLength(scaled, random) with
            {
                RotaryShortFactors = Numbers(block, random, 0.5),
                RotaryLongFactors = Numbers(block, random, 0.5),
                RotaryAttentionFactor = random.Next(2) == 0 ? 0 : 0.5 + random.NextDouble(),
            },
            _ => scaled,
        };
    }

    /// <summary>Two axes or three, which may take turns.</summary>
    private static TestConfiguration WithSections(TestConfiguration block, Random random)
    {
        int pairs = (block.RotaryDim == 0 ? HeadWidth(block) : block.RotaryDim) / 2;
        if (block.Rotary == RotaryKind.None || pairs < 3)
            return block;
        int third = random.Next(pairs / 3 + 1), second = random.Next(1, (pairs / 3) + 1);
        return block with
        {
            Positions = true,
            RotarySections = third == 0 ? new[] { pairs - second, second } : new[] { pairs - second - third, second, third },
            RotarySectionsInterleaved = random.Next(2) == 0,
        };
    }

    /// <summary>The original length is the longer one in half of the cases.</summary>
    private static TestConfiguration WithLength(TestConfiguration block, Random random) =>
        block with { RotaryOriginalLength = random.Next(2, 5000), RotaryLength = random.Next(1000, 5000) };

    /// <summary>A number for each pair that is rotated.</summary>
    private static double[] Numbers(TestConfiguration block, Random random, double least) =>
        [.. Enumerable.Range(0, (block.RotaryDim == 0 ? HeadWidth(block) : block.RotaryDim) / 2).Select(_ => least + random.NextDouble())];

    private static int HeadWidth(TestConfiguration block) => block.HeadDim != 0 ? block.HeadDim : block.DModel / block.Heads;

    /// <summary>Each of the two has an effect only beside the other.</summary>
    private static TestConfiguration WithTemperatures(Random random, TestConfiguration block) => random.Next(2) == 0
        ? block
        : block with { RotaryMscale = 0.5 + random.NextDouble(), RotaryMscaleAllDim = 0.5 + random.NextDouble() };

    private static T Pick<T>(Random random, params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    /// <summary>Short lengths mostly, sometimes past a key block.</summary>
    public static int Length(Random random) => random.Next(6) switch
    {
        0 => random.Next(200, 330),
        1 or 2 => random.Next(12),
        _ => random.Next(100),
    };
}
