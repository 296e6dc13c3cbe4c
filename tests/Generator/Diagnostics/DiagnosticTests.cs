using System.Globalization;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

public sealed class DiagnosticTests
{
    public static TheoryData<string> Names => [.. DiagnosticCase.All.Select(example => example.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_mistake_is_reported_where_it_stands_and_nothing_is_generated(string name)
    {
        DiagnosticCase example = Find(name);
        (string source, string marked, int start) = Unmark(example.Illegal);
        (Compilation output, GeneratorRunResult result) = Generate(Compile(source));

        Diagnostic diagnostic = Assert.Single(await Analyze(output));
        Assert.Equal(example.Id, diagnostic.Id);
        Assert.Equal(marked, source.Substring(diagnostic.Location.SourceSpan.Start - "using AttentionGen;\n".Length, diagnostic.Location.SourceSpan.Length));
        Assert.Equal(start, diagnostic.Location.SourceSpan.Start - "using AttentionGen;\n".Length);
        string message = diagnostic.GetMessage(CultureInfo.InvariantCulture);
        Assert.All(example.MessageParts, part => Assert.Contains(part, message));
        Assert.DoesNotContain(
            result.GeneratedSources,
            file => file.HintName.StartsWith("Block", StringComparison.Ordinal) || file.HintName.StartsWith("Forward", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_legal_twin_is_generated_without_complaint(string name)
    {
        (string source, _, _) = Unmark(Find(name).Legal);
        CSharpCompilation compilation = Compile(source);
        Assert.Empty(await Analyze(compilation));
        Assert.NotEmpty(Generate(compilation).Result.GeneratedSources);
    }

    [Theory]
    [InlineData("Causal = true, Rotary = RotaryKind.HalfSplit")]
    [InlineData("MemoryDim = 8, SequenceLength = 3")]
    public async Task The_analyzer_does_not_take_generated_members_for_the_users(string arguments)
    {
        Compilation output = Generate(Compile($"[AttentionConfig(Heads = 2, DModel = 8, {arguments})] partial class Block {{ int own; }}")).Output;
        Assert.NotNull(output.GetTypeByMetadataName("Block")!.GetMembers("Shape").SingleOrDefault());
        Assert.Empty(await Analyze(output));
    }

    [Fact]
    public void Every_diagnostic_has_a_case()
    {
        var expected = DiagnosticDescriptors.All.Select(descriptor => descriptor.Id).Except([DiagnosticDescriptors.LanguageVersion.Id]);
        Assert.Equal(expected, DiagnosticCase.All.Select(example => example.Id).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_old_language_version_is_reported()
    {
        const string Source = "[AttentionConfig(Heads = 2, DModel = 8)] partial class Block { }";
        var old = Compile(LatestLanguage.WithLanguageVersion(LanguageVersion.CSharp11), Source);
        Diagnostic diagnostic = Assert.Single(await Analyze(old));
        Assert.Equal("AG0013", diagnostic.Id);
        Assert.Contains("C# 12 or later", diagnostic.GetMessage(CultureInfo.InvariantCulture));
        Assert.Contains("C# 11.0", diagnostic.GetMessage(CultureInfo.InvariantCulture));
        Assert.Empty(Generate(old).Result.GeneratedSources);

        var oldest = Compile(LatestLanguage.WithLanguageVersion(LanguageVersion.CSharp12), Source);
        Assert.Empty(await Analyze(oldest));
        Assert.NotEmpty(Generate(oldest).Result.GeneratedSources);
    }

    [Fact]
    public async Task All_mistakes_are_reported_at_once()
    {
        var compilation = Compile("[AttentionConfig(Heads = 0, DModel = 0, Scale = -1)] public abstract class Block<T> { int Plan; }");
        Assert.Equal(
            ["AG0001", "AG0003", "AG0005", "AG0009", "AG0014", "AG0015", "AG0020"],
            (await Analyze(compilation)).Select(diagnostic => diagnostic.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_clash_points_at_the_members_too()
    {
        var compilation = Compile("[AttentionConfig(Heads = 2, DModel = 8)] partial class Block { void Forward() { } void Forward(int x) { } }");
        Diagnostic diagnostic = Assert.Single(await Analyze(compilation));
        Assert.Equal(2, diagnostic.AdditionalLocations.Count);
    }

    [Theory]
    [InlineData("[AttentionConfig(Heads = Missing, DModel = 8)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = \"two\", DModel = 8)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = 1 / 0, DModel = 8)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = int.MaxValue + 1, DModel = 8)] partial class Block;")]
    [InlineData("class Numbers { public static int Two() => 2; } [AttentionConfig(Heads = Numbers.Two(), DModel = 8)] partial class Block;")]
    [InlineData("[AttentionConfig(2, 8)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = , DModel = 8)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = 2, DModel = 8")]
    [InlineData("[AttentionConfig(Heads = 2, DModel = null)] partial class Block;")]
    public async Task What_the_compiler_refuses_gets_no_second_error(string source)
    {
        CSharpCompilation compilation = Compile(source);
        Assert.Contains(compilation.GetDiagnostics(TestContext.Current.CancellationToken), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.Empty(await Analyze(compilation));
        Assert.Empty(Generate(compilation).Result.GeneratedSources);
    }

    [Theory]
    [InlineData("[AttentionConfig(Heads = 2, Heads = 4, DModel = 8)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = 2, DModel = 8, Colour = 3)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = 2, DModel = 8), AttentionConfig(Heads = 4, DModel = 8)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = 2, DModel = 8)] partial class Block; [AttentionConfig(Heads = 4, DModel = 8)] partial class Block;")]
    [InlineData("[AttentionConfig(Heads = 2, DModel = 8)] enum Block; [AttentionConfig(Heads = 2, DModel = 8)] delegate void Other();")]
    [InlineData("partial class Outer { void Local() { [AttentionConfig(Heads = 2, DModel = 8)] void Inner() { } } }")]
    public async Task What_the_compiler_refuses_never_crashes(string source)
    {
        CSharpCompilation compilation = Compile(source);
        Assert.Contains(compilation.GetDiagnostics(TestContext.Current.CancellationToken), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.DoesNotContain(await Analyze(compilation), diagnostic => diagnostic.Id == "AD0001");
        Generate(compilation);
    }

    [Fact]
    public async Task Nothing_happens_without_the_attribute()
    {
        var compilation = Compile(
            "[System.Obsolete] class AttentionConfig { } namespace Other { class AttentionConfigAttribute : System.Attribute { } [AttentionConfig] class Block "
                + "{ } }");
        Assert.Empty(await Analyze(compilation));
        Assert.Empty(Generate(compilation).Result.GeneratedSources);
    }

    [Fact]
    public void Every_diagnostic_is_an_error() =>
        Assert.All(DiagnosticDescriptors.All, descriptor => Assert.Equal(DiagnosticSeverity.Error, descriptor.DefaultSeverity));

    private static DiagnosticCase Find(string name) => DiagnosticCase.All.Single(example => example.Name == name);
}
