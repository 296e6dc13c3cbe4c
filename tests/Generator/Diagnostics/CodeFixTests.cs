using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

public sealed class CodeFixTests
{
    /// <summary>Those whose repair is the user's to choose: which type parameters, names, methods or base class to give up, and what is no C# text.</summary>
    private static readonly string[] WithoutFix = ["AG0003", "AG0009", "AG0011", "AG0013", "AG0027", "AG0028", "AG0030", "AG0043", "AG0056",
        "AG0060", "AG0081"];

    private const string Both = "AttentionOutputs.Probabilities | AttentionOutputs.AveragedProbabilities";
    private const string Stages = "AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores | AttentionOutputs.MaskedScores";

    public static TheoryData<string> Names => [.. DiagnosticCase.All.Select(example => example.Name)];

    public static TheoryData<string, string, string> Classes => new()
    {
        { "[A] public sealed class Block;", "Make 'Block' partial", "[A] public sealed partial class Block;" },
        { "[A]\n// why\npublic class Block // here\n{\n}", "Make 'Block' partial", "[A]\n// why\npublic partial class Block // here\n{\n}" },
        { "static class Outer { struct Middle { [A] partial class Block; } }", "Make the types around 'Block' partial",
            "static partial class Outer { partial struct Middle { [A] partial class Block; } }" },
        { "[A] public static partial class Block { }", "Make 'Block' sealed, not static", "[A] public sealed partial class Block { }" },
        { "[A] abstract partial class Block;", "Make 'Block' sealed, not abstract", "[A] sealed partial class Block;" },
        { "[A] file partial class Block { }", "Make it internal, not file-local", "[A] internal partial class Block { }" },
        { "file partial class Outer { [A] internal partial class Block; }", "Make it internal, not file-local",
            "internal partial class Outer { [A] internal partial class Block; }" },
        { "[A] public partial record Block;", "Make 'Block' a class", "[A] public partial class Block;" },
        { "[A] public readonly partial record struct Block { int Size => 1; }", "Make 'Block' a class", "[A] public partial class Block { int Size => 1; }" },
        { "[A] partial class Block() : System.IDisposable { public void Dispose() { } }", "Remove the primary constructor",
            "[A] partial class Block : System.IDisposable { public void Dispose() { } }" },
        { "[A] partial class Block { public Block(AttentionWeights w, int layer) { } }", "Call the generated constructor: this(w)",
            "[A] partial class Block { public Block(AttentionWeights w, int layer) : this(w) { } }" },
        { "[A] partial class Block { public Block(int layer, AttentionWeights w) : base() { } }", "Call the generated constructor: this(w)",
            "[A] partial class Block { public Block(int layer, AttentionWeights w) : this(w) { } }" },
        { "[A] partial class Block { public required int Layer { get; init; } }", "Remove 'required'",
            "[A] partial class Block { public int Layer { get; init; } }" },
        { "[A] partial class Block { [ScoreModifier] float Bias(float s, int h, int q, int k) => s; }", "Make it static",
            "[A] partial class Block { [ScoreModifier] static float Bias(float s, int h, int q, int k) => s; }" },
        { "[A] partial class Block { [ProbabilityModifier] float Share(float p, int h, int q, int k) => p; }", "Make it static",
            "[A] partial class Block { [ProbabilityModifier] static float Share(float p, int h, int q, int k) => p; }" },
        { "class Shares { [ProbabilityModifier] static float Share(float p, int h, int q, int k) => p; }", "Remove [ProbabilityModifier]",
            "class Shares { static float Share(float p, int h, int q, int k) => p; }" },
        { "[A] partial class Block { [MaskPredicate(Range = \"Near\")] static bool Sees(int h, int q, int k) => true; }", "Remove Range",
            "[A] partial class Block { [MaskPredicate] static bool Sees(int h, int q, int k) => true; }" },
        { "class Biases { /// <summary>Why.</summary>\n[ScoreModifier]\nstatic float Bias(float s, int h, int q, int k) => s; }", "Remove [ScoreModifier]",
            "class Biases { /// <summary>Why.</summary>\nstatic float Bias(float s, int h, int q, int k) => s; }" },
        { "class Rules { [System.Obsolete, MaskPredicate] static bool Sees(int h, int q, int k) => true; }", "Remove [MaskPredicate]",
            "class Rules { [System.Obsolete] static bool Sees(int h, int q, int k) => true; }" },
        { "class Rules { [System.Obsolete]\n[MaskPredicate]\nstatic bool Sees(int h, int q, int k) => true; }", "Remove [MaskPredicate]",
            "class Rules { [System.Obsolete]\nstatic bool Sees(int h, int q, int k) => true; }" },
    };

    public static TheoryData<string, string, string> Arguments => new()
    {
        { "DModel = 8", "Add Heads = 8", "DModel = 8, Heads = 8" },
        { "Heads = 257, DModel = 512", "Change Heads to 256", "Heads = 256, DModel = 512" },
        { "Heads = 2, DModel = -8", "Change DModel to 1", "Heads = 2, DModel = 1" },
        { "Heads = 8, KvHeads = 3 /* few */, DModel = 8", "Change KvHeads to 4", "Heads = 8, KvHeads = 4 /* few */, DModel = 8" },
        { "Heads = 8, KvHeads = 3, DModel = 8", "Change KvHeads to 2", "Heads = 8, KvHeads = 2, DModel = 8" },
        { "Heads = 8, KvHeads = 3, DModel = 8", "Remove KvHeads", "Heads = 8, DModel = 8" },
        { "Heads = 2, DModel = 8, HeadDim = 600", "Change HeadDim to 512", "Heads = 2, DModel = 8, HeadDim = 512" },
        { "Heads = 7, DModel = 64", "Change Heads to 8", "Heads = 8, DModel = 64" },
        { "Heads = 7, DModel = 64", "Change DModel to 63", "Heads = 7, DModel = 63" },
        { "Heads = 2, DModel = 8, Scale = -0.5f", "Change Scale to 0.5f", "Heads = 2, DModel = 8, Scale = 0.5f" },
        { "Heads = 2, DModel = 8, Scale = float.NaN", "Remove Scale", "Heads = 2, DModel = 8" },
        { "Heads = 2, DModel = 8, RotaryBase = 10", "Add Rotary = RotaryKind.HalfSplit",
            "Heads = 2, DModel = 8, RotaryBase = 10, Rotary = RotaryKind.HalfSplit" },
        { "Heads = 2, DModel = 2, Rotary = RotaryKind.HalfSplit", "Remove Rotary", "Heads = 2, DModel = 2" },
        { "Heads = 2, DModel = 10, Rotary = RotaryKind.HalfSplit", "Add RotaryDim = 4",
            "Heads = 2, DModel = 10, Rotary = RotaryKind.HalfSplit, RotaryDim = 4" },
        { "Heads = 2, DModel = 8, MemoryDim = 8, Rotary = RotaryKind.HalfSplit, RotaryDim = 2", "Remove Rotary", "Heads = 2, DModel = 8, MemoryDim = 8" },
        { "Heads = 2, DModel = 8, CausalAlignment = CausalAlignment.BottomRight", "Add Causal = true",
            "Heads = 2, DModel = 8, CausalAlignment = CausalAlignment.BottomRight, Causal = true" },
        { "Heads = 2, DModel = 256, Unrolling = Unrolling.Full", "Remove Unrolling", "Heads = 2, DModel = 256" },
        { "Heads = 2, DModel = 8, Unrolling = (Unrolling)2", "Change Unrolling to Unrolling.Full", "Heads = 2, DModel = 8, Unrolling = Unrolling.Full" },
        { "Heads = 8, Projections = false", "Add HeadDim = 64", "Heads = 8, Projections = false, HeadDim = 64" },
        { "Heads = 8, HeadDim = 0, Projections = false", "Change HeadDim to 64", "Heads = 8, HeadDim = 64, Projections = false" },
        { "Heads = 2, DModel = 8, BooleanMask = MaskAxes.Batch | MaskAxes.Query", "Change BooleanMask to MaskAxes.Batch | MaskAxes.Query | MaskAxes.Key",
            "Heads = 2, DModel = 8, BooleanMask = MaskAxes.Batch | MaskAxes.Query | MaskAxes.Key" },
        { $"Heads = 2, DModel = 8, Outputs = {Both} | AttentionOutputs.LogSumExp",
            "Change Outputs to AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities",
            "Heads = 2, DModel = 8, Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities" },
        { $"Heads = 2, DModel = 8, Outputs = {Both}", "Change Outputs to AttentionOutputs.AveragedProbabilities",
            "Heads = 2, DModel = 8, Outputs = AttentionOutputs.AveragedProbabilities" },
        { $"Heads = 2, DModel = 8, Softcap = 1, Outputs = {Stages}", "Change Outputs to AttentionOutputs.CappedScores",
            "Heads = 2, DModel = 8, Softcap = 1, Outputs = AttentionOutputs.CappedScores" },
        { "Heads = 2, DModel = 8, Outputs = AttentionOutputs.CappedScores", "Remove Outputs", "Heads = 2, DModel = 8" },
        { "Heads = 2, DModel = 8, Outputs = AttentionOutputs.CappedScores | AttentionOutputs.LogSumExp", "Change Outputs to AttentionOutputs.LogSumExp",
            "Heads = 2, DModel = 8, Outputs = AttentionOutputs.LogSumExp" },
        { "Heads = 2, DModel = 8, ZeroKeyValue = true, Outputs = AttentionOutputs.Probabilities", "Remove Outputs",
            "Heads = 2, DModel = 8, ZeroKeyValue = true" },
        { "Heads = 2, DModel = 8, ZeroKeyValue = true, Outputs = AttentionOutputs.Probabilities | AttentionOutputs.LogSumExp",
            "Change Outputs to AttentionOutputs.LogSumExp", "Heads = 2, DModel = 8, ZeroKeyValue = true, Outputs = AttentionOutputs.LogSumExp" },
    };

    [Theory]
    [MemberData(nameof(Classes))]
    public async Task A_class_is_mended(string source, string title, string expected)
    {
        const string Attribute = "[AttentionConfig(Heads = 2, DModel = 8)]";
        await AssertFix(source.Replace("[A]", Attribute), title, expected.Replace("[A]", Attribute));
    }

    [Theory]
    [MemberData(nameof(Arguments))]
    public async Task An_argument_is_mended(string arguments, string title, string expected) =>
        await AssertFix($"[AttentionConfig({arguments})] partial class Block;", title, $"[AttentionConfig({expected})] partial class Block;");

    /// <summary>A type of the user's hides the simple name, so that the value needs the alias.</summary>
    [Fact]
    public async Task An_argument_is_mended_where_the_runtime_has_an_alias()
    {
        const string Outputs = "ag::AttentionGen.AttentionOutputs";
        var fixes = await CodeFixFixture.ApplyUnder(
            "ag",
            $"namespace Acme {{ class AttentionOutputs; [AttentionConfig(Heads = 2, DModel = 8, Outputs = {Outputs}.CappedScores | {Outputs}.LogSumExp)] "
                + $"partial class Block; }}");
        Assert.Contains(fixes, fix => fix.Sources[0].Contains($"Outputs = {Outputs}.LogSumExp)]", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_fix_mends_what_it_is_for(string name)
    {
        DiagnosticCase example = DiagnosticCase.All.Single(candidate => candidate.Name == name);
        (string source, _, _) = Unmark(example.Illegal);
        CSharpCompilation broken = Compile(source);
        int errors = CompilerErrors(broken);
        foreach (var (title, sources) in await CodeFixFixture.Apply(source))
        {
            CSharpCompilation mended = Compile(sources);
            Assert.True(CompilerErrors(mended) <= errors, $"{title}: {sources[0]}");
            Assert.DoesNotContain(await Analyze(mended), diagnostic => diagnostic.Id == example.Id);
        }
    }

    [Fact]
    public async Task Every_diagnostic_with_an_obvious_repair_has_a_fix()
    {
        // A constructor with the weights among others is the one case of AG0010 that has a repair; it stands above.
        var fixable = new SortedSet<string>(StringComparer.Ordinal) { "AG0010" };
        string[] ofSuggestions = ["AG1003"];
        foreach (DiagnosticCase example in DiagnosticCase.All)
        {
            if ((await CodeFixFixture.Apply(Unmark(example.Illegal).Source)).Count > 0)
                fixable.Add(example.Id);
        }

        Assert.Equal(DiagnosticDescriptors.All.Select(descriptor => descriptor.Id).Except(WithoutFix), fixable);
        Assert.Equal(
            fixable.Concat(ofSuggestions), CodeFixFixture.Providers.SelectMany(provider => provider.FixableDiagnosticIds).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "AttentionOutputs.ScaledScores", "AttentionOutputs.MaskedScores")]
    [InlineData(", Softcap = 50", "AttentionOutputs.ScaledScores", "AttentionOutputs.CappedScores", "AttentionOutputs.MaskedScores")]
    public async Task Of_outputs_that_exclude_each_other_each_is_offered_that_has_an_effect(string cap, params string[] expected)
    {
        var fixes = await CodeFixFixture.Apply($"[AttentionConfig(Heads = 2, DModel = 8{cap}, Outputs = {Stages})] partial class Block;");
        Assert.Equal(
            expected.Select(value => $"Change Outputs to {value}"),
            fixes.Select(fix => fix.Title).Where(title => title.StartsWith("Change", StringComparison.Ordinal) && !title.Contains('|')));
    }

    [Fact]
    public async Task All_parts_of_a_class_are_made_partial()
    {
        var fixes = await CodeFixFixture.Apply(
            "[AttentionConfig(Heads = 2, DModel = 8)] public class Block;", "public class Block { int own; }");
        Assert.Contains(fixes, fix => fix.Sources[0].Contains("public partial class Block;") && fix.Sources[1] == "public partial class Block { int own; }");
    }

    [Theory]
    [InlineData("[A] partial class Block(int size) { int Size => size; }")]
    [InlineData("[A] partial class Block { public Block(AttentionWeights weights) { } }")]
    [InlineData("[A] partial class Block { public Block(int size) { } }")]
    [InlineData("class Parent { public Parent(int x) { } public Parent() { } } [A] partial class Block : Parent { public Block(AttentionWeights w, int x) : "
        + "base(x) { } }")]
    public async Task Nothing_is_offered_that_would_lose_what_the_user_wrote(string source) =>
        Assert.Empty(await CodeFixFixture.Apply(source.Replace("[A]", "[AttentionConfig(Heads = 2, DModel = 8)]")));

    private static async Task AssertFix(string source, string title, string expected)
    {
        var fixes = await CodeFixFixture.Apply(source);
        Assert.True(fixes.Any(fix => fix.Title == title), $"Offered: {string.Join("; ", fixes.Select(fix => fix.Title))}");
        Assert.Equal(expected, fixes.First(fix => fix.Title == title).Sources[0]);
    }

    private static int CompilerErrors(CSharpCompilation compilation) =>
        compilation.GetDiagnostics(TestContext.Current.CancellationToken).Count(
            diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && diagnostic.Id.StartsWith("CS", StringComparison.Ordinal));
}
