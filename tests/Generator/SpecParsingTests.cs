using AttentionGen.Generator.Model;
using Model = AttentionGen.Generator.Model;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

public sealed class SpecParsingTests
{
    [Fact]
    public void Defaults_are_resolved()
    {
        AttentionSpec spec = ParseSpec("Heads = 8, DModel = 512");

        Assert.Equal(8, spec.Heads);
        Assert.Equal(8, spec.KvHeads);
        Assert.Equal(64, spec.HeadDim);
        Assert.Equal(512, spec.DModel);
        Assert.Equal(512, spec.MemoryDim);
        Assert.False(spec.IsCrossAttention);
        Assert.True(spec is { QueryBias: true, KeyBias: true, ValueBias: true, OutputBias: true });
        Assert.False(spec.Causal);
        Assert.Equal(Model.CausalAlignment.TopLeft, spec.CausalAlignment);
        Assert.Equal(0.125f, spec.Scale);
        Assert.Equal(Model.RotaryKind.None, spec.Rotary);
        Assert.Equal(0, spec.RotaryDim);
        Assert.Equal(10_000, spec.RotaryBase);
        Assert.False(spec.KeyLengths);
        Assert.Equal(0, spec.SequenceLength);
        Assert.Equal(Model.Unrolling.Auto, spec.Unrolling);
        Assert.False(spec.HasCache);
    }

    [Fact]
    public void Every_setting_is_read()
    {
        AttentionSpec spec = ParseSpec(
            """
            Heads = 12, KvHeads = 4, HeadDim = 10, DModel = 50, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
            Causal = true, CausalAlignment = CausalAlignment.BottomRight, Scale = 0.25f, Rotary = RotaryKind.HalfSplit, RotaryDim = 6,
            RotaryBase = 500000.5, KeyLengths = true, SequenceLength = 77, Unrolling = Unrolling.Full
            """);

        Assert.Equal((12, 4, 10, 50), (spec.Heads, spec.KvHeads, spec.HeadDim, spec.DModel));
        Assert.True(spec is { QueryBias: false, KeyBias: false, ValueBias: false, OutputBias: false });
        Assert.True(spec is { Causal: true, CausalAlignment: Model.CausalAlignment.BottomRight });
        Assert.Equal(0.25f, spec.Scale);
        Assert.Equal((Model.RotaryKind.HalfSplit, 6, 500000.5), (spec.Rotary, spec.RotaryDim, spec.RotaryBase));
        Assert.True(spec.KeyLengths);
        Assert.Equal(77, spec.SequenceLength);
        Assert.Equal(Model.Unrolling.Full, spec.Unrolling);
        Assert.False(spec.HasCache);
    }

    [Fact]
    public void Defaults_of_the_variants_are_resolved()
    {
        AttentionSpec spec = ParseSpec("Heads = 8, DModel = 512");

        Assert.True(spec is { ValueHeadDim: 64, HasProjections: true, Layout: Model.HeadLayout.RowsHeads });
        Assert.True(spec is { KeyStarts: false, WindowLeft: -1, WindowRight: -1, PrefixLengths: false, ChunkSize: 0, Documents: false });
        Assert.True(spec is { BooleanMask: Model.MaskAxes.None, AdditiveMask: Model.MaskAxes.None, MaskPredicate: null, Ragged: false, SkipPadding: false });
        Assert.True(spec is { Softcap: 0, ScoreModifier: null, Alibi: false, RelativePositionBuckets: 0, RelativePositionMaxDistance: 0, Sinks: false });
        Assert.True(spec is { QueryKeyNorm: Model.QueryKeyNorm.None, QueryKeyNormEpsilon: 0, BiasKeyValue: false, ZeroKeyValue: false, Outputs: Model.AttentionOutputs.None });
        Assert.Equal(RotarySpec.None, spec.RotaryEmbedding);
    }

    [Fact]
    public void Every_setting_of_visibility_is_read()
    {
        AttentionSpec spec = ParseSpec(
            """
            Heads = 2, DModel = 8, Causal = true, KeyStarts = true, WindowLeft = 5, WindowRight = 0, PrefixLengths = true, ChunkSize = 7, Documents = true,
            BooleanMask = MaskAxes.BatchQueryKey, AdditiveMask = MaskAxes.HeadQueryKey, KeyLengths = true, SkipPadding = true
            """);

        Assert.True(spec is { KeyStarts: true, WindowLeft: 5, WindowRight: 0, PrefixLengths: true, ChunkSize: 7, Documents: true, SkipPadding: true });
        Assert.Equal(Model.MaskAxes.Batch | Model.MaskAxes.Query | Model.MaskAxes.Key, spec.BooleanMask);
        Assert.Equal(Model.MaskAxes.Head | Model.MaskAxes.Query | Model.MaskAxes.Key, spec.AdditiveMask);
        Assert.True(ParseSpec("Heads = 2, DModel = 8, Ragged = true").Ragged);
    }

    [Fact]
    public void Every_setting_of_scores_is_read()
    {
        AttentionSpec spec = ParseSpec(
            """
            Heads = 2, DModel = 8, ValueHeadDim = 6, Scale = 0.5f, Softcap = 50, Alibi = true, RelativePositionBuckets = 16, RelativePositionMaxDistance = 64,
            Sinks = true, QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormEpsilon = 0.25f, BiasKeyValue = true, ZeroKeyValue = true, Outputs = AttentionOutputs.LogSumExp
            """);

        Assert.True(spec is { ValueHeadDim: 6, Scale: 0.5f, Softcap: 50, Alibi: true, RelativePositionBuckets: 16, RelativePositionMaxDistance: 64 });
        Assert.True(spec is { Sinks: true, QueryKeyNorm: Model.QueryKeyNorm.Layer, QueryKeyNormEpsilon: 0.25f, BiasKeyValue: true, ZeroKeyValue: true });
        Assert.Equal(Model.AttentionOutputs.LogSumExp, spec.Outputs);
    }

    [Fact]
    public void Learned_settings_have_the_defaults_that_models_use()
    {
        AttentionSpec spec = ParseSpec("Heads = 2, DModel = 8, RelativePositionBuckets = 32, QueryKeyNorm = QueryKeyNorm.Rms");
        Assert.Equal((128, 1e-6f), (spec.RelativePositionMaxDistance, spec.QueryKeyNormEpsilon));
    }

    [Fact]
    public void Rotary_scaling_keeps_what_its_kind_has_and_no_more()
    {
        const string Rotary = "Heads = 2, DModel = 8, Rotary = RotaryKind.HalfSplit, Positions = true";
        var plain = new RotarySpec { Kind = Model.RotaryKind.HalfSplit, Dim = 4, Positions = true };
        Assert.Equal(plain, ParseSpec(Rotary).RotaryEmbedding);
        Assert.Equal(
            plain with { Scaling = Model.RotaryScaling.Linear, ScalingFactor = 2.5 },
            ParseSpec($"{Rotary}, RotaryScaling = RotaryScaling.Linear, RotaryScalingFactor = 2.5").RotaryEmbedding);
        Assert.Equal(
            plain with { Scaling = Model.RotaryScaling.Llama3, ScalingFactor = 8, OriginalLength = 8192, LowFrequencyFactor = 1, HighFrequencyFactor = 4 },
            ParseSpec($"{Rotary}, RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 8, RotaryOriginalLength = 8192").RotaryEmbedding);
        Assert.Equal(
            plain with { Scaling = Model.RotaryScaling.Llama3, ScalingFactor = 32, OriginalLength = 4096, LowFrequencyFactor = 0.5, HighFrequencyFactor = 8 },
            ParseSpec($"{Rotary}, RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 32, RotaryOriginalLength = 4096, RotaryLowFrequencyFactor = 0.5, RotaryHighFrequencyFactor = 8").RotaryEmbedding);
        Assert.Equal(
            plain with { Scaling = Model.RotaryScaling.Yarn, ScalingFactor = 1, OriginalLength = 4096, BetaFast = 32, BetaSlow = 1, AttentionFactor = 1 },
            ParseSpec($"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 1, RotaryOriginalLength = 4096").RotaryEmbedding);
        Assert.Equal(
            plain with { Scaling = Model.RotaryScaling.Yarn, ScalingFactor = 4, OriginalLength = 2048, BetaFast = 16, BetaSlow = 2, AttentionFactor = 1.5 },
            ParseSpec($"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4, RotaryOriginalLength = 2048, RotaryBetaFast = 16, RotaryBetaSlow = 2, RotaryAttentionFactor = 1.5").RotaryEmbedding);

        // 0.1 · ln(40) + 1 = 1.3688879454113936.
        RotarySpec yarn = ParseSpec($"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 40, RotaryOriginalLength = 4096").RotaryEmbedding;
        Assert.Equal(1.3688879454113936, yarn.AttentionFactor, 15);
    }

    [Fact]
    public void A_core_has_no_widths_and_no_biases()
    {
        AttentionSpec spec = ParseSpec("Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false, Layout = HeadLayout.HeadsRows");
        Assert.True(spec is { HasProjections: false, Layout: Model.HeadLayout.HeadsRows, DModel: 0, MemoryDim: 0, IsCrossAttention: false });
        Assert.True(spec is { QueryBias: false, KeyBias: false, ValueBias: false, OutputBias: false, HasCache: true });
        Assert.Equal((32, 32), (spec.InputDim, spec.OutputDim));
    }

    [Theory]
    [InlineData("QueryBias", false, true, true, true)]
    [InlineData("KeyBias", true, false, true, true)]
    [InlineData("ValueBias", true, true, false, true)]
    [InlineData("OutputBias", true, true, true, false)]
    public void Each_bias_has_its_own_switch(string name, bool query, bool key, bool value, bool output)
    {
        AttentionSpec spec = ParseSpec($"Heads = 2, DModel = 8, {name} = false");
        Assert.Equal((query, key, value, output), (spec.QueryBias, spec.KeyBias, spec.ValueBias, spec.OutputBias));
    }

    [Fact]
    public void A_memory_makes_cross_attention_even_where_it_is_as_wide_as_the_input()
    {
        AttentionSpec spec = ParseSpec("Heads = 2, DModel = 8, MemoryDim = 8");
        Assert.True(spec is { IsCrossAttention: true, MemoryDim: 8, HasCache: true });
    }

    [Fact]
    public void A_causal_kernel_of_free_length_has_a_cache() =>
        Assert.True(ParseSpec("Heads = 2, DModel = 8, Causal = true").HasCache);

    [Fact]
    public void Rotary_turns_the_whole_head_unless_told_otherwise() =>
        Assert.Equal(4, ParseSpec("Heads = 2, DModel = 8, Rotary = RotaryKind.Interleaved").RotaryDim);

    [Fact]
    public void An_odd_head_may_be_rotated_in_part() =>
        Assert.Equal(2, ParseSpec("Heads = 2, DModel = 6, Rotary = RotaryKind.Interleaved, RotaryDim = 2").RotaryDim);

    [Theory]
    [InlineData("Heads = 2, DModel = 8, KvHeads = 0, HeadDim = 0, MemoryDim = 0, Scale = 0, RotaryDim = 0, SequenceLength = 0")]
    [InlineData("DModel = 8, Heads = 2")]
    [InlineData("Heads = 1 + 1, DModel = sizeof(long)")]
    [InlineData("Heads = (byte)2, DModel = '\\b'")]
    [InlineData("Heads = 2, DModel = 8, ValueHeadDim = 4, WindowLeft = -1, WindowRight = -1, ChunkSize = 0, Softcap = 0, BooleanMask = 0, Outputs = 0, Ragged = false")]
    public void Equal_configurations_are_equal_specs_however_they_are_written(string arguments)
    {
        AttentionSpec expected = ParseSpec("Heads = 2, DModel = 8");
        AttentionSpec actual = ParseSpec(arguments);
        Assert.Equal(expected, actual);
        Assert.Equal(expected.GetHashCode(), actual.GetHashCode());
    }

    [Theory]
    [InlineData("Heads = 1, DModel = 1")]
    [InlineData("Heads = 256, DModel = 256")]
    [InlineData("Heads = 1, DModel = 256")]
    [InlineData("Heads = 1, DModel = 65536, HeadDim = 1")]
    [InlineData("Heads = 256, HeadDim = 256, DModel = 1")]
    [InlineData("Heads = 6, KvHeads = 1, DModel = 6")]
    [InlineData("Heads = 1, DModel = 1, MemoryDim = 65536")]
    [InlineData("Heads = 1, DModel = 1, SequenceLength = 1048576")]
    [InlineData("Heads = 1, DModel = 65536, HeadDim = 1, SequenceLength = 32767")]
    [InlineData("Heads = 1, DModel = 2, Rotary = RotaryKind.HalfSplit, RotaryBase = 1.0000001")]
    [InlineData("Heads = 1, DModel = 1, Scale = float.Epsilon")]
    [InlineData("Heads = 1, DModel = 1, Scale = float.MaxValue")]
    public async Task Limits_are_legal(string arguments)
    {
        // Only the spec is asked for: the widest shapes take long to emit.
        var compilation = Compile($"[AttentionConfig({arguments})] public sealed partial class Block;");
        Assert.Empty(await Analyze(compilation));
    }

    [Fact]
    public void The_target_tells_how_to_open_the_class_again()
    {
        TargetType target = ParseSpecs(
            """
            namespace One.@class
            {
                public partial record struct Outer
                {
                    internal partial interface IMiddle
                    {
                        [AttentionConfig(Heads = 2, DModel = 8)] private partial class @void;
                    }
                }
            }
            """).Single().Target;

        Assert.Equal("One.@class", target.Namespace);
        Assert.Equal(["partial record struct Outer", "partial interface IMiddle", "partial class @void"], target.Declarations);
        Assert.Equal("@void", target.Name);
        Assert.Equal("One.class.Outer+IMiddle+void", target.HintName);
    }

    [Fact]
    public void Hint_names_differ_by_more_than_case()
    {
        var hints = ParseSpecs(
            """
            namespace A { [AttentionConfig(Heads = 2, DModel = 8)] public partial class Block; [AttentionConfig(Heads = 2, DModel = 8)] public partial class BLOCK; }
            namespace a { [AttentionConfig(Heads = 2, DModel = 8)] public partial class Block; }
            namespace B { [AttentionConfig(Heads = 2, DModel = 8)] public partial class Block; }
            """).Select(spec => spec.Target.HintName).ToList();

        Assert.Equal(4, hints.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Contains("B.Block", hints);
    }
}
