using System.Text.RegularExpressions;
using AttentionGen.Tests.Generator;
using AttentionGen.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttentionGen.Tests.Docs;

/// <summary>A block of C# in a document: a whole program, or declarations of annotated classes.</summary>
internal sealed record Snippet(string Page, int Index, string Code)
{
    /// <summary>The usings that a new project of the SDK has.</summary>
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>Whether its project references the package of tensors.</summary>
    public bool TakesTensors => Code.Contains("using System.Numerics.Tensors;", StringComparison.Ordinal);

    /// <summary>All C# blocks of a document, which is named by its path in the repository.</summary>
    public static IEnumerable<Snippet> Read(string page) => Blocks(page, "csharp").Select((code, index) => new Snippet(page, index, code));

    /// <summary>All blocks of a language, "" for blocks without one.</summary>
    public static IEnumerable<string> Blocks(string page, string language)
    {
        string text = File.ReadAllText(Path.Combine(RepositoryRoot.Path, page)).ReplaceLineEndings("\n");
        return Regex.Matches(text, "^```([a-z]*)\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)
            .Where(block => block.Groups[1].Value == language).Select(block => block.Groups[2].Value);
    }

    /// <summary>The program of this block. A program of declarations makes a kernel object of each class.</summary>
    public CSharpCompilation Compile()
    {
        CompilationUnitSyntax root = SyntaxFactory.ParseCompilationUnit(Code, options: GeneratorDriverFixture.LatestLanguage);
        bool isProgram = root.Members.OfType<GlobalStatementSyntax>().Any();
        SyntaxTree[] trees =
        [
            Parse(Code, "Snippet.cs"),
            Parse(ImplicitUsings, "Usings.cs"),
            .. isProgram ? (SyntaxTree[])[] : [Parse(CreateKernels(root), "Program.cs")],
        ];
        CSharpCompilation compilation = GeneratorDriverFixture.Compile();
        if (TakesTensors)
            compilation = compilation.AddReferences(KernelFactory.TensorReference);
        return compilation
            .RemoveAllSyntaxTrees()
            .AddSyntaxTrees(trees)
            .WithAssemblyName("Snippet")
            .WithOptions(new CSharpCompilationOptions(
            OutputKind.ConsoleApplication, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable));
    }

    private static string CreateKernels(CompilationUnitSyntax root)
    {
        string[] calls =
            [.. Classes("AttentionConfig").Select(name => $"Attention<{name}>();"), .. Classes("LinearConfig").Select(name => $"Linear<{name}>();")];
        Assert.NotEmpty(calls);
        return $$"""
            #pragma warning disable CS8321
            using AttentionGen;
            {{string.Join("\n", calls)}}
            static void Attention<T>() where T : class, IAttentionKernel<T> => Console.WriteLine(T.Create(AttentionWeights.Random(T.Shape, seed: 1)));
            static void Linear<T>() where T : class, ILinear<T> => Console.WriteLine(T.Create(LinearWeights.Random(T.Shape, seed: 1)));
            """;

        IEnumerable<string> Classes(string config) => root.Members.OfType<ClassDeclarationSyntax>()
            .Where(type => type.AttributeLists.SelectMany(list => list.Attributes).Any(attribute => attribute.Name.ToString() == config))
            .Select(type => type.Identifier.Text);
    }

    private static SyntaxTree Parse(string source, string name) => CSharpSyntaxTree.ParseText(
        source, GeneratorDriverFixture.LatestLanguage.WithDocumentationMode(DocumentationMode.Parse), $"/consumer/{name}",
        cancellationToken: TestContext.Current.CancellationToken);
}
