using System.Collections.Immutable;
using AttentionGen.Generator;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace AttentionGen.Tests.Generator;

/// <summary>Runs the generator and the analyzer on source text, as the compiler would.</summary>
internal static class GeneratorDriverFixture
{
    /// <summary>The strictest settings that a user's project may have.</summary>
    public static readonly CSharpCompilationOptions StrictOptions = new(
        OutputKind.DynamicallyLinkedLibrary,
        checkOverflow: true,
        allowUnsafe: false,
        warningLevel: 9999,
        generalDiagnosticOption: ReportDiagnostic.Error,
        nullableContextOptions: NullableContextOptions.Enable);

    public static readonly CSharpParseOptions LatestLanguage = new(LanguageVersion.Latest, DocumentationMode.Diagnose);

    private static readonly ImmutableArray<MetadataReference> References = FindReferences();

    /// <summary>A compilation of these files, each of which gets <c>using AttentionGen;</c> in front.</summary>
    public static CSharpCompilation Compile(params string[] sources) => Compile(LatestLanguage, sources);

    public static CSharpCompilation Compile(CSharpParseOptions options, params string[] sources) => CSharpCompilation.Create(
        "Consumer",
        sources.Select((source, index) => ParseFile(source, index, options)),
        References,
        StrictOptions);

    public static SyntaxTree ParseFile(string source, int index, CSharpParseOptions? options = null) => CSharpSyntaxTree.ParseText(
        $"using AttentionGen;\n{source}", options ?? LatestLanguage, $"/consumer/File{index}.cs", cancellationToken: TestContext.Current.CancellationToken);

    public static GeneratorDriver CreateDriver(CSharpParseOptions? options = null) => CSharpGeneratorDriver.Create(
        [new AttentionGenerator().AsSourceGenerator()],
        parseOptions: options ?? LatestLanguage,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>The compilation with the generated files in it, and what the generator did.</summary>
    /// <param name="properties">The properties of the project that the compiler passes on; none where null.</param>
    public static (Compilation Output, GeneratorRunResult Result) Generate(CSharpCompilation compilation, AnalyzerConfigOptionsProvider? properties = null)
    {
        var options = (CSharpParseOptions)compilation.SyntaxTrees[0].Options;
        GeneratorDriver start = CreateDriver(options);
        GeneratorDriver driver = (properties is null ? start : start.WithUpdatedAnalyzerConfigOptions(properties)).RunGeneratorsAndUpdateCompilation(
            compilation, out Compilation output, out ImmutableArray<Diagnostic> diagnostics, TestContext.Current.CancellationToken);
        Assert.Empty(diagnostics);
        GeneratorRunResult result = driver.GetRunResult().Results.Single();
        Assert.Null(result.Exception);
        return (output, result);
    }

    /// <summary>Hint names and texts of all generated files.</summary>
    public static Dictionary<string, string> GenerateTexts(params string[] sources) =>
        Generate(Compile(sources)).Result.GeneratedSources.ToDictionary(file => file.HintName, file => file.SourceText.ToString());

    /// <summary>The specs that the generator made of the legal classes in a source.</summary>
    public static IReadOnlyList<AttentionSpec> ParseSpecs(params string[] sources) => ParseSpecs(Compile(sources));

    public static IReadOnlyList<AttentionSpec> ParseSpecs(CSharpCompilation compilation)
    {
        GeneratorRunResult result = Generate(compilation).Result;
        return result.TrackedSteps.TryGetValue(TrackingNames.Specs, out ImmutableArray<IncrementalGeneratorRunStep> steps)
            ? [.. steps.SelectMany(step => step.Outputs).Select(output => (AttentionSpec)output.Value)]
            : [];
    }

    public static AttentionSpec ParseSpec(string attributeArguments) =>
        ParseSpecs($"namespace Test; [AttentionConfig({attributeArguments})] public sealed partial class Block;").Single();

    /// <summary>What the analyzer says of a compilation, in which the generated files may or may not be.</summary>
    public static async Task<ImmutableArray<Diagnostic>> Analyze(Compilation compilation) =>
        await compilation.WithAnalyzers([new AttentionAnalyzer()]).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);

    /// <summary>What is suggested for the legal classes of a compilation.</summary>
    public static async Task<ImmutableArray<Diagnostic>> AnalyzeSpeed(Compilation compilation) =>
        await compilation.WithAnalyzers([new SpeedAnalyzer()]).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);

    /// <summary>All that the compiler finds to object to, warnings included, with the generated lines it objects to.</summary>
    public static string CompilerComplaints(Compilation compilation)
    {
        using var image = new MemoryStream();
        return CompilerComplaints(compilation, image);
    }

    /// <summary>The same, and the assembly.</summary>
    public static string CompilerComplaints(Compilation compilation, Stream image)
    {
        IEnumerable<Diagnostic> diagnostics = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken).Diagnostics
            .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning);
        return string.Join("\n", diagnostics.Take(20).Select(diagnostic => $"{diagnostic}\n    {LineOf(diagnostic)}"));
    }

    /// <summary>Takes the marks « and » out of a source, and tells what stood between them.</summary>
    public static (string Source, string Marked, int Start) Unmark(string source)
    {
        int start = source.IndexOf('«');
        int end = source.IndexOf('»') - 1;
        string unmarked = source.Replace("«", "").Replace("»", "");
        return start < 0 ? (unmarked, "", -1) : (unmarked, unmarked[start..end], start);
    }

    private static string LineOf(Diagnostic diagnostic)
    {
        SourceText? text = diagnostic.Location.SourceTree?.GetText();
        return text is null ? "" : text.Lines.GetLineFromPosition(diagnostic.Location.SourceSpan.Start).ToString().Trim();
    }

    private static ImmutableArray<MetadataReference> FindReferences()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        return
        [
            .. trusted.Where(path => Path.GetDirectoryName(path) == framework).Select(path => MetadataReference.CreateFromFile(path)),
            MetadataReference.CreateFromFile(typeof(AttentionConfigAttribute).Assembly.Location),
        ];
    }
}
