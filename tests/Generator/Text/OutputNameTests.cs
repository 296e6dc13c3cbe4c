using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>Generated text means what it says, whatever the user's own types, members, namespaces, imports and references are called.</summary>
[Trait("Speed", "Slow")]
public sealed class OutputNameTests
{
    [Fact]
    public void Types_of_the_user_named_like_those_it_uses_do_not_disturb_it()
    {
        IEnumerable<string> names = typeof(AttentionConfigAttribute).Assembly.GetExportedTypes()
            .Where(type => type.DeclaringType is null && type != typeof(AttentionConfigAttribute))
            .Select(type => type.Name.Split('`')[0]).Distinct()
            .Concat(["Math", "CancellationToken", "Library", "Services"]);
        string types = string.Concat(names.Select(name => $"internal class {name};"));
        const string Block =
            "[AttentionConfig(Heads = 2, DModel = 8, Causal = true, KeyLengths = true, Rotary = (global::AttentionGen.RotaryKind)1)] internal partial class "
                + "Block;";
        const string Memory = "[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 8)] internal partial class Memory;";
        TextRules.AssertClean(Compile(LatestLanguage.WithDocumentationMode(DocumentationMode.Parse), $"namespace Acme {{ {types} {Block} {Memory} }}"));
        TextRules.AssertClean(Compile(LatestLanguage.WithDocumentationMode(DocumentationMode.Parse),
            $"namespace Acme {{ internal partial class Outer {{ {types} {Block} {Memory} }} }}"));
    }

    /// <summary>Classes whose texts together have every name that any has, kernels that call the user's methods among them.</summary>
    private static string Classes(string members = "") =>
        $"[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 8, KeyLengths = true)] internal partial class Cross {{ {members} }}\n"
            + $"[AttentionConfig(Heads = 2, HeadDim = 8, Projections = false, QueryKeyNorm = QueryKeyNorm.Rms, BooleanMask = MaskAxes.QueryKey, Outputs = "
                + $"AttentionOutputs.LogSumExp)] internal partial class Core {{ {members} }}\n"
        + "[AttentionConfig(Heads = 2, DModel = 8, Causal = true)] internal partial class Hooked { "
            + "[ScoreModifier] private static global::System.Runtime.Intrinsics.Vector256<float> Bias(global::System.Runtime.Intrinsics.Vector256<float> s, "
                + "int h, int q, global::System.Runtime.Intrinsics.Vector256<int> k) => s; "
        + "[ProbabilityModifier] private static global::System.Runtime.Intrinsics.Vector256<float> Share(global::System.Runtime.Intrinsics.Vector256<float> p, "
            + "int h, int q, global::System.Runtime.Intrinsics.Vector256<int> k) => p; "
        + "[MaskPredicate(Range = \"Near\")] private static bool Sees(int h, int q, int k) { while (k > 7) k -= 7; return k != 3; } "
        + $"private static (int, int) Near(int h, int q, int keys) => (0, keys); {members} }}\n";

    /// <summary>Public types that generated text could mean by a simple name, with their type parameters, for a user to name own types like them.</summary>
    private static readonly string[] FrameworkTypes =
    [
        .. GeneratorDriverFixture.Compile("").References
            .Select(GeneratorDriverFixture.Compile("").GetAssemblyOrModuleSymbol).OfType<IAssemblySymbol>()
            .SelectMany(assembly => new[] { "System", "System.Threading", "System.Runtime.CompilerServices", "System.Runtime.InteropServices",
                "System.Runtime.Intrinsics", "System.Runtime.Intrinsics.X86", "System.Runtime.Intrinsics.Arm", "System.CodeDom.Compiler" }
                .Select(name => name.Split('.').Aggregate((INamespaceSymbol?)assembly.GlobalNamespace,
                    (space, part) => space?.GetNamespaceMembers().FirstOrDefault(member => member.Name == part))))
            .OfType<INamespaceSymbol>()
            .SelectMany(space => space.GetTypeMembers())
            .Where(type => type.DeclaredAccessibility == Accessibility.Public)
            .Select(type => type.Name + (type.Arity == 0 ? "" : $"<{string.Join(", ", type.TypeParameters.Select((_, index) => $"T{index}"))}>"))
            .Distinct(),
    ];

    [Fact]
    public void Types_of_the_user_named_like_the_framework_s_do_not_disturb_it()
    {
        Assert.Superset(
            new HashSet<string> { "Unsafe", "Vector256", "Vector256<T0>", "Span<T0>", "MethodImplOptions", "MethodImplAttribute", "Math" },
            FrameworkTypes.ToHashSet());
        string types = string.Concat(FrameworkTypes.Select(type => $"internal class {type};\n"));
        TextRules.AssertClean(Parsed($"namespace Acme {{ {types} {Classes()} }}"));
        TextRules.AssertClean(Parsed($"namespace Acme {{ internal partial class Outer {{ {types} {Classes()} }} }}"));
        TextRules.AssertClean(Parsed($"namespace Acme {{ internal class Parent {{ {types} }} internal partial class Outer : Parent {{ {Classes()} }} }}"));
        TextRules.AssertClean(Parsed($"{types} {Classes()}"));
    }

    [Fact]
    public void Members_and_namespaces_of_the_user_named_like_what_it_uses_do_not_disturb_it()
    {
        string[] names = [.. FrameworkTypes.Select(type => type.Split('<')[0]).Concat(["Library", "Services", "nint"]).Distinct()];
        TextRules.AssertClean(Parsed($"namespace Acme {{ {Classes(string.Concat(names.Select(name => $"internal static int {name} => 0;\n")))} }}"));
        TextRules.AssertClean(
            Parsed($"{string.Concat(names.Select(name => $"namespace Acme.{name} {{ class Marker; }}\n"))} namespace Acme {{ {Classes()} }}"));
    }

    [Fact]
    public void The_class_itself_may_be_named_like_what_it_uses() => TextRules.AssertClean(Parsed("""
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
    [InlineData("global using @nint = System.Text.StringBuilder;")]
    [InlineData("global using Tools.Integers;")]
    public void Global_imports_of_the_user_do_not_disturb_it(string import)
    {
        // The generated text's own imports come first in a namespace, and stand beside the user's in none.
        const string Small = "[AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block;";
        const string Tools =
            "namespace Tools { public static class MemoryMarshal; public static class Holder { public static class Vector512; } } namespace Tools.Integers { "
                + "public static class @nint; }";
        CSharpCompilation compilation = Parsed($"{Small} namespace Acme {{ {Small} }}");
        TextRules.AssertClean(compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText($"{import}\n{Tools}",
            (CSharpParseOptions)compilation.SyntaxTrees[0].Options, "/consumer/Imports.cs", cancellationToken: TestContext.Current.CancellationToken)));
    }

    /// <summary>It is no keyword: a type of that name comes first, wherever it stands.</summary>
    [Theory]
    [InlineData("namespace Acme { internal class @nint; CLASSES }")]
    [InlineData("internal class @nint; CLASSES")]
    [InlineData("internal class @nint; namespace Acme.Models { CLASSES }")]
    [InlineData("namespace Acme { internal class @nint; } namespace Acme.Models { CLASSES }")]
    [InlineData("namespace Acme { internal class Parent { internal class @nint; } internal partial class Outer : Parent { CLASSES } }")]
    [InlineData("namespace Acme { internal enum @nint { None } internal partial class Outer { CLASSES } }")]
    public void A_type_of_the_user_named_nint_does_not_disturb_it(string source) => TextRules.AssertClean(Parsed(source.Replace("CLASSES", Classes())));

    [Theory]
    [InlineData("private class @nint;")]
    [InlineData("private readonly int @nint = 3; internal int Three => @nint;")]
    [InlineData("internal int @nint { get; set; }")]
    [InlineData("internal void @nint() { }")]
    public void A_member_of_the_user_named_nint_does_not_disturb_it(string member)
    {
        TextRules.AssertClean(Parsed($"namespace Acme {{ {Classes(member)} }}"));
        TextRules.AssertClean(Parsed(Classes(member)));
    }

    /// <summary>Words that are keywords in some places only. Where one stands elsewhere, a type of that name comes first.</summary>
    private static readonly string[] ContextualKeywords =
        [.. SyntaxFacts.GetContextualKeywordKinds().Select(SyntaxFacts.GetText).Concat(["var", "nint", "nuint", "dynamic", "nameof", "scoped", "field",
            "_"]).Distinct()];

    [Theory]
    [InlineData("namespace Acme { TYPES CLASSES }")]
    [InlineData("TYPES CLASSES")]
    [InlineData("TYPES namespace Acme.Models { CLASSES }")]
    [InlineData("namespace Acme { internal class Parent { TYPES } internal partial class Outer : Parent { CLASSES } }")]
    public void Types_of_the_user_named_like_contextual_keywords_do_not_disturb_it(string source)
    {
        string types = string.Concat(ContextualKeywords.Select(word => $"internal class @{word};\n"));
        TextRules.AssertClean(Parsed(source.Replace("TYPES", types).Replace("CLASSES", Classes())));
    }

    [Fact]
    public void Members_of_the_user_named_like_contextual_keywords_do_not_disturb_it() =>
        TextRules.AssertClean(
            Parsed($"namespace Acme {{ {Classes(string.Concat(ContextualKeywords.Select(word => $"internal static int @{word} => 0;\n")))} }}"));

    /// <summary>The runtime may be referenced under an alias alone; the user's own namespace may begin like the alias.</summary>
    [Theory]
    [InlineData("ag", "Acme", "")]
    [InlineData("ag", "ag.AttentionGen.Blocks", "")]
    [InlineData("ag", "Acme", "internal class Math;")]
    [InlineData("@class", "Acme", "")]
    public void A_runtime_under_an_alias_is_found(string alias, string space, string types)
    {
        CSharpCompilation compilation = UnderAlias(
            Parsed(""),
            alias.TrimStart('@'),
            $$"""
            extern alias {{alias}};
            namespace {{space}}
            {
                using {{alias}}::AttentionGen;
                {{types}}
                {{Classes()}}
            }
            """);
        TextRules.AssertClean(compilation);
        Assert.All(Generate(compilation).Result.GeneratedSources, file => Assert.Contains($"\nextern alias {alias};\n", file.SourceText.ToString()));
    }

    [Fact]
    public void A_runtime_under_an_alias_is_found_from_no_namespace() =>
        TextRules.AssertClean(UnderAlias(Parsed(""), "ag", $"extern alias ag;\nusing ag::AttentionGen;\n{Classes()}"));

    [Fact]
    public async Task Mistakes_and_slow_shapes_are_reported_where_the_runtime_has_an_alias()
    {
        CSharpCompilation compilation = UnderAlias(
            Parsed(""),
            "ag",
            """
            extern alias ag;
            using ag::AttentionGen;
            [AttentionConfig(Heads = 0, DModel = 8)] partial class Wrong;
            [AttentionConfig(Heads = 8, DModel = 512, HeadDim = 20)] partial class Slow;
            """);
        Assert.Equal(["AG0014"], (await Analyze(compilation)).Select(diagnostic => diagnostic.Id));
        Assert.Equal(["AG1001"], (await AnalyzeSpeed(compilation)).Select(diagnostic => diagnostic.Id));
    }

    /// <summary>A program's only file, with the runtime under two aliases of which none is <c>global</c>.</summary>
    private static CSharpCompilation UnderAlias(CSharpCompilation plain, string alias, string source)
    {
        string runtime = typeof(AttentionConfigAttribute).Assembly.GetName().Name!;
        IEnumerable<MetadataReference> references = plain.References.Select(reference =>
            plain.GetAssemblyOrModuleSymbol(reference) is IAssemblySymbol assembly && assembly.Name == runtime
                ? reference.WithAliases([alias, "another"])
                : reference);
        SyntaxTree tree = CSharpSyntaxTree.ParseText(
            source, (CSharpParseOptions)plain.SyntaxTrees[0].Options, "/consumer/Alias.cs", cancellationToken: TestContext.Current.CancellationToken);
        return plain.WithReferences(references).RemoveAllSyntaxTrees().AddSyntaxTrees(tree);
    }

    [Fact]
    public void Other_classes_keep_simple_names()
    {
        string text = string.Concat(
            GenerateTexts(
                "namespace Acme { class Unsafe; } namespace Acme.Models { class Spans; [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block; "
                    + "}").Values);
        Assert.Contains(" Unsafe.Add(", text);
        Assert.DoesNotContain("global::System.Runtime.CompilerServices.Unsafe", text);
    }

    private static CSharpCompilation Parsed(string source) => Compile(LatestLanguage.WithDocumentationMode(DocumentationMode.Parse), source);
}
