using System.Collections.Immutable;
using AttentionGen.Generator;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

public sealed class IncrementalTests
{
    private const string First = "namespace Test; [AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class First;";
    private const string Second = "namespace Test; [AttentionConfig(Heads = 4, DModel = 16)] public sealed partial class Second;";
    private const string Unrelated = "namespace Test; public class Unrelated { }";

    [Theory]
    [InlineData("another file changes", 2, "namespace Test; public class Unrelated { int x; }")]
    [InlineData("a comment in the same file", 0, "namespace Test; [AttentionConfig(Heads = 2, DModel = 8)] /* why */ public sealed partial class First; // "
        + "said")]
    [InlineData("lines before the attribute", 0, "namespace Test;\n\n\n   [AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class First;")]
    [InlineData("lines within the attribute", 0, "namespace Test; [AttentionConfig(\n    Heads = 2,\n    DModel = 8)] public sealed partial class First;")]
    [InlineData("arguments in another order", 0, "namespace Test; [AttentionConfig(DModel = 8, Heads = 2)] public sealed partial class First;")]
    [InlineData("a default written out", 0, "namespace Test; [AttentionConfig(Heads = 2, DModel = 8, HeadDim = 4)] public sealed partial class First;")]
    [InlineData("a member of the class", 0, "namespace Test; [AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class First { int own; }")]
    [InlineData("another accessibility", 0, "namespace Test; [AttentionConfig(Heads = 2, DModel = 8)] internal partial class First;")]
    public void Nothing_is_generated_again_when(string what, int file, string text)
    {
        GeneratorRunResult result = RunTwice(compilation => ReplaceFile(compilation, file, text));

        Assert.All(OwnOutputs(result), output => Assert.True(
            output.Reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"{what}: {output.Value}: {output.Reason}"));
        AssertAllCached(result, what);
    }

    [Fact]
    public void A_file_added_generates_nothing_again()
    {
        GeneratorRunResult result = RunTwice(compilation => compilation.AddSyntaxTrees(ParseFile("class Added;", 9)));
        AssertAllCached(result, "a file");
    }

    [Fact]
    public void A_configuration_added_generates_that_one_only()
    {
        const string Third = "namespace Test; [AttentionConfig(Heads = 1, DModel = 4)] public sealed partial class Third;";
        GeneratorRunResult result = RunTwice(compilation => compilation.AddSyntaxTrees(ParseFile(Third, 9)));

        Assert.Equal(
            [("First", IncrementalStepRunReason.Cached), ("Second", IncrementalStepRunReason.Cached), ("Third", IncrementalStepRunReason.New)],
            SourceOutputs(result).OrderBy(output => output.Name, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Heads = 2, DModel = 8, QueryBias = false")]
    [InlineData("Heads = 2, DModel = 12")]
    [InlineData("Heads = 4, DModel = 8")]
    [InlineData("Heads = 2, DModel = 8, Scale = 2")]
    public void A_setting_changed_generates_that_class_only(string arguments)
    {
        GeneratorRunResult result = RunTwice(compilation => ReplaceFile(
            compilation, 0, $"namespace Test; [AttentionConfig({arguments})] public sealed partial class First;"));

        Assert.Equal(
            [("First", IncrementalStepRunReason.Modified), ("Second", IncrementalStepRunReason.Cached)],
            SourceOutputs(result).OrderBy(output => output.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void A_class_that_becomes_invalid_loses_its_files_and_the_other_keeps_them()
    {
        GeneratorRunResult result = RunTwice(compilation => ReplaceFile(compilation, 0, First.Replace("partial ", "")));

        Assert.Contains(("Second", IncrementalStepRunReason.Cached), SourceOutputs(result));
        Assert.All(FilesOfClasses(result), file => Assert.StartsWith("Test.Second", file));
    }

    [Fact]
    public void A_clash_added_in_another_file_is_seen()
    {
        GeneratorRunResult result = RunTwice(compilation => ReplaceFile(compilation, 2, "namespace Test; partial class First { int Shape; }"));
        Assert.All(FilesOfClasses(result), file => Assert.StartsWith("Test.Second", file));
    }

    [Fact]
    public void Two_compilations_of_one_source_give_equal_specs()
    {
        AttentionSpec once = ParseSpecs(First).Single();
        AttentionSpec again = ParseSpecs(First).Single();
        Assert.NotSame(once, again);
        Assert.Equal(once, again);
        Assert.Equal(once.GetHashCode(), again.GetHashCode());
        Assert.NotEqual(once, ParseSpecs(First.Replace("First", "Other")).Single());
        Assert.NotEqual(once, ParseSpecs(First.Replace("Test", "Other")).Single());
    }

    [Fact]
    public void No_step_keeps_anything_of_the_compilation()
    {
        GeneratorRunResult result = RunTwice(compilation => ReplaceFile(compilation, 0, First.Replace("Heads = 2", "Heads = 4")));
        Assert.NotEmpty(OwnOutputs(result));
        Assert.All(OwnOutputs(result), output => Assert.Null(ObjectGraph.FindRoslynObject(output.Value)));
    }

    [Fact]
    public void The_search_for_compiler_objects_finds_them()
    {
        CSharpCompilation compilation = Compile(First);
        SyntaxTree tree = compilation.SyntaxTrees[0];
        INamedTypeSymbol type = compilation.GetTypeByMetadataName("Test.First")!;
        foreach (object banned in new object[] { compilation, tree, type, tree.GetRoot(TestContext.Current.CancellationToken), type.Locations[0],
            type.GetAttributes()[0] })
        {
            Assert.NotNull(ObjectGraph.FindRoslynObject(new Dictionary<string, object?[]> { ["key"] = [1, null, Tuple.Create("deep", banned)] }));
            Assert.NotNull(ObjectGraph.FindRoslynObject(ImmutableArray.Create(banned)));
        }
    }

    [Theory]
    [InlineData("a hook that is called has another body", "score + MathF.Exp(-key)", "score + MathF.Exp(-0.5f * key)")]
    [InlineData("lines within a hook", "score + Slope * (query - key)", "\n    score + Slope\n    * (query - key) /* decays */")]
    [InlineData("a constant by its value", "score + Slope * (query - key)", "score + 0.5f * (query - key)")]
    [InlineData("parentheses and casts that say what holds anyway", "score + Slope * (query - key)", "(score + (Slope * (float)(query - key)))")]
    public void A_hook_generates_nothing_again_when(string what, string body, string edited)
    {
        GeneratorRunResult result = RunTwice(compilation => ReplaceFile(compilation, 0, Hooked(edited)), Hooked(body));
        AssertAllCached(result, what);
    }

    [Theory]
    [InlineData("score + Slope * (query - key)", "score - Slope * (query - key)")]
    [InlineData("score + Slope * (query - key)", "score + Slope * (key - query)")]
    [InlineData("score + 1e-3f", "score + 1.0000002e-3f")]
    [InlineData("0f", "-0f")]
    [InlineData("score", "MathF.Exp(score)")]
    public void A_hook_changed_generates_its_class_only(string body, string edited)
    {
        GeneratorRunResult result = RunTwice(compilation => ReplaceFile(compilation, 0, Hooked(edited)), Hooked(body));
        Assert.Equal(
            [("First", IncrementalStepRunReason.Modified), ("Second", IncrementalStepRunReason.Cached)],
            SourceOutputs(result).OrderBy(output => output.Name, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("static class Numbers { public const float Slope = 0.25f; } // a constant that a hook reads",
        "static class Numbers { public const float Slope = 0.125f; }")]
    [InlineData("partial class First;", "partial class First { [MaskPredicate] static bool Sees(int h, int q, int k) => k < q; }")]
    [InlineData("partial class First { [MaskPredicate] static bool Sees(int h, int q, int k) => k < q; }",
        "partial class First { [MaskPredicate(Range = \"Near\")] static bool Sees(int h, int q, int k) => k < q; static (int, int) Near(int h, int q, int n) "
            + "=> (0, n); }")]
    public void What_a_hook_reads_in_another_file_is_seen(string other, string edited)
    {
        static string File(string text) =>
            $"namespace Test; {text} static class Other {{ public const float Value = {(text.Contains("Numbers") ? "Numbers.Slope" : "1")}; }}";
        GeneratorRunResult result = RunTwice(compilation => ReplaceFile(compilation, 2, File(edited)), Hooked("score + Other.Value"), File(other));
        Assert.Equal(
            [("First", IncrementalStepRunReason.Modified), ("Second", IncrementalStepRunReason.Cached)],
            SourceOutputs(result).OrderBy(output => output.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void Hooks_keep_nothing_of_the_compilation()
    {
        AttentionSpec spec = ParseSpecs(Hooked("Slopes[head] * (Math.Abs(query - key) < 3 ? score : -score)")).Single();
        Assert.NotNull(spec.ScoreModifier!.VectorBody);
        Assert.Null(ObjectGraph.FindRoslynObject(spec));
    }

    /// <summary>First and Second differ in their depths; a third class that has those of First adds no product, and writes none again.</summary>
    [Fact]
    public void Classes_share_their_products()
    {
        const string Third = "namespace Test; [AttentionConfig(Heads = 2, DModel = 8, Causal = true)] public sealed partial class Third;";
        GeneratorRunResult before = RunTwice(compilation => compilation), after = RunTwice(compilation => compilation.AddSyntaxTrees(ParseFile(Third, 9)));
        Assert.Contains(("Third", IncrementalStepRunReason.New), SourceOutputs(after));
        Assert.NotEmpty(ProductOutputs(after));
        Assert.Equal(ProductOutputs(before).Order(), ProductOutputs(after).Order());
        Assert.All(ProductOutputs(after), output => Assert.Equal(IncrementalStepRunReason.Cached, output.Reason));
    }

    private static IEnumerable<string> FilesOfClasses(GeneratorRunResult result) =>
        result.GeneratedSources.Select(file => file.HintName).Where(name => !name.StartsWith(SharedProducts.Namespace, StringComparison.Ordinal));

    /// <summary>The two classes have their files, and neither was written again.</summary>
    private static void AssertAllCached(GeneratorRunResult result, string what)
    {
        IEnumerable<string> outputs = SourceOutputs(result).Select(output => $"{what}: {output.Name} {output.Reason}");
        Assert.Equal([$"{what}: First Cached", $"{what}: Second Cached"], outputs.Order(StringComparer.Ordinal));
    }

    private static string Hooked(string body) =>
        $"using System;\nnamespace Test; [AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class First {{ const float Slope = 0.5f; static "
            + $"readonly float[] Slopes = [1, 2]; [ScoreModifier] static float Bias(float score, int head, int query, int key) => {body}; }}";

    private static GeneratorRunResult RunTwice(Func<CSharpCompilation, CSharpCompilation> edit, string first = First, string third = Unrelated)
    {
        CSharpCompilation compilation = Compile(first, Second, third);
        GeneratorDriver driver = CreateDriver().RunGenerators(compilation, TestContext.Current.CancellationToken);
        GeneratorRunResult before = driver.GetRunResult().Results.Single();
        Assert.All(SourceOutputs(before), output => Assert.Equal(IncrementalStepRunReason.New, output.Reason));

        // A clone, so that nothing can be recognised by reference.
        driver = driver.RunGenerators(edit(compilation.Clone()), TestContext.Current.CancellationToken);
        GeneratorRunResult second = driver.GetRunResult().Results.Single();
        Assert.Null(second.Exception);
        return second;
    }

    private static CSharpCompilation ReplaceFile(CSharpCompilation compilation, int file, string text) =>
        compilation.ReplaceSyntaxTree(compilation.SyntaxTrees[file], ParseFile(text, file));

    /// <summary>Outputs of all steps that the generator names; the compiler names some of its own, which change with every edit.</summary>
    private static List<(object Value, IncrementalStepRunReason Reason)> OwnOutputs(GeneratorRunResult result)
    {
        var names = typeof(TrackingNames).GetFields().Select(field => (string)field.GetRawConstantValue()!).ToList();
        Assert.All(names, name => Assert.Contains(name, result.TrackedSteps.Keys));
        return [.. names.SelectMany(name => result.TrackedSteps[name]).SelectMany(step => step.Outputs)];
    }

    /// <summary>Which class each source output belongs to, and why it ran.</summary>
    private static List<(string Name, IncrementalStepRunReason Reason)> SourceOutputs(GeneratorRunResult result) =>
    [
        .. result.TrackedOutputSteps.Values.SelectMany(steps => steps)
            .Where(step => step.Outputs[0].Reason != IncrementalStepRunReason.Removed)
            .Select(step => (step.Inputs[0].Source.Outputs[step.Inputs[0].OutputIndex].Value, step.Outputs[0].Reason))
            .Where(output => output.Value is IEnumerable<GeneratedFile>)
            .Select(output => (((IEnumerable<GeneratedFile>)output.Value).First().HintName.Split('.')[1], output.Reason)),
    ];

    /// <summary>Which product each source output belongs to, and why it ran.</summary>
    private static List<(string Name, IncrementalStepRunReason Reason)> ProductOutputs(GeneratorRunResult result) =>
    [
        .. result.TrackedOutputSteps.Values.SelectMany(steps => steps)
            .Where(step => step.Outputs[0].Reason != IncrementalStepRunReason.Removed)
            .Select(step => (step.Inputs[0].Source.Outputs[step.Inputs[0].OutputIndex].Value, step.Outputs[0].Reason))
            .Where(output => output.Value is GeneratedFile)
            .Select(output => (((GeneratedFile)output.Value).HintName, output.Reason)),
    ];
}
