using System.Xml.Linq;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>Pages of <c>docs/diagnostics</c> say what is so: every diagnostic has one, and its examples do what it says of them.</summary>
[Trait("Speed", "Slow")]
public sealed class HelpPageTests
{
    private static readonly DiagnosticDescriptor[] Descriptors = [.. DiagnosticDescriptors.All, .. SuggestionDescriptors.All];

    public static TheoryData<string> Ids => [.. Descriptors.Select(descriptor => descriptor.Id)];

    /// <summary>Those whose examples are C#. An old language version is an example of a project file, and compiled by another test.</summary>
    public static TheoryData<string> CSharpIds => [.. Descriptors.Except([DiagnosticDescriptors.LanguageVersion]).Select(descriptor => descriptor.Id)];

    private static XElement[] BuildDiagnostics =>
        [.. XDocument.Load(Path.Combine(RepositoryRoot.Path, "runtime", "Package", "AttentionGen.targets")).Descendants()
            .Where(task => task.Name.LocalName is "Warning" or "Error").OrderBy(task => task.Attribute("Code")!.Value, StringComparer.Ordinal)];

    [Fact]
    public void Every_diagnostic_has_a_page_and_every_page_a_diagnostic()
    {
        string[] ids = [.. Descriptors.Select(descriptor => descriptor.Id), .. BuildDiagnostics.Select(warning => warning.Attribute("Code")!.Value)];
        Assert.Equal(ids.Select(id => $"{id}.md"), Directory.GetFiles(HelpPage.Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_diagnostic_links_to_its_page_which_has_its_title(string id)
    {
        DiagnosticDescriptor descriptor = Descriptors.Single(descriptor => descriptor.Id == id);
        HelpPage page = HelpPage.Read(id);
        Assert.Equal((id, descriptor.Title.ToString()), (page.Id, page.Title));
        Assert.Equal($"https://github.com/attentiongen/attentiongen/blob/main/docs/diagnostics/{id}.md", descriptor.HelpLinkUri);
    }

    [Fact]
    public void A_diagnostic_of_the_targets_links_to_its_page() => Assert.All(BuildDiagnostics, warning =>
    {
        string id = warning.Attribute("Code")!.Value;
        Assert.Equal(id, HelpPage.Read(id).Id);
        Assert.EndsWith($"/docs/diagnostics/{id}.md", warning.Attribute("HelpLink")!.Value);
    });

    [Theory]
    [MemberData(nameof(CSharpIds))]
    public async Task The_first_example_gets_the_diagnostic_and_no_other(string id)
    {
        CSharpCompilation before = Compile(ExampleLanguage, HelpPage.Read(id).Before);
        Assert.Empty(before.SyntaxTrees.Single().GetDiagnostics(TestContext.Current.CancellationToken));
        Assert.Equal([id], (await AnalyzeAll(before)).Distinct());
    }

    [Theory]
    [MemberData(nameof(CSharpIds))]
    public async Task The_repaired_example_gets_none_and_compiles_without_a_warning(string id)
    {
        CSharpCompilation after = Compile(ExampleLanguage, HelpPage.Read(id).After);
        Assert.Empty(await AnalyzeAll(after));
        (Compilation output, GeneratorRunResult result) = Generate(after);
        Assert.NotEmpty(result.GeneratedSources);
        Assert.Empty(CompilerComplaints(output));
    }

    [Fact]
    public async Task The_examples_of_language_versions_are_true()
    {
        const string Source = "[AttentionConfig(Heads = 8, DModel = 512)] public sealed partial class EncoderAttention { }";
        HelpPage page = HelpPage.Read(DiagnosticDescriptors.LanguageVersion.Id);
        Assert.Equal([page.Id], await AnalyzeAll(Compile(VersionOf(page.Before), Source)));
        CSharpCompilation after = Compile(VersionOf(page.After), Source);
        Assert.Empty(await AnalyzeAll(after));
        Assert.Empty(CompilerComplaints(Generate(after).Output));
    }

    [Fact]
    public void The_page_on_clashes_lists_every_reserved_name()
    {
        string page = File.ReadAllText(Path.Combine(HelpPage.Folder, "AG0009.md"));
        Assert.All(ReservedNames.Members, name => Assert.Contains($"`{name}`", page));
    }

    /// <summary>Examples leave out XML documentation, which is none of their points.</summary>
    private static CSharpParseOptions ExampleLanguage => LatestLanguage.WithDocumentationMode(DocumentationMode.Parse);

    private static CSharpParseOptions VersionOf(string example)
    {
        Assert.True(LanguageVersionFacts.TryParse(HelpPage.Properties(example)["LangVersion"], out LanguageVersion version));
        return ExampleLanguage.WithLanguageVersion(version);
    }

    private static async Task<IEnumerable<string>> AnalyzeAll(CSharpCompilation compilation) =>
        (await Analyze(compilation)).Concat(await AnalyzeSpeed(compilation)).Select(diagnostic => diagnostic.Id);
}
