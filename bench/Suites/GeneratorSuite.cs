using AttentionGen.Bench.Explain;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generator;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using BenchmarkDotNet.Attributes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttentionGen.Bench.Suites;

/// <summary>The generator in the compiler's driver: what an annotated class costs a build, and an edit elsewhere costs the editor.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class GeneratorSuite
{
    private const string Source =
        "using AttentionGen;\nnamespace Consumer;\n[AttentionConfig(Heads = 8, DModel = 512)]\npublic sealed partial class EncoderAttention;\n";

    private readonly AttentionSpec spec = PlanOf.SpecOf(H8D512.Shape);
    private CSharpCompilation? compilation;
    private CSharpCompilation? edited;
    private GeneratorDriver? warm;

    /// <summary>A compilation with one annotated class, and the same after an edit in another file.</summary>
    [GlobalSetup]
    public void Setup()
    {
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        IEnumerable<MetadataReference> references = trusted.Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == framework)
            .Append(typeof(AttentionConfigAttribute).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path));
        SyntaxTree other = CSharpSyntaxTree.ParseText("namespace Consumer; class Other { }");
        compilation = CSharpCompilation.Create(
            "Consumer", [CSharpSyntaxTree.ParseText(Source), other], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        this.edited = compilation.ReplaceSyntaxTree(other, CSharpSyntaxTree.ParseText("namespace Consumer; class Other { int edited; }"));
        warm = CreateDriver().RunGenerators(compilation);
        if (warm.GetRunResult().GeneratedTrees.IsEmpty)
            throw new InvalidOperationException("The generator wrote nothing.");
    }

    /// <summary>A driver that has seen nothing, warm code: parse the attribute, plan, emit, parse what was emitted.</summary>
    [Benchmark]
    public GeneratorDriver FirstRun() => CreateDriver().RunGenerators(compilation!);

    /// <summary>After an edit in another file: everything comes out of the incremental cache.</summary>
    [Benchmark]
    public GeneratorDriver CachedRun() => warm!.RunGenerators(edited!);

    /// <summary>Plan and text alone, without the compiler.</summary>
    [Benchmark]
    public object Emission() => AttentionEmitter.Emit(spec);

    private static GeneratorDriver CreateDriver() => CSharpGeneratorDriver.Create(new AttentionGenerator());
}
