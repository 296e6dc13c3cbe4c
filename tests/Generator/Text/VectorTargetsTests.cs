using AttentionGen.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>A project that names vector targets gets their kernels, no others, and an exception where none of them runs.</summary>
public sealed class VectorTargetsTests
{
    private const string Source = "namespace Test; [AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 4)] public sealed partial class Block;";

    public static TheoryData<string, string> Choices => new()
    {
        { "", "Vector512 Vector256 Neon Vector128" },
        { " ,, ", "Vector512 Vector256 Neon Vector128" },
        { "Vector256", "Vector256" },
        { "Vector256, Vector512,Vector256", "Vector512 Vector256" },
        { "Neon", "Neon" },
        { "Vector128,Neon", "Neon Vector128" },
        { "Vector512,Vector128", "Vector512 Vector128" },
        // The package's targets refuse it before the compiler runs.
        { "AVX2", "Vector512 Vector256 Neon Vector128" },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void Kernels_of_the_named_vector_targets_are_written_and_compile(string property, string expected)
    {
        (Compilation output, GeneratorRunResult result) = Generate(Compile(Source), new ProjectProperties(property));
        Assert.Equal("", CompilerComplaints(output));
        string[] targets =
        [
            .. result.GeneratedSources.Where(file => file.HintName.StartsWith("Test.Block.", StringComparison.Ordinal)).Skip(2)
                .Select(file => file.HintName["Test.Block.".Length..^".g.cs".Length]),
        ];
        Assert.Equal(expected.Split(' '), targets);
    }

    [Theory]
    [InlineData("Vector256", true)]
    [InlineData("Neon", true)]
    [InlineData("Vector256,Vector128", false)]
    [InlineData("", false)]
    public void A_class_without_kernels_for_every_processor_refuses_the_others(string property, bool refuses)
    {
        GeneratorRunResult result = Generate(Compile(Source), new ProjectProperties(property)).Result;
        string text = string.Concat(result.GeneratedSources.Select(file => file.SourceText.ToString()));
        Assert.Equal(refuses, text.Contains($"PlatformNotSupportedException(\"This processor does not run {property}, and Block has kernels for nothing else",
            StringComparison.Ordinal));
        Assert.Equal(refuses, text.Contains("\"no kernels for this processor\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_changed_property_writes_the_kernels_anew_and_an_equal_one_does_not()
    {
        CSharpCompilation compilation = Compile(Source);
        GeneratorDriver driver = CreateDriver().WithUpdatedAnalyzerConfigOptions(new ProjectProperties("Vector512,Vector256")).RunGenerators(
            compilation, TestContext.Current.CancellationToken);
        IncrementalStepRunReason ReasonAfter(string property) => driver.WithUpdatedAnalyzerConfigOptions(new ProjectProperties(property))
            .RunGenerators(compilation, TestContext.Current.CancellationToken).GetRunResult().Results.Single()
            .TrackedSteps[AttentionGen.Generator.TrackingNames.Specs].Single().Outputs.Single().Reason;
        Assert.Equal(IncrementalStepRunReason.Modified, ReasonAfter("Vector256"));
        Assert.True(ReasonAfter("Vector256, Vector512") is IncrementalStepRunReason.Unchanged or IncrementalStepRunReason.Cached);
    }
}
