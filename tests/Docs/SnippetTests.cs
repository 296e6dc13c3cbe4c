using AttentionGen.Tests.Generator;
using AttentionGen.Tests.Package;
using AttentionGen.Tests.Runtime;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Tests.Docs;

/// <summary>A reader can copy every C# block of the README and of the documents, compile it and run it.</summary>
[Trait("Speed", "Slow")]
public sealed class SnippetTests
{
    private const string RuntimeConfig = """{ "runtimeOptions": { "framework": { "name": "Microsoft.NETCore.App", "version": "10.0.0" } } }""";

    /// <summary>The README and the documents. Pages on diagnostics have tests of their own. The tutorial is one program, which tests/Tutorial runs.</summary>
    private static string[] Pages =>
    [
        "README.md",
        .. Directory.GetFiles(
            Path.Combine(RepositoryRoot.Path, "docs"), "*.md").Select(path => Path.GetRelativePath(RepositoryRoot.Path, path))
            .Where(page => page != Path.Combine("docs", "tutorial.md")).Order(StringComparer.Ordinal),
    ];

    public static TheoryData<string, int> Snippets
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (Snippet snippet in Pages.SelectMany(Snippet.Read))
                data.Add(snippet.Page, snippet.Index);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Snippets))]
    public void A_snippet_compiles_without_a_warning_and_runs(string page, int index) => Run(Snippet.Read(page).ElementAt(index));

    [Fact]
    public void The_page_on_plans_shows_what_its_program_prints()
    {
        const string Page = "docs/plan.md";
        string printed = Run(Snippet.Read(Page).Single());
        string shown = Snippet.Blocks(Page, "").Single();
        // Only the second line of a plan depends on the processor, and the page shows that of AVX-512.
        Assert.Equal(WithoutVectorTarget(shown), WithoutVectorTarget(printed));
        if (printed.Contains("Vector512", StringComparison.Ordinal))
            Assert.Equal(shown, printed);
    }

    private static string[] WithoutVectorTarget(string plans) => [.. plans.Split('\n').Where(line => !line.StartsWith("Vector", StringComparison.Ordinal))];

    /// <summary>What a snippet prints, as a process of its own beside a small model file.</summary>
    private static string Run(Snippet snippet)
    {
        Compilation program = GeneratorDriverFixture.Generate(snippet.Compile()).Output;
        string folder = Directory.CreateTempSubdirectory("attentiongen-snippet").FullName;
        try
        {
            using (FileStream image = File.Create(Path.Combine(folder, "Snippet.dll")))
                Assert.Equal("", GeneratorDriverFixture.CompilerComplaints(program, image));
            File.WriteAllText(Path.Combine(folder, "Snippet.runtimeconfig.json"), RuntimeConfig);
            string runtime = typeof(AttentionConfigAttribute).Assembly.Location;
            File.Copy(runtime, Path.Combine(folder, Path.GetFileName(runtime)));
            if (snippet.TakesTensors)
                File.Copy(typeof(System.Numerics.Tensors.Tensor<float>).Assembly.Location, Path.Combine(folder, "System.Numerics.Tensors.dll"));
            File.WriteAllBytes(
                Path.Combine(folder, "model.safetensors"),
                snippet.Code.Contains("TransformerTensorNames", StringComparison.Ordinal) ? BertLayers(count: 6, width: 384) : BertLayer(width: 384));
            return DotnetCommand.Run(folder, [], "exec", "Snippet.dll");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The attention of BERT's first layer, all zeros.</summary>
    private static byte[] BertLayer(int width)
    {
        var file = new SafetensorsWriter();
        foreach (string name in (string[])["self.query", "self.key", "self.value", "output.dense"])
        {
            file.AddF32($"encoder.layer.0.attention.{name}.weight", [width, width], new float[width * width]);
            file.AddF32($"encoder.layer.0.attention.{name}.bias", [width], new float[width]);
        }

        return file.ToArray();
    }

    /// <summary>BERT's layers, all zeros.</summary>
    private static byte[] BertLayers(int count, int width)
    {
        var file = new SafetensorsWriter();
        for (int layer = 0; layer < count; layer++)
        {
            foreach (string name in (string[])["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"])
                Add(name, width, width);
            Add("intermediate.dense", 4 * width, width);
            Add("output.dense", width, 4 * width);
            Add("attention.output.LayerNorm", width);
            Add("output.LayerNorm", width);

            void Add(string name, int outputs, params long[] inputs)
            {
                long[] shape = [outputs, .. inputs];
                file.AddF32($"encoder.layer.{layer}.{name}.weight", shape, new float[shape.Aggregate(1L, (product, dimension) => product * dimension)]);
                file.AddF32($"encoder.layer.{layer}.{name}.bias", [outputs], new float[outputs]);
            }
        }

        return file.ToArray();
    }
}
