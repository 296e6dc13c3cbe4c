using System.Reflection;
using AttentionGen.Bench.Explain;
using AttentionGen.Generator.Model;
using AttentionGen.Tests.Support;
using Model = AttentionGen.Generator.Model;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

public sealed class SpecParsingTests
{
    [Fact]
    public void Defaults_are_resolved()
    {
        Model.AttentionShape shape = ParseShape("Heads = 8, DModel = 512");

        Assert.Equal(8, shape.Heads);
        Assert.Equal(8, shape.KvHeads);
        Assert.Equal(64, shape.HeadDim);
        Assert.Equal(512, shape.DModel);
        Assert.Equal(512, shape.MemoryDim);
        Assert.False(shape.IsCrossAttention);
        Assert.True(shape is { QueryBias: true, KeyBias: true, ValueBias: true, OutputBias: true });
        Assert.False(shape.Causal);
        Assert.Equal(Model.CausalAlignment.TopLeft, shape.CausalAlignment);
        Assert.Equal(0.125f, shape.Scale);
        Assert.Equal(Model.RotaryKind.None, shape.Rotary);
        Assert.Equal(0, shape.RotaryDim);
        Assert.Equal(10_000, shape.RotaryBase);
        Assert.False(shape.KeyLengths);
        Assert.Equal(0, shape.SequenceLength);
        Assert.Equal(Model.Unrolling.Auto, ParseSpec("Heads = 8, DModel = 512").Unrolling);
        Assert.False(shape.HasCache);
    }

    [Fact]
    public void Every_setting_is_read()
    {
        Model.AttentionShape shape = ParseShape(
            """
            Heads = 12, KvHeads = 4, HeadDim = 10, DModel = 50, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
            Causal = true, CausalAlignment = CausalAlignment.BottomRight, Scale = 0.25f, Rotary = RotaryKind.HalfSplit, RotaryDim = 6,
            RotaryBase = 500000.5, KeyLengths = true, SequenceLength = 77, Unrolling = Unrolling.Full
            """);

        Assert.Equal((12, 4, 10, 50), (shape.Heads, shape.KvHeads, shape.HeadDim, shape.DModel));
        Assert.True(shape is { QueryBias: false, KeyBias: false, ValueBias: false, OutputBias: false });
        Assert.True(shape is { Causal: true, CausalAlignment: Model.CausalAlignment.BottomRight });
        Assert.Equal(0.25f, shape.Scale);
        Assert.Equal((Model.RotaryKind.HalfSplit, 6, 500000.5), (shape.Rotary, shape.RotaryDim, shape.RotaryBase));
        Assert.True(shape.KeyLengths);
        Assert.Equal(77, shape.SequenceLength);
        Assert.Equal(Model.Unrolling.Full, ParseSpec("Heads = 12, DModel = 48, Unrolling = Unrolling.Full").Unrolling);
        Assert.False(shape.HasCache);
    }

    [Fact]
    public void Defaults_of_the_variants_are_resolved()
    {
        Model.AttentionShape shape = ParseShape("Heads = 8, DModel = 512");

        Assert.True(shape is { ValueHeadDim: 64, HasProjections: true, Layout: Model.HeadLayout.RowsHeads });
        Assert.True(shape is { KeyStarts: false, WindowLeft: -1, WindowRight: -1, PrefixLengths: false, ChunkSize: 0, Documents: false });
        Assert.True(shape is { BooleanMask: Model.MaskAxes.None, AdditiveMask: Model.MaskAxes.None, MaskLength: false, HasMaskPredicate: false, Ragged: false,
            SkipPadding: false });
        Assert.True(shape is { Softcap: 0, HasScoreModifier: false, HasProbabilityModifier: false,
            Alibi: false, RelativePositionBuckets: 0, RelativePositionMaxDistance: 0, Sinks: false });
        Assert.True(shape is { QueryKeyNorm: Model.QueryKeyNorm.None, QueryKeyNormEpsilon: 0, BiasKeyValue: false, ZeroKeyValue: false,
            Outputs: Model.AttentionOutputs.None });
        Assert.True(
            shape is { RotaryScaling: Model.RotaryScaling.None, RotaryScalingFactor: 1, RotaryOriginalLength: 0, RotaryAttentionFactor: 1, Positions: false });
    }

    [Fact]
    public void Every_setting_of_visibility_is_read()
    {
        Model.AttentionShape shape = ParseShape(
            """
            Heads = 2, DModel = 8, Causal = true, KeyStarts = true, WindowLeft = 5, WindowRight = 0, PrefixLengths = true, ChunkSize = 7, Documents = true,
            BooleanMask = MaskAxes.BatchQueryKey, AdditiveMask = MaskAxes.HeadQueryKey, MaskLength = true, KeyLengths = true, SkipPadding = true
            """);

        Assert.True(shape is { KeyStarts: true, WindowLeft: 5, WindowRight: 0, PrefixLengths: true, ChunkSize: 7, Documents: true, SkipPadding: true });
        Assert.Equal(Model.MaskAxes.Batch | Model.MaskAxes.Query | Model.MaskAxes.Key, shape.BooleanMask);
        Assert.Equal((Model.MaskAxes.Head | Model.MaskAxes.Query | Model.MaskAxes.Key, true), (shape.AdditiveMask, shape.MaskLength));
        Assert.True(ParseShape("Heads = 2, DModel = 8, Ragged = true").Ragged);
    }

    [Fact]
    public void Every_setting_of_scores_is_read()
    {
        Model.AttentionShape shape = ParseShape(
            """
            Heads = 2, DModel = 8, ValueHeadDim = 6, Scale = 0.5f, Softcap = 50, Alibi = true, RelativePositionBuckets = 16, RelativePositionMaxDistance = 64,
            Sinks = true, QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormEpsilon = 0.25f, BiasKeyValue = true, ZeroKeyValue = true, Outputs = AttentionOutputs.LogSumExp
            """);

        Assert.True(shape is { ValueHeadDim: 6, Scale: 0.5f, Softcap: 50, Alibi: true, RelativePositionBuckets: 16, RelativePositionMaxDistance: 64 });
        Assert.True(shape is { Sinks: true, QueryKeyNorm: Model.QueryKeyNorm.Layer, QueryKeyNormEpsilon: 0.25f, BiasKeyValue: true, ZeroKeyValue: true });
        Assert.Equal(Model.AttentionOutputs.LogSumExp, shape.Outputs);
    }

    [Fact]
    public void Learned_settings_have_the_defaults_that_models_use()
    {
        Model.AttentionShape shape = ParseShape("Heads = 2, DModel = 8, RelativePositionBuckets = 32, QueryKeyNorm = QueryKeyNorm.Rms");
        Assert.Equal((128, 1e-6f), (shape.RelativePositionMaxDistance, shape.QueryKeyNormEpsilon));
    }

    [Fact]
    public void Rotary_scaling_keeps_what_its_kind_has_and_no_more()
    {
        const string Heads = "Heads = 2, DModel = 8", Rotary = Heads + ", Rotary = RotaryKind.HalfSplit, Positions = true";
        Model.AttentionShape plain = ParseShape(Heads) with { Rotary = Model.RotaryKind.HalfSplit, RotaryDim = 4, Positions = true };
        Assert.Equal(plain, ParseShape(Rotary));
        Assert.Equal(
            plain with { RotaryScaling = Model.RotaryScaling.Linear, RotaryScalingFactor = 2.5 },
            ParseShape($"{Rotary}, RotaryScaling = RotaryScaling.Linear, RotaryScalingFactor = 2.5"));
        Assert.Equal(
            plain with { RotaryScaling = Model.RotaryScaling.Llama3, RotaryScalingFactor = 8, RotaryOriginalLength = 8192, RotaryLowFrequencyFactor = 1,
                RotaryHighFrequencyFactor = 4 },
            ParseShape($"{Rotary}, RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 8, RotaryOriginalLength = 8192"));
        Assert.Equal(
            plain with { RotaryScaling = Model.RotaryScaling.Llama3, RotaryScalingFactor = 32, RotaryOriginalLength = 4096, RotaryLowFrequencyFactor = 0.5,
                RotaryHighFrequencyFactor = 8 },
            ParseShape(
                $"{Rotary}, RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 32, RotaryOriginalLength = 4096, RotaryLowFrequencyFactor = 0.5, "
                    + $"RotaryHighFrequencyFactor = 8"));
        Assert.Equal(
            plain with { RotaryScaling = Model.RotaryScaling.Yarn, RotaryScalingFactor = 1, RotaryOriginalLength = 4096, RotaryBetaFast = 32,
                RotaryBetaSlow = 1, RotaryAttentionFactor = 1 },
            ParseShape($"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 1, RotaryOriginalLength = 4096"));
        Assert.Equal(
            plain with { RotaryScaling = Model.RotaryScaling.Yarn, RotaryScalingFactor = 4, RotaryOriginalLength = 2048, RotaryBetaFast = 16,
                RotaryBetaSlow = 2, RotaryAttentionFactor = 1.5 },
            ParseShape(
                $"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4, RotaryOriginalLength = 2048, RotaryBetaFast = 16, RotaryBetaSlow = 2, "
                    + $"RotaryAttentionFactor = 1.5"));

        // 0.1 · ln(40) + 1 = 1.3688879454113936.
        Model.AttentionShape yarn = ParseShape($"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 40, RotaryOriginalLength = 4096");
        Assert.Equal(1.3688879454113936, yarn.RotaryAttentionFactor, 15);
        Assert.True(yarn.RotaryTruncate);

        // As DeepSeek's models have it: (0.1 · 0.707 · ln(40) + 1) / (0.1 · ln(40) + 1).
        const string Yarn = $"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 40, RotaryOriginalLength = 4096";
        Assert.Equal(0.9210423553163399, ParseShape($"{Yarn}, RotaryMscale = 0.707, RotaryMscaleAllDim = 1").RotaryAttentionFactor, 15);
        Assert.Equal(1, ParseShape($"{Yarn}, RotaryMscale = 1, RotaryMscaleAllDim = 1").RotaryAttentionFactor);
        Assert.Equal(1.5, ParseShape($"{Yarn}, RotaryMscale = 0.707, RotaryMscaleAllDim = 1, RotaryAttentionFactor = 1.5").RotaryAttentionFactor);
        Assert.Equal(yarn with { RotaryTruncate = false }, ParseShape($"{Yarn}, RotaryTruncate = false"));
    }

    [Fact]
    public void A_core_has_no_widths_and_no_biases()
    {
        Model.AttentionShape shape = ParseShape("Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false, Layout = HeadLayout.HeadsRows");
        Assert.True(shape is { HasProjections: false, Layout: Model.HeadLayout.HeadsRows, DModel: 0, MemoryDim: 0, IsCrossAttention: false });
        Assert.True(shape is { QueryBias: false, KeyBias: false, ValueBias: false, OutputBias: false, HasCache: true });
        Assert.Equal((32, 32), (shape.InputDim, shape.OutputDim));
    }

    /// <summary>Both sides judge sizes: what the generator accepts, the runtime must.</summary>
    [Fact]
    public void A_configuration_that_the_generator_accepts_is_a_shape_that_the_runtime_accepts()
    {
        var random = new Random(11);
        TestConfiguration[] configurations = [.. Enumerable.Range(0, 300).Select(_ => RandomConfiguration.Next(random))];
        var legal = 0;
        foreach ((AttentionSpec? spec, _) in KernelFactory.Parse(configurations))
        {
            if (spec is null)
                continue;
            ShapeCopy.To<AttentionShape>(spec.Shape).ThrowIfIllegal();
            legal++;
        }

        Assert.InRange(legal, 100, 300);
    }

    [Fact]
    public void Sizes_beyond_the_limits_are_illegal_on_both_sides()
    {
        AttentionShape largest = ShapeCopy.To<AttentionShape>(
            ParseShape("Heads = 256, KvHeads = 1, HeadDim = 512, DModel = 1, MemoryDim = 65536, SequenceLength = 1048576"));
        largest.ThrowIfIllegal();
        foreach (AttentionShape shape in new[] { largest with { Heads = 512 }, largest with { HeadDim = 513 }, largest with { MemoryDim = 65_537 },
            largest with { SequenceLength = 1_048_577 } })
            Assert.Throws<ArgumentException>(shape.ThrowIfIllegal);
        foreach (string setting in new[] { "KvHeads = 512", "HeadDim = 513", "MemoryDim = 65537", "SequenceLength = 1048577" })
            Assert.Empty(ParseSpecs($"[AttentionConfig(Heads = 2, DModel = 8, {setting})] public sealed partial class Block;"));
    }

    /// <summary>Settings pass between generator and runtime by name.</summary>
    [Fact]
    public void Every_setting_of_a_shape_keeps_its_value_on_the_way_to_the_runtime_and_back()
    {
        Model.AttentionShape shape = ParseShape("Heads = 2, DModel = 8");
        foreach (PropertyInfo setting in ShapeSettings.All<Model.AttentionShape>())
        {
            // A value that no default has.
            object value = setting.PropertyType.IsEnum ? Enum.GetValues(setting.PropertyType).GetValue(1)!
                : setting.PropertyType == typeof(bool) ? !(bool)setting.GetValue(shape)!
                : setting.PropertyType == typeof(Model.EquatableArray<double>) ? new Model.EquatableArray<double>([77.5])
                : setting.PropertyType == typeof(Model.EquatableArray<int>) ? new Model.EquatableArray<int>([77])
                : Convert.ChangeType(77, setting.PropertyType, System.Globalization.CultureInfo.InvariantCulture);
            setting.SetValue(shape, value);
        }

        AttentionShape runtime = ShapeCopy.To<AttentionShape>(shape);
        Assert.Equal(shape, ShapeCopy.To<Model.AttentionShape>(runtime));
        Assert.All(
            ShapeSettings.All<Model.AttentionShape>(),
            setting => Assert.Equal(setting.GetValue(shape)!.ToString(), typeof(AttentionShape).GetProperty(setting.Name)!.GetValue(runtime)!.ToString()));
    }

    [Theory]
    [InlineData("QueryBias", false, true, true, true)]
    [InlineData("KeyBias", true, false, true, true)]
    [InlineData("ValueBias", true, true, false, true)]
    [InlineData("OutputBias", true, true, true, false)]
    public void Each_bias_has_its_own_switch(string name, bool query, bool key, bool value, bool output)
    {
        Model.AttentionShape shape = ParseShape($"Heads = 2, DModel = 8, {name} = false");
        Assert.Equal((query, key, value, output), (shape.QueryBias, shape.KeyBias, shape.ValueBias, shape.OutputBias));
    }

    [Fact]
    public void A_memory_makes_cross_attention_even_where_it_is_as_wide_as_the_input()
    {
        Model.AttentionShape shape = ParseShape("Heads = 2, DModel = 8, MemoryDim = 8");
        Assert.True(shape is { IsCrossAttention: true, MemoryDim: 8, HasCache: true });
    }

    [Fact]
    public void A_causal_kernel_of_free_length_has_a_cache() =>
        Assert.True(ParseSpec("Heads = 2, DModel = 8, Causal = true").Shape.HasCache);

    [Fact]
    public void Rotary_turns_the_whole_head_unless_told_otherwise() =>
        Assert.Equal(4, ParseSpec("Heads = 2, DModel = 8, Rotary = RotaryKind.Interleaved").Shape.RotaryDim);

    [Fact]
    public void An_odd_head_may_be_rotated_in_part() =>
        Assert.Equal(2, ParseSpec("Heads = 2, DModel = 6, Rotary = RotaryKind.Interleaved, RotaryDim = 2").Shape.RotaryDim);

    [Theory]
    [InlineData("Heads = 2, DModel = 8, KvHeads = 0, HeadDim = 0, MemoryDim = 0, Scale = 0, RotaryDim = 0, SequenceLength = 0")]
    [InlineData("DModel = 8, Heads = 2")]
    [InlineData("Heads = 1 + 1, DModel = sizeof(long)")]
    [InlineData("Heads = (byte)2, DModel = '\\b'")]
    [InlineData("Heads = 2, DModel = 8, ValueHeadDim = 4, WindowLeft = -1, WindowRight = -1, ChunkSize = 0, Softcap = 0, BooleanMask = 0, Outputs = 0, Ragged "
        + "= false")]
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
    public void The_class_tells_how_to_open_the_class_again()
    {
        KernelClass kernelClass = ParseSpecs(
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
            """).Single().Class;

        Assert.Equal("One.@class", kernelClass.Namespace);
        Assert.Equal(["partial record struct Outer", "partial interface IMiddle", "partial class @void"], kernelClass.Declarations);
        Assert.Equal("@void", kernelClass.Name);
        Assert.Equal("One.class.Outer+IMiddle+void", kernelClass.HintName);
    }

    [Fact]
    public void Hint_names_differ_by_more_than_case()
    {
        var hints = ParseSpecs(
            """
            namespace A { [AttentionConfig(Heads = 2, DModel = 8)] public partial class Block; [AttentionConfig(Heads = 2, DModel = 8)] public partial class BLOCK; }
            namespace a { [AttentionConfig(Heads = 2, DModel = 8)] public partial class Block; }
            namespace B { [AttentionConfig(Heads = 2, DModel = 8)] public partial class Block; }
            """).Select(spec => spec.Class.HintName).ToList();

        Assert.Equal(4, hints.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Contains("B.Block", hints);
    }

    private static Model.AttentionShape ParseShape(string arguments) => ParseSpec(arguments).Shape;
}
