using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>What must hold of generated text, for configurations that declare variants.</summary>
[Trait("Speed", "Slow")]
public sealed class OutputVariantTests
{
    private const string Hooks =
        """
        static readonly float[] Slopes = { 0.5f, 0.25f };
        [ScoreModifier] static float Modify(float score, int head, int query, int key) => score - Slopes[head] * (query - key);
        [ProbabilityModifier] static float Probabilities(float p, int head, int query, int key) => p * Slopes[head] - query * 1e-3f;
        [MaskPredicate(Range = "Near")] static Vector256<int> Scores(int head, int query, Vector256<int> keys) => Vector256.LessThan(keys, Vector256.Create(query));
        static (int From, int To) Near(int head, int query, int keys) => (0, keys);
        """;

    private const string CalledHooks =
        """
        [ProbabilityModifier] static Vector256<float> ModifyProbabilities(Vector256<float> p, int head, int query, Vector256<int> keys) => p * p;
        [ScoreModifier] static Vector256<float> Softmax(Vector256<float> scores, int head, int query, Vector256<int> keys) => scores;
        [MaskPredicate] static bool @event(int head, int query, int key) { while (key > 8) key -= 8; return key != 3; }
        """;

    private const string ProbabilityHook =
        "[ProbabilityModifier] static float @event(float sum, int head, int query, int key) { while (key > 8) key -= 8; return key == 3 ? sum : sum * sum; }";

    /// <summary>Settings and members; every variant is in one of them, beside others that touch the same code.</summary>
    public static TheoryData<string, string> Variants => new()
    {
        { "DModel = 8, Causal = true, WindowLeft = 7, ChunkSize = 16, PrefixLengths = true, KeyStarts = true, KeyLengths = true", "" },
        { "DModel = 8, WindowLeft = 3, WindowRight = 3, Documents = true, CausalAlignment = CausalAlignment.BottomRight", "" },
        { "DModel = 8, Causal = true, WindowLeft = 5, Rotary = RotaryKind.HalfSplit, Positions = true, QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormEpsilon = "
            + "1e-5f", "" },
        { "DModel = 8, AdditiveMask = MaskAxes.Key, MaskLength = true", "" },
        { "HeadDim = 4, Projections = false, BooleanMask = MaskAxes.BatchQueryKey, AdditiveMask = MaskAxes.HeadQueryKey, MaskLength = true, Outputs = "
            + "AttentionOutputs.MaskedScores | AttentionOutputs.Probabilities", "" },
        { "DModel = 8, BooleanMask = MaskAxes.BatchHeadQueryKey, AdditiveMask = MaskAxes.Key, Outputs = AttentionOutputs.MaskedScores | "
            + "AttentionOutputs.Probabilities", "" },
        { "DModel = 8, Causal = true, BooleanMask = MaskAxes.BatchKey, AdditiveMask = MaskAxes.HeadQueryKey, Softcap = 0.3f, Outputs = "
            + "AttentionOutputs.CappedScores | AttentionOutputs.LogSumExp", "" },
        { "DModel = 8, Causal = true, Alibi = true, RelativePositionBuckets = 7, Sinks = true, BiasKeyValue = true, Softcap = 50", "" },
        { "DModel = 8, MemoryDim = 12, RelativePositionBuckets = 8, ZeroKeyValue = true, BiasKeyValue = true, QueryKeyNorm = QueryKeyNorm.Layer, Outputs = "
            + "AttentionOutputs.LogSumExp", "" },
        { "DModel = 8, MemoryDim = 12, KeyLengths = true, BooleanMask = MaskAxes.QueryKey, Outputs = AttentionOutputs.AveragedProbabilities | "
            + "AttentionOutputs.ScaledScores", "" },
        { "DModel = 10, HeadDim = 6, ValueHeadDim = 9, KvHeads = 1, Causal = true, Ragged = true, WindowLeft = 100, Outputs = AttentionOutputs.LogSumExp", "" },
        { "DModel = 8, Causal = true, Ragged = true, Documents = true, KeyLengths = true, Alibi = true", Hooks },
        { "DModel = 8, KeyLengths = true, SkipPadding = true, Softcap = 30", "" },
        { "DModel = 8, Causal = true, BiasKeyValue = true, Softcap = 3, Outputs = AttentionOutputs.LogSumExp", ProbabilityHook },
        { "DModel = 8, Sinks = true, BooleanMask = MaskAxes.Key, Outputs = AttentionOutputs.Probabilities | AttentionOutputs.CappedScores, Softcap = 3",
            ProbabilityHook },
        { "DModel = 8, ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -1, Outputs = AttentionOutputs.AveragedProbabilities", Hooks },
        { "DModel = 8, ZeroKeyValue = true, ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -1, BooleanMask = MaskAxes.Key", Hooks },
        { "DModel = 8, Causal = true, KvHeads = 1, ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -1, KeyValues = KeyValueFormat.Int8",
            ProbabilityHook },
        { "HeadDim = 5, ValueHeadDim = 3, Projections = false, KvHeads = 1, KeyLengths = true, Outputs = AttentionOutputs.LogSumExp", "" },
        { "HeadDim = 8, Projections = false, Layout = HeadLayout.HeadsRows, Causal = true, Rotary = RotaryKind.Interleaved, Outputs = "
            + "AttentionOutputs.Probabilities | AttentionOutputs.LogSumExp", "" },
        { "HeadDim = 8, Projections = false, SequenceLength = 6, Sinks = true, BooleanMask = MaskAxes.QueryKey", CalledHooks },
        { "HeadDim = 8, Projections = false, Ragged = true, Causal = true, QueryKeyNorm = QueryKeyNorm.Rms", "" },
        { "DModel = 16, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 8.5, RotaryOriginalLength = "
            + "8192", Hooks },
        { "DModel = 16, Causal = true, Rotary = RotaryKind.Interleaved, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 40, RotaryOriginalLength = "
            + "4096", CalledHooks },
        { "DModel = 16, SequenceLength = 9, Rotary = RotaryKind.HalfSplit, RotaryScaling = RotaryScaling.Linear, RotaryScalingFactor = 1.25, Positions = true, "
            + "Unrolling = Unrolling.Full", "" },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_variant_compiles_cleanly_and_uses_reserved_names(string arguments, string members)
    {
        CSharpCompilation compilation = Compile(Source(arguments, members));
        Compilation output = TextRules.AssertClean(compilation);
        IEnumerable<string> own = compilation.GetTypeByMetadataName("Test.Block")!.GetMembers().Select(member => member.Name);
        TextRules.AssertReserved(output, ReservedNames.Attention, own);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_variant_is_tidy_text_that_reads_the_same_in_every_culture(string arguments, string members)
    {
        TextRules.AssertTidy(Source(arguments, members));
        TextRules.AssertSameInEveryCulture(Source(arguments, members));
    }

    private static string Source(string arguments, string members) =>
        $"using System.Runtime.Intrinsics;\nnamespace Test;\n/// <summary>Documented.</summary>\n[AttentionConfig(Heads = 2, {arguments})] public sealed "
            + $"partial class Block {{ {members} static Vector128<int> Unused => default; }}";
}
