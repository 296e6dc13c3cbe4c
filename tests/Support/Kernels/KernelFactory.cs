using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using AttentionGen.Generator;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace AttentionGen.Tests.Support;

/// <summary>Compiles configurations with the real generator, as a strict user's project would, and loads what comes out.</summary>
internal static class KernelFactory
{
    private static readonly ConcurrentDictionary<Assembly, byte[]> Images = new();

    private static readonly Lazy<MetadataReference> LazyTensorReference = new(() => MetadataReference.CreateFromFile(TrustedAssemblies.Single(IsTensors)));

    /// <summary>All configurations in one compilation, which is many times faster than one each.</summary>
    public static IReadOnlyDictionary<TestConfiguration, IKernelType> Compile(
        IEnumerable<TestConfiguration> configurations, ProjectProperties? properties = null)
    {
        TestConfiguration[] distinct = [.. configurations.Distinct()];
        IKernelType[] types = Compile([.. distinct.Select(ClassText.Of)], onFile: null, properties);
        return distinct.Zip(types).ToDictionary();
    }

    /// <summary>
    /// The same for classes of which only the text is known; <paramref name="onFile"/> gets the hint name and the text of each generated file.
    /// </summary>
    public static IKernelType[] Compile(
        IReadOnlyList<ClassText> classes, Action<string, string>? onFile = null, ProjectProperties? properties = null) =>
        [.. CompileTypes(classes, onFile, properties: properties).Select(
            type => (IKernelType)Activator.CreateInstance(typeof(KernelAdapter<>).MakeGenericType(type))!)];

    /// <summary>
    /// The generated classes, whatever their kind; with <paramref name="tensors"/> those of a project that references System.Numerics.Tensors.
    /// </summary>
    public static Type[] CompileTypes(
        IReadOnlyList<ClassText> classes, Action<string, string>? onFile = null, bool tensors = false, ProjectProperties? properties = null)
    {
        Assembly assembly = Load(Build(Source(classes), onFile, properties, tensors));
        return [.. Enumerable.Range(0, classes.Count).Select(index => assembly.GetType($"Configurations.Kernel{index}", throwOnError: true)!)];
    }

    /// <summary>A whole text of C#, which declares classes and uses them, with kernels for this processor only.</summary>
    public static Assembly CompileText(string source) => Load(Build(source, onFile: null, ProjectProperties.OfThisProcessor));

    /// <summary>The generated class behind a kernel, and the assembly that it was compiled to, for another process to load.</summary>
    public static (string ClassName, byte[] Image) ImageOf(IKernelType type) => ImageOf(type.GetType().GenericTypeArguments[0]);

    /// <summary>The name of a generated class, and the assembly that it was compiled to.</summary>
    public static (string ClassName, byte[] Image) ImageOf(Type generated) => (generated.FullName!, Images[generated.Assembly]);

    /// <summary>Whether the generator accepts a configuration.</summary>
    public static bool IsLegal(TestConfiguration configuration) => !Problems(configuration).Any();

    /// <summary>What the analyzer says about a configuration.</summary>
    public static IEnumerable<Diagnostic> Problems(TestConfiguration configuration) => Parse([configuration]).Single().Problems;

    /// <summary>The spec that the generator makes of each configuration, or null, and what the analyzer says.</summary>
    public static IEnumerable<(AttentionSpec? Spec, IReadOnlyList<Diagnostic> Problems)> Parse(TestConfiguration[] configurations)
    {
        CSharpCompilation compilation = Compilation([.. configurations.Select(ClassText.Of)]);
        for (int index = 0; index < configurations.Length; index++)
        {
            INamedTypeSymbol type = ClassOf(compilation, index);
            var problems = new List<Diagnostic>();
            yield return (AttentionParser.Parse(type, KernelKind.Attention.FindAttribute(type)!, compilation, problems.Add, CancellationToken.None), problems);
        }
    }

    /// <summary>A compilation of some classes, before the generator.</summary>
    public static CSharpCompilation Compilation(IReadOnlyList<ClassText> classes) => Compilation(Source(classes));

    /// <summary>A class of <see cref="Compilation(IReadOnlyList{ClassText})"/>.</summary>
    public static INamedTypeSymbol ClassOf(Compilation compilation, int index) => compilation.GetTypeByMetadataName($"Configurations.Kernel{index}")!;

    /// <summary>What the compiler's parser says about a text.</summary>
    public static IEnumerable<Diagnostic> SyntaxProblems(string text) => CSharpSyntaxTree.ParseText(text, ParseOptions).GetDiagnostics();

    private static string Source(IReadOnlyList<ClassText> classes)
    {
        var source = new StringBuilder("using AttentionGen;\n\nnamespace Configurations;\n");
        for (int index = 0; index < classes.Count; index++)
        {
            source.Append($"\n/// <summary>{classes[index].Name}</summary>\n[{classes[index].Config}({classes[index].Attribute})]\n");
            string hooks = string.Join("\n\n    ", classes[index].Hooks.Select(hook => hook.ReplaceLineEndings("\n")));
            source.Append($"public sealed partial class Kernel{index}" + (hooks.Length == 0 ? ";\n" : $"\n{{\n    {hooks}\n}}\n"));
        }

        return source.ToString();
    }

    /// <summary>Runs the generator; every diagnostic above "hidden", the generator's own included, is an error.</summary>
    private static Compilation Build(string source, Action<string, string>? onFile, ProjectProperties? properties = null, bool tensors = false)
    {
        CSharpCompilation compilation = Compilation(source);
        if (tensors)
            compilation = compilation.AddReferences(TensorReference);
        GeneratorDriver driver = CSharpGeneratorDriver.Create(
            [new AttentionGenerator().AsSourceGenerator()], parseOptions: ParseOptions, optionsProvider: properties);
        driver = driver.RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out _);
        GeneratorRunResult run = driver.GetRunResult().Results.Single();
        if (run.Exception is { } exception)
            throw new InvalidOperationException("The generator threw.", exception);
        if (run.Diagnostics.Length > 0)
            throw new InvalidOperationException("The generator complained: " + string.Join("\n", run.Diagnostics));
        foreach (GeneratedSourceResult file in run.GeneratedSources)
            onFile?.Invoke(file.HintName, file.SourceText.ToString());
        return output;
    }

    private static CSharpParseOptions ParseOptions { get; } = new(LanguageVersion.Latest, DocumentationMode.Diagnose);

    private static CSharpCompilation Compilation(string source) => CSharpCompilation.Create(
        "Configurations" + Guid.NewGuid().ToString("N"),
        [CSharpSyntaxTree.ParseText(SourceText.From(source, Encoding.UTF8), ParseOptions, "Configurations.cs")],
        References,
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            optimizationLevel: OptimizationLevel.Release,
            checkOverflow: true,
            allowUnsafe: false,
            generalDiagnosticOption: ReportDiagnostic.Error,
            warningLevel: 9999,
            nullableContextOptions: NullableContextOptions.Enable));

    private static string[] TrustedAssemblies => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);

    private static bool IsTensors(string path) => Path.GetFileName(path) == "System.Numerics.Tensors.dll";

    private static Assembly Load(Compilation compilation)
    {
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Diagnostic[] problems = [.. result.Diagnostics.Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden)];
        if (!result.Success || problems.Length > 0)
            throw new InvalidOperationException(
                "The generated code does not compile cleanly.\n" + string.Join("\n", problems.DistinctBy(problem => problem.Id).Take(8).Select(Explain)));
        byte[] bytes = image.ToArray();
        Assembly assembly = Assembly.Load(bytes);
        Images.TryAdd(assembly, bytes);
        return assembly;
    }

    /// <summary>The message and the numbered lines around it.</summary>
    private static string Explain(Diagnostic diagnostic)
    {
        if (diagnostic.Location.SourceTree is not { } tree)
            return diagnostic.ToString();
        var text = new StringBuilder().Append(diagnostic).Append('\n');
        TextLineCollection lines = tree.GetText().Lines;
        int line = diagnostic.Location.GetLineSpan().StartLinePosition.Line;
        for (int index = Math.Max(0, line - 6); index < Math.Min(lines.Count, line + 7); index++)
            text.Append(index == line ? '>' : ' ').Append($"{index + 1,6} ").Append(lines[index]).Append('\n');
        return text.ToString();
    }

    /// <summary>The assembly of tensors, where this process has it.</summary>
    public static MetadataReference TensorReference => LazyTensorReference.Value;

    /// <summary>The assemblies this process runs on: .NET itself and the runtime library. A project asks for tensors if it wants them.</summary>
    private static MetadataReference[] References { get; } =
    [
        .. TrustedAssemblies.Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal) && !IsTensors(path))
            .Append(typeof(AttentionConfigAttribute).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];
}

/// <summary>A user's class as text: what stands in the attribute, and the methods beside it.</summary>
internal sealed record ClassText(string Name, string Attribute, string[] Hooks)
{
    /// <summary>The attribute's name.</summary>
    public string Config { get; init; } = "AttentionConfig";

    public static ClassText Of(TestConfiguration configuration) =>
        new(configuration.ToString(), configuration.AttributeText, [.. configuration.Hooks.Select(hook => hook.Source)]);
}
