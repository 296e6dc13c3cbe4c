using System.Xml.Linq;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>What must hold of generated text whatever the emitter writes.</summary>
[Trait("Speed", "Slow")]
public sealed class OutputTests
{
    /// <summary>One configuration for every form of <c>Forward</c> and every branch of the emitter that depends on a setting.</summary>
    public static TheoryData<string> Configurations =>
    [
        "Heads = 2, DModel = 8",
        "Heads = 3, DModel = 9, HeadDim = 5, KvHeads = 1, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false",
        "Heads = 4, KvHeads = 2, DModel = 32, Causal = true, Rotary = RotaryKind.Interleaved, RotaryBase = 500000.25",
        "Heads = 2, DModel = 20, Causal = true, CausalAlignment = CausalAlignment.BottomRight, KeyLengths = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 6",
        "Heads = 2, DModel = 16, MemoryDim = 12, KeyLengths = true, Scale = 1e-9f",
        "Heads = 2, DModel = 16, MemoryDim = 16, Causal = true, CausalAlignment = CausalAlignment.BottomRight",
        "Heads = 2, DModel = 16, MemoryDim = 12, ValueInputDim = 10, KeyLengths = true, Weights = WeightFormat.Int8Blocks",
        "Heads = 2, DModel = 16, MemoryDim = 12, ValueInputDim = 16, Gradients = true, Ragged = true",
        "Heads = 2, DModel = 16, SequenceLength = 7, KeyLengths = true",
        "Heads = 1, DModel = 1, SequenceLength = 1, Unrolling = Unrolling.Full, Causal = true",
        "Heads = 2, DModel = 64, Unrolling = Unrolling.Full",
        "Heads = 1, DModel = 256, Scale = 3.4e38f",
        "Heads = 4, KvHeads = 2, DModel = 32, ValueHeadDim = 3, QueryKeyNorm = QueryKeyNorm.Layer, Causal = true, Sinks = true, KeyStarts = true, "
            + "PrefixLengths = true, Documents = true",
        "Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false, KeyLengths = true, BooleanMask = MaskAxes.QueryKey, AdditiveMask = "
            + "MaskAxes.BatchHeadQueryKey, Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores",
        "Heads = 2, HeadDim = 8, Projections = false, Layout = HeadLayout.HeadsRows, QueryKeyNorm = QueryKeyNorm.Rms, Rotary = RotaryKind.HalfSplit, Positions "
            + "= true, SequenceLength = 5, Outputs = AttentionOutputs.AveragedProbabilities",
        "Heads = 4, KvHeads = 2, DModel = 32, Causal = true, KeyValues = KeyValueFormat.Int8, AdditiveMask = MaskAxes.QueryKey",
        "Heads = 2, DModel = 16, MemoryDim = 12, KeyValues = KeyValueFormat.BFloat16",
        "Heads = 2, DModel = 16, Causal = true, Rotary = RotaryKind.Interleaved, Positions = true, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = "
            + "2.5, RotaryOriginalLength = 64, Alibi = true, BiasKeyValue = true",
    ];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_compiles_without_a_warning_in_the_strictest_project(string arguments) =>
        TextRules.AssertClean(
            Compile($"namespace Test; /// <summary>Documented.</summary>\n[AttentionConfig({arguments})] public sealed partial class Block;"));

    [Theory]
    [InlineData("C# 12", """[AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class Block { }""")]
    [InlineData("global namespace", """[AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class Block;""")]
    [InlineData("nested", """namespace A.B { public static partial class Outer { internal readonly partial record struct Middle { private partial interface IInner { [AttentionConfig(Heads = 2, DModel = 8)] protected internal partial class Block; } } } }""")]
    [InlineData("nested in a record", """namespace A { internal abstract partial record Outer(int X) { [AttentionConfig(Heads = 2, DModel = 8)] private sealed partial class Block; } }""")]
    [InlineData("keywords", """namespace @namespace.@event { internal partial class @class { [AttentionConfig(Heads = 2, DModel = 8, Causal = true)] internal partial class @int; } }""")]
    [InlineData("contextual keywords", """namespace record.file { internal partial class @record { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class @required; } }""")]
    [InlineData("a lower-case name", "\n#pragma warning disable CS8981\nnamespace a { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class block; "
        + "}")]
    [InlineData("an obsolete class", """namespace A { [System.Obsolete("old")] [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block; }""")]
    [InlineData("letters beyond ASCII", """namespace Größe.日本 { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Überblick; }""")]
    [InlineData("one name in two namespaces", """namespace A { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block; } namespace B { [AttentionConfig(Heads = 1, DModel = 8)] internal partial class Block; }""")]
    [InlineData("names that differ by case", """namespace A { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block; [AttentionConfig(Heads = 1, DModel = 8)] internal partial class BLOCK; }""")]
    [InlineData("one name inside another", """namespace A { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block { [AttentionConfig(Heads = 1, DModel = 8)] internal partial class Inner; } }""")]
    [InlineData("a base class, interfaces and own members", """namespace A { class Parent; [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block : Parent, System.IDisposable { private readonly int own = 3; public Block(AttentionWeights weights, int own) : this(weights) => this.own = own; public int Own => own; public void Dispose() { } } }""")]
    [InlineData("a CLS-compliant assembly", """[assembly: System.CLSCompliant(true)] namespace A { [AttentionConfig(Heads = 2, DModel = 8, Causal = true, Ragged = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.LogSumExp)] public partial class Block; [AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 8, BooleanMask = MaskAxes.QueryKey)] public partial class Cross; }""")]
    [InlineData("namespaces named like the framework's", """namespace Acme.System.Runtime { class Marker; } namespace Acme.AttentionGen { [AttentionConfig(Heads = 2, DModel = 8, Rotary = RotaryKind.HalfSplit)] internal partial class Block; }""")]
    public void It_compiles_wherever_the_class_stands(string what, string source)
    {
        CSharpParseOptions options = what == "C# 12" ? LatestLanguage.WithLanguageVersion(LanguageVersion.CSharp12) : LatestLanguage;
        TextRules.AssertClean(Compile(options.WithDocumentationMode(DocumentationMode.Parse), source));
    }

    [Fact]
    public void It_has_the_version_of_the_build()
    {
        string version = XDocument.Load(Path.Combine(RepositoryRoot.Path, "Directory.Build.props")).Descendants("Version").Single().Value;
        Assert.All(GenerateTexts("[AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block;").Values, text =>
            Assert.Contains($"[global::System.CodeDom.Compiler.GeneratedCode(\"AttentionGen\", \"{version}\")]\n", text));
    }

    [Fact]
    public void Names_of_files_have_a_length_that_file_systems_take()
    {
        string name = new('日', 250);
        Dictionary<string, string> texts = GenerateTexts(
            $"namespace A{name} {{ [AttentionConfig(Heads = 2, DModel = 8)] internal partial class B{name}; [AttentionConfig(Heads = 2, DModel = 8)] internal "
                + $"partial class C{name}; }}");
        // Six of each class, and twelve products that both share.
        Assert.Equal(24, texts.Count);
        Assert.All(texts.Keys, hint => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(hint), 1, 255));
    }

    /// <summary>A friend sees internal types of the other assembly, which has the same products.</summary>
    [Fact]
    public void Friends_call_their_own_products()
    {
        const string Own = "[AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class";
        CSharpParseOptions options = LatestLanguage.WithDocumentationMode(DocumentationMode.Parse);
        const string Library = $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Consumer\")] {Own} First;";
        Compilation library = Generate(Compile(options, Library).WithAssemblyName("Library")).Output;
        Assert.Equal("", CompilerComplaints(library));
        Compilation friend = Generate(Compile(options, $"{Own} Second;").AddReferences(library.ToMetadataReference())).Output;
        Assert.Equal("", CompilerComplaints(friend));
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Every_member_has_a_reserved_name(string arguments) =>
        TextRules.AssertReserved(Generate(Compile(Source(arguments))).Output, ReservedNames.Attention);

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_reads_the_same_in_every_culture(string arguments) => TextRules.AssertSameInEveryCulture(Source(arguments));

    [Fact]
    public void It_does_not_depend_on_the_order_of_classes_and_files()
    {
        string[] sources =
            [.. Configurations.Select((row, index) => $"namespace Test; [AttentionConfig({row.Data})] public sealed partial class Block{index};")];
        Dictionary<string, string> expected = GenerateTexts(sources);
        Assert.Equal(expected, GenerateTexts([.. sources.Reverse()]));
        Assert.Equal(expected, GenerateTexts(string.Concat(sources.Reverse().Select(source => source.Replace("namespace Test;", "namespace Test {") + "}"))));
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_is_tidy_text(string arguments) => TextRules.AssertTidy(Source(arguments));

    private static string Source(string arguments) => $"namespace Test; [AttentionConfig({arguments})] public sealed partial class Block;";
}
