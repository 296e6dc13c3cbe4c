using AttentionGen.Generator;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using AttentionGen.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>Forms that take tensors stand in a file of their own, where the project references tensors, and nowhere else.</summary>
[Trait("Speed", "Slow")]
public sealed class TensorTextTests
{
    private const string Block =
        "namespace Test; /// <summary>Documented.</summary>\n[AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class Block;";

    private const string StackFile = "AttentionGen.TransformerStackTensors.g.cs";

    /// <summary>What has no other class in the tests of text.</summary>
    public static TheoryData<string> Classes =>
    [
        .. OutputTests.Configurations.Select(row => $"AttentionConfig({row.Data})"),
        "AttentionConfig(Heads = 2, DModel = 8, Causal = true, Ragged = true, KeyLengths = true, Documents = true, Outputs = AttentionOutputs.LogSumExp)",
        "AttentionConfig(Heads = 2, HeadDim = 4, Projections = false, Ragged = true, Outputs = AttentionOutputs.LogSumExp)",
        "AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, Ragged = true)",
        "AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, Gradients = true, HeadMask = true)",
        "AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, ValueInputDim = 5, Gradients = true)",
        "AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, ValueInputDim = 5, Ragged = true)",
        "AttentionConfig(Heads = 2, HeadDim = 8, Projections = false, Gradients = true, Rotary = RotaryKind.HalfSplit, RotaryTables = true)",
        "AttentionConfig(Heads = 2, DModel = 32, Causal = true, Rotary = RotaryKind.HalfSplit, Positions = true, RotarySections = new[] { 2, 3, 3 })",
        "AttentionConfig(Heads = 2, DModel = 8, BooleanMask = MaskAxes.BatchQueryKey, AdditiveMask = MaskAxes.QueryKey, MaskLength = true)",
        "AttentionConfig(Heads = 2, DModel = 8, OutputProjection = false)",
        "TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 20, Causal = true, MemoryDim = 32, MemoryLengths = true)",
        "TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 20, Ragged = true, MemoryDim = 32, Causal = true)",
        "TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 20, Gradients = true)",
        "LinearConfig(Inputs = 8, Outputs = 12)",
        "LinearConfig(Inputs = 8, Outputs = 12, Gate = true, Gradients = true)",
        "LinearConfig(Inputs = 8, Outputs = 12, Residual = true)",
    ];

    [Theory]
    [MemberData(nameof(Classes))]
    public void It_compiles_without_a_warning_and_all_other_text_is_as_without_tensors(string attribute)
    {
        CSharpCompilation compilation = Compile($"namespace Test; /// <summary>Documented.</summary>\n[{attribute}] public sealed partial class Block;");
        Dictionary<string, string> without = Texts(compilation), with = Texts(WithTensors(compilation));
        Assert.True(with.Remove(StackFile));
        Assert.DoesNotContain(without.Keys, hint => hint.Contains("Tensors"));
        Assert.All(without.Values, text => Assert.DoesNotContain("Tensor", text));
        Assert.Equal(without.Keys.Append("Test.Block.Tensors.g.cs").Order(StringComparer.Ordinal), with.Keys.Order(StringComparer.Ordinal));
        // The line that lists the files of the class names one more.
        Assert.All(without, file => Assert.Equal(file.Value, with[file.Key].Replace(", Test.Block.Tensors.g.cs.", ".")));
        Compilation output = TextRules.AssertClean(WithTensors(compilation));
        TextRules.AssertReserved(output, ReservedNames.Members);
    }

    [Theory]
    [InlineData("global namespace", "[AttentionConfig(Heads = 2, DModel = 8)] public sealed partial class Block;")]
    [InlineData("a CLS-compliant assembly", "[assembly: System.CLSCompliant(true)] namespace A { [AttentionConfig(Heads = 2, DModel = 8, Causal = true)] "
        + "public partial class Block; }")]
    [InlineData("names of the framework's", "namespace A { internal class Span; internal class MemoryMarshal; internal class ArgumentNullException; "
        + "internal class Services; [AttentionConfig(Heads = 2, DModel = 8, Causal = true)] internal partial class Block; }")]
    [InlineData("names of tensors", "namespace Acme.System.Numerics.Tensors { [AttentionConfig(Heads = 2, DModel = 8)] internal partial class Block { internal "
        + "class TensorSpan; } }")]
    public void It_compiles_wherever_the_class_stands(string what, string source)
    {
        Assert.NotEmpty(what);
        TextRules.AssertClean(WithTensors(Compile(LatestLanguage.WithDocumentationMode(DocumentationMode.Parse), source)));
    }

    /// <summary>Each sequence has an array of its own: [heads, rows, elements], one after the other.</summary>
    [Fact]
    public void Heads_before_the_rows_of_a_ragged_batch_are_no_tensor()
    {
        string source = "namespace Test; [AttentionConfig(Heads = 2, HeadDim = 4, Projections = false, Ragged = true, Layout = HeadLayout.HeadsRows)] "
            + "public sealed partial class Block;";
        Assert.DoesNotContain("Test.Block.Tensors.g.cs", Texts(WithTensors(Compile(source))).Keys);
    }

    [Theory]
    [InlineData(LanguageVersion.CSharp12, false)]
    [InlineData(LanguageVersion.CSharp13, true)]
    [InlineData(LanguageVersion.CSharp14, true)]
    public void The_language_must_have_priorities_of_overloads(LanguageVersion version, bool expected)
    {
        CSharpCompilation compilation = WithTensors(Compile(LatestLanguage.WithLanguageVersion(version), Block));
        Dictionary<string, string> texts = Texts(compilation);
        Assert.Equal((expected, expected), (texts.ContainsKey("Test.Block.Tensors.g.cs"), texts.ContainsKey(StackFile)));
        TextRules.AssertClean(compilation);
    }

    /// <summary>Arrays convert to tensors: in C# 13 by conversions that are as good as those to spans.</summary>
    [Theory]
    [InlineData(LanguageVersion.CSharp13)]
    [InlineData(LanguageVersion.CSharp14)]
    public void Calls_with_arrays_mean_what_they_meant(LanguageVersion version)
    {
        const string Calls = """
            namespace Test;
            public static class Calls
            {
                public static void All(Block block, Masked masked, float[] floats, bool[] bools, AttentionCache cache)
                {
                    block.Forward(floats, floats);
                    block.Forward(floats, floats, 2);
                    block.Forward(floats, floats, batch: 2);
                    block.Forward(default, default);
                    masked.Forward(floats, floats, bools);
                    masked.Forward(floats, floats, cache, bools, default);
                }
            }
            """;
        const string Masked = "namespace Test; [AttentionConfig(Heads = 2, DModel = 8, Causal = true, BooleanMask = MaskAxes.QueryKey)] public sealed "
            + "partial class Masked;";
        CSharpParseOptions options = LatestLanguage.WithLanguageVersion(version).WithDocumentationMode(DocumentationMode.Parse);
        Compilation output = Generate(WithTensors(Compile(options, Block, Masked, Calls))).Output;
        Assert.Equal("", CompilerComplaints(output));
        SyntaxTree tree = output.SyntaxTrees.Single(tree => tree.FilePath.EndsWith("File2.cs"));
        SemanticModel model = output.GetSemanticModel(tree);
        var calls = tree.GetRoot(TestContext.Current.CancellationToken).DescendantNodes()
            .OfType<Microsoft.CodeAnalysis.CSharp.Syntax.InvocationExpressionSyntax>().ToList();
        Assert.Equal(6, calls.Count);
        Assert.All(calls, call => Assert.DoesNotContain("Tensor", model.GetSymbolInfo(call, TestContext.Current.CancellationToken).Symbol!.ToDisplayString()));
    }

    [Theory]
    [InlineData("[System.Diagnostics.CodeAnalysis.Experimental(\"T1\")] public", "", "global", false)]
    [InlineData("public", "[assembly: System.Diagnostics.CodeAnalysis.Experimental(\"T1\")]", "global", false)]
    [InlineData("internal", "", "global", false)]
    [InlineData("public", "", "tensors", false)]
    [InlineData("public", "", "global", true)]
    public void Types_that_generated_text_cannot_name_do_not_count(string modifiers, string attributes, string alias, bool expected)
    {
        CSharpCompilation library = CSharpCompilation.Create(
            "Other",
            [
                CSharpSyntaxTree.ParseText(
                    $"{attributes} namespace System.Numerics.Tensors {{ {modifiers} ref struct TensorSpan<T>; {modifiers} ref struct ReadOnlyTensorSpan<T>; }}",
                    cancellationToken: TestContext.Current.CancellationToken),
            ],
            Compile().References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        Assert.True(library.Emit(image, cancellationToken: TestContext.Current.CancellationToken).Success);
        MetadataReference reference = MetadataReference.CreateFromImage(image.ToArray()).WithAliases([alias]);
        Assert.Equal(expected, TensorSupport.IsAvailable(Compile(Block).AddReferences(reference)));
        Assert.False(TensorSupport.IsAvailable(Compile(Block)));
    }

    [Fact]
    public void It_reads_the_same_in_every_culture_and_is_tidy()
    {
        string text = Texts(WithTensors(Compile(Block)))["Test.Block.Tensors.g.cs"];
        Assert.StartsWith("// <auto-generated/>\n", text);
        Assert.EndsWith("}\n", text);
        Assert.DoesNotContain(" \n", text);
        Assert.DoesNotContain("\n\n\n", text);
        Assert.DoesNotContain("\n\n    }", text);
    }

    /// <summary>An edit generates nothing again; a reference that comes or goes generates every class.</summary>
    [Fact]
    public void The_reference_is_a_bool_of_the_incremental_cache()
    {
        CSharpCompilation compilation = WithTensors(Compile(Block));
        GeneratorDriver driver = CreateDriver().RunGenerators(compilation, TestContext.Current.CancellationToken);
        driver = driver.RunGenerators(compilation.AddSyntaxTrees(ParseFile("class Added;", 9)), TestContext.Current.CancellationToken);
        Assert.All(Reasons(driver), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
        Assert.Equal(true, driver.GetRunResult().Results.Single().TrackedSteps[TrackingNames.Tensors].Single().Outputs.Single().Value);
        driver = driver.RunGenerators(compilation.RemoveReferences(KernelFactory.TensorReference), TestContext.Current.CancellationToken);
        Assert.All(Reasons(driver), reason => Assert.True(reason is IncrementalStepRunReason.Modified or IncrementalStepRunReason.Removed, $"{reason}"));
        Assert.DoesNotContain(driver.GetRunResult().GeneratedTrees, tree => tree.FilePath.Contains("Tensors"));

        static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorDriver driver) => driver.GetRunResult().Results.Single().TrackedOutputSteps.Values
            .SelectMany(steps => steps)
            // Products do not depend on it.
            .Where(step => step.Inputs[0].Source.Outputs[step.Inputs[0].OutputIndex].Value is not GeneratedFile { IsShared: true })
            .SelectMany(step => step.Outputs)
            .Select(output => output.Reason);
    }

    /// <summary>A friend sees internal members of the other assembly, which has the same class.</summary>
    [Fact]
    public void Friends_call_their_own_forms_of_a_stack()
    {
        const string Call =
            "public class Own { public static void Run(TransformerStack stack, System.Numerics.Tensors.Tensor<float> a) => stack.Forward(a, a); }";
        CSharpParseOptions options = LatestLanguage.WithDocumentationMode(DocumentationMode.Parse);
        const string Library = $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Consumer\")] namespace Other; {Call}";
        Compilation library = Generate(WithTensors(Compile(options, Library).WithAssemblyName("Library"))).Output;
        Assert.Equal("", CompilerComplaints(library));
        Compilation friend = Generate(WithTensors(Compile(options, Call).AddReferences(library.ToMetadataReference()))).Output;
        Assert.Equal("", CompilerComplaints(friend));
    }

    private static CSharpCompilation WithTensors(CSharpCompilation compilation) => compilation.AddReferences(KernelFactory.TensorReference);

    private static Dictionary<string, string> Texts(CSharpCompilation compilation) =>
        Generate(compilation).Result.GeneratedSources.ToDictionary(file => file.HintName, file => file.SourceText.ToString());
}
