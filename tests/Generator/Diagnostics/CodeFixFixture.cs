using System.Collections.Immutable;
using AttentionGen.CodeFixes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>Runs the analyzer and the code fixes on source text, as an editor would.</summary>
internal static class CodeFixFixture
{
    public static readonly IReadOnlyList<CodeFixProvider> Providers = [new ArgumentFixProvider(), new DeclarationFixProvider(), new MemberFixProvider()];

    /// <summary>Every fix that is offered for the diagnostics of a source: its title, and the files after it.</summary>
    public static Task<IReadOnlyList<(string Title, string[] Sources)>> Apply(params string[] sources) => ApplyUnder("global", sources);

    /// <summary>The same in a project that references the runtime under an extern alias.</summary>
    public static async Task<IReadOnlyList<(string Title, string[] Sources)>> ApplyUnder(string alias, params string[] sources)
    {
        string imports = alias == "global" ? "using AttentionGen;\n" : $"extern alias {alias};\nusing {alias}::AttentionGen;\n";
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var workspace = new AdhocWorkspace();
        Project project = CreateProject(workspace, alias, imports, sources);
        Compilation compilation = (await project.GetCompilationAsync(cancellation))!;
        var results = new List<(string, string[])>();
        foreach (Diagnostic diagnostic in (await Analyze(compilation)).AddRange(await AnalyzeSpeed(compilation)))
        {
            Document document = project.GetDocument(diagnostic.Location.SourceTree)!;
            foreach (CodeFixProvider provider in Providers.Where(provider => provider.FixableDiagnosticIds.Contains(diagnostic.Id)))
            {
                var actions = new List<CodeAction>();
                await provider.RegisterCodeFixesAsync(new CodeFixContext(document, diagnostic, (action, _) => actions.Add(action), cancellation));
                foreach (CodeAction action in actions)
                {
                    ImmutableArray<CodeActionOperation> operations = await action.GetOperationsAsync(cancellation);
                    Project changed = operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetProject(project.Id)!;
                    string[] texts = await Task.WhenAll(
                        changed.Documents.Select(async file => (await file.GetTextAsync(cancellation)).ToString()[imports.Length..]));
                    results.Add((action.Title, texts));
                }
            }
        }

        return results;
    }

    private static Project CreateProject(AdhocWorkspace workspace, string alias, string imports, string[] sources)
    {
        CSharpCompilation compilation = Compile(sources);
        string runtime = typeof(AttentionConfigAttribute).Assembly.Location;
        Project project = workspace.AddProject("Consumer", LanguageNames.CSharp)
            .WithCompilationOptions(compilation.Options)
            .WithParseOptions(LatestLanguage)
            .WithMetadataReferences(compilation.References.Select(reference => reference.Display == runtime ? reference.WithAliases([alias]) : reference));
        for (int i = 0; i < sources.Length; i++)
            project = project.AddDocument($"File{i}.cs", $"{imports}{sources[i]}", filePath: $"/consumer/File{i}.cs").Project;
        return project;
    }
}
