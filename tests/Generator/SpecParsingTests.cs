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
