using System.Globalization;
using System.Reflection;
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
        "Heads = 2, DModel = 16, SequenceLength = 7, KeyLengths = true",
        "Heads = 1, DModel = 1, SequenceLength = 1, Unrolling = Unrolling.Full, Causal = true",
        "Heads = 2, DModel = 64, Unrolling = Unrolling.Full",
        "Heads = 1, DModel = 256, Scale = 3.4e38f",
        "Heads = 4, KvHeads = 2, DModel = 32, ValueHeadDim = 3, QueryKeyNorm = QueryKeyNorm.Layer, Causal = true, Sinks = true, KeyStarts = true, PrefixLengths = true, Documents = true",
        "Heads = 4, KvHeads = 2, HeadDim = 8, Projections = false, KeyLengths = true, BooleanMask = MaskAxes.QueryKey, AdditiveMask = MaskAxes.BatchHeadQueryKey, Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores",
        "Heads = 2, HeadDim = 8, Projections = false, Layout = HeadLayout.HeadsRows, QueryKeyNorm = QueryKeyNorm.Rms, Rotary = RotaryKind.HalfSplit, Positions = true, SequenceLength = 5, Outputs = AttentionOutputs.AveragedProbabilities",
        "Heads = 2, DModel = 16, Causal = true, Rotary = RotaryKind.Interleaved, Positions = true, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 2.5, RotaryOriginalLength = 64, Alibi = true, BiasKeyValue = true",
    ];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_compiles_without_a_warning_in_the_strictest_project(string arguments) =>
        AssertClean(Compile($"namespace Test; /// <summary>Documented.</summary>\n[AttentionConfig({arguments})] public sealed partial class Block;"));

    [Theory]
    [InlineData("C# 12", """[AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class Block { }""")]
    [InlineData("global namespace", """[AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class Block;""")]
    [InlineData("nested", """namespace A.B { public static partial class Outer { internal readonly partial record struct Middle { private partial interface IInner { [AttentionConfig(Heads = 2, DModel = 8)] protected internal partial class Block; } } } }""")]
    [InlineData("nested in a record", """namespace A { internal abstract partial record Outer(int X) { [AttentionConfig(Heads = 2, DModel = 8)] private sealed partial class Block; } }""")]
    [InlineData("keywords", """namespace @namespace.@event { internal partial class @class { [AttentionConfig(Heads = 2, DModel = 8, Causal = true)] internal partial class @int; } }""")]
    [InlineData("contextual keywords", """namespace record.file { internal partial class @record { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class @required; } }""")]
    [InlineData("a lower-case name", "\n#pragma warning disable CS8981\nnamespace a { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class block; }")]
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
        AssertClean(Compile(options.WithDocumentationMode(DocumentationMode.Parse), source));
    }

    [Fact]
    public void Types_of_the_user_named_like_those_it_uses_do_not_disturb_it()
    {
        IEnumerable<string> names = typeof(AttentionConfigAttribute).Assembly.GetExportedTypes()
            .Where(type => type.DeclaringType is null && type != typeof(AttentionConfigAttribute))
            .Select(type => type.Name.Split('`')[0]).Distinct()
            .Concat(["Math", "CancellationToken", "Library", "Services"]);
        string types = string.Concat(names.Select(name => $"internal class {name};"));
        const string Block = "[AttentionConfig(Heads = 2, DModel = 8, Causal = true, KeyLengths = true, Rotary = (global::AttentionGen.RotaryKind)1)] internal partial class Block;";
        const string Memory = "[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 8)] internal partial class Memory;";
        AssertClean(Compile(LatestLanguage.WithDocumentationMode(DocumentationMode.Parse), $"namespace Acme {{ {types} {Block} {Memory} }}"));
        AssertClean(Compile(LatestLanguage.WithDocumentationMode(DocumentationMode.Parse), $"namespace Acme {{ internal partial class Outer {{ {types} {Block} {Memory} }} }}"));
    }

    /// <summary>Classes whose texts together have every name that any has, kernels that call the user's methods among them.</summary>
    private static string Classes(string members = "") =>
        $"[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 8, KeyLengths = true)] internal partial class Cross {{ {members} }}\n"
        + $"[AttentionConfig(Heads = 2, HeadDim = 8, Projections = false, QueryKeyNorm = QueryKeyNorm.Rms, BooleanMask = MaskAxes.QueryKey, Outputs = AttentionOutputs.LogSumExp)] internal partial class Core {{ {members} }}\n"
        + "[AttentionConfig(Heads = 2, DModel = 8, Causal = true)] internal partial class Hooked { "
        + "[ScoreModifier] private static global::System.Runtime.Intrinsics.Vector256<float> Bias(global::System.Runtime.Intrinsics.Vector256<float> s, int h, int q, global::System.Runtime.Intrinsics.Vector256<int> k) => s; "
        + "[MaskPredicate(Range = \"Near\")] private static bool Sees(int h, int q, int k) { while (k > 7) k -= 7; return k != 3; } "
        + $"private static (int, int) Near(int h, int q, int keys) => (0, keys); {members} }}\n";

    /// <summary>Public types that generated text could mean by a simple name, with their type parameters, for a user to name own types like them.</summary>
    private static readonly string[] FrameworkTypes =
    [
        .. GeneratorDriverFixture.Compile("").References
            .Select(GeneratorDriverFixture.Compile("").GetAssemblyOrModuleSymbol).OfType<IAssemblySymbol>()
            .SelectMany(assembly => new[] { "System", "System.Threading", "System.Runtime.CompilerServices", "System.Runtime.InteropServices", "System.Runtime.Intrinsics", "System.Runtime.Intrinsics.X86", "System.Runtime.Intrinsics.Arm", "System.CodeDom.Compiler" }
                .Select(name => name.Split('.').Aggregate((INamespaceSymbol?)assembly.GlobalNamespace, (space, part) => space?.GetNamespaceMembers().FirstOrDefault(member => member.Name == part))))
            .OfType<INamespaceSymbol>()
            .SelectMany(space => space.GetTypeMembers())
            .Where(type => type.DeclaredAccessibility == Accessibility.Public)
            .Select(type => type.Name + (type.Arity == 0 ? "" : $"<{string.Join(", ", type.TypeParameters.Select((_, index) => $"T{index}"))}>"))
            .Distinct(),
    ];

    [Fact]
    public void Types_of_the_user_named_like_the_framework_s_do_not_disturb_it()
    {
        Assert.Superset(new HashSet<string> { "Unsafe", "Vector256", "Vector256<T0>", "Span<T0>", "MethodImplOptions", "MethodImplAttribute", "NotSupportedException", "Math" }, FrameworkTypes.ToHashSet());
        string types = string.Concat(FrameworkTypes.Select(type => $"internal class {type};\n"));
        AssertClean(Parsed($"namespace Acme {{ {types} {Classes()} }}"));
        AssertClean(Parsed($"namespace Acme {{ internal partial class Outer {{ {types} {Classes()} }} }}"));
        AssertClean(Parsed($"namespace Acme {{ internal class Parent {{ {types} }} internal partial class Outer : Parent {{ {Classes()} }} }}"));
        AssertClean(Parsed($"{types} {Classes()}"));
    }

    [Fact]
    public void Members_and_namespaces_of_the_user_named_like_what_it_uses_do_not_disturb_it()
    {
        string[] names = [.. FrameworkTypes.Select(type => type.Split('<')[0]).Concat(["Library", "Services"]).Distinct()];
        AssertClean(Parsed($"namespace Acme {{ {Classes(string.Concat(names.Select(name => $"internal static int {name} => 0;\n")))} }}"));
        AssertClean(Parsed($"{string.Concat(names.Select(name => $"namespace Acme.{name} {{ class Marker; }}\n"))} namespace Acme {{ {Classes()} }}"));
    }

    [Fact]
    public void The_class_itself_may_be_named_like_what_it_uses() => AssertClean(Parsed("""
        namespace Acme { [AttentionConfig(Heads = 2, DModel = 8, Causal = true)] internal partial class Unsafe; }
        namespace Acme { [AttentionConfig(Heads = 2, DModel = 8, Causal = true)] internal partial class Library; }
        namespace Acme { internal partial class Services { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class MethodImpl; } }
        namespace Vector256.Span { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block; }
        """));

    [Theory]
    [InlineData("global using Library = System.Text;")]
    [InlineData("global using Services = System.Text;")]
    [InlineData("global using Unsafe = System.Text.StringBuilder;")]
    [InlineData("global using Tools;")]
    [InlineData("global using static Tools.Holder;")]
    public void Global_imports_of_the_user_do_not_disturb_it(string import)
    {
        // The generated text's own imports come first in a namespace, and stand beside the user's in none.
        const string Small = "[AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block;";
        const string Tools = "namespace Tools { public static class MemoryMarshal; public static class Holder { public static class Vector512; } }";
        CSharpCompilation compilation = Parsed($"{Small} namespace Acme {{ {Small} }}");
        AssertClean(compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText($"{import}\n{Tools}", (CSharpParseOptions)compilation.SyntaxTrees[0].Options, "/consumer/Imports.cs", cancellationToken: TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Other_classes_keep_simple_names()
    {
        string text = string.Concat(GenerateTexts("namespace Acme { class Unsafe; } namespace Acme.Models { class Spans; [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block; }").Values);
        Assert.Contains(" Unsafe.Add(", text);
        Assert.DoesNotContain("global::System.Runtime.CompilerServices.Unsafe", text);
    }

    [Fact]
    public void Names_of_files_have_a_length_that_file_systems_take()
    {
        string name = new('日', 250);
        Dictionary<string, string> texts = GenerateTexts($"namespace A{name} {{ [AttentionConfig(Heads = 2, DModel = 8)] internal partial class B{name}; [AttentionConfig(Heads = 2, DModel = 8)] internal partial class C{name}; }}");
        Assert.Equal(10, texts.Count);
        Assert.All(texts.Keys, hint => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(hint), 1, 255));
    }

    private static CSharpCompilation Parsed(string source) => Compile(LatestLanguage.WithDocumentationMode(DocumentationMode.Parse), source);

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Every_member_has_a_reserved_name(string arguments)
    {
        Compilation output = Generate(Compile($"namespace Test; [AttentionConfig({arguments})] public sealed partial class Block;")).Output;
        var names = output.GetTypeByMetadataName("Test.Block")!.GetMembers()
            .Where(member => member is { IsImplicitlyDeclared: false, CanBeReferencedByName: true })
            .Select(member => member.Name);
        Assert.Empty(names.Except(ReservedNames.Attention));
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_reads_the_same_in_every_culture(string arguments)
    {
        string source = $"namespace Test; [AttentionConfig({arguments})] public sealed partial class Block;";
        Dictionary<string, string> expected = GenerateTexts(source);
        var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        strange.NumberFormat.NegativeSign = "\u2212";
        strange.NumberFormat.NumberDecimalSeparator = ",";
        strange.NumberFormat.NumberGroupSeparator = ".";
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = strange;
            Assert.Equal("\u22121,5", (-1.5).ToString(CultureInfo.CurrentCulture));
            Assert.Equal(expected, GenerateTexts(source));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void It_does_not_depend_on_the_order_of_classes_and_files()
    {
        string[] sources = [.. Configurations.Select((row, index) => $"namespace Test; [AttentionConfig({row.Data})] public sealed partial class Block{index};")];
        Dictionary<string, string> expected = GenerateTexts(sources);
        Assert.Equal(expected, GenerateTexts([.. sources.Reverse()]));
        Assert.Equal(expected, GenerateTexts(string.Concat(sources.Reverse().Select(source => source.Replace("namespace Test;", "namespace Test {") + "}"))));
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_is_tidy_text(string arguments)
    {
        foreach ((string hint, string text) in GenerateTexts($"namespace Test; [AttentionConfig({arguments})] public sealed partial class Block;"))
        {
            Assert.StartsWith("Test.Block.", hint);
            Assert.StartsWith("// <auto-generated/>\n", text);
            Assert.EndsWith("}\n", text);
            Assert.DoesNotContain('\r', text);
            Assert.DoesNotContain('\t', text);
            Assert.DoesNotContain(" \n", text);
            Assert.DoesNotContain("\n\n\n", text);
        }
    }

    private static void AssertClean(CSharpCompilation compilation)
    {
        Compilation output = Generate(compilation).Output;
        Assert.True(output.SyntaxTrees.Count() > compilation.SyntaxTrees.Length);
        string complaints = CompilerComplaints(output);
        Assert.True(complaints.Length == 0, complaints);
    }
}
