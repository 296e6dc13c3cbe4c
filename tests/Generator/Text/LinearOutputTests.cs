using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>What must hold of the generated text of a product whatever its configuration.</summary>
[Trait("Speed", "Slow")]
public sealed class LinearOutputTests
{
    /// <summary>One configuration for every form of <c>Forward</c> and every branch of the emitter that depends on a setting.</summary>
    public static TheoryData<string> Configurations =>
    [
        "Inputs = 1, Outputs = 1",
        "Inputs = 300, Outputs = 33, Bias = false, Activation = Activation.Relu",
        "Inputs = 8, Outputs = 16, Gate = true, Activation = Activation.QuickGelu",
        "Inputs = 8, Outputs = 48, Residual = true, Activation = Activation.Gelu",
        "Inputs = 64, Outputs = 128, Gate = true, Residual = true, Activation = Activation.Silu, Unrolling = Unrolling.Full",
        "Inputs = 262144, Outputs = 3, Activation = Activation.GeluTanh",
        "Inputs = 3, Outputs = 1048576",
    ];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_compiles_without_a_warning_in_the_strictest_project(string arguments)
    {
        Compilation output = TextRules.AssertClean(
            Compile($"namespace Test; /// <summary>Documented.</summary>\n[LinearConfig({arguments})] public sealed partial class Block;"));
        TextRules.AssertReserved(output, ReservedNames.Linear);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_is_tidy_text(string arguments) => TextRules.AssertTidy($"namespace Test; [LinearConfig({arguments})] public sealed partial class Block;");

    [Fact]
    public void Types_of_the_user_named_like_what_it_uses_do_not_disturb_it()
    {
        const string Types = "class Unsafe; class MethodImpl; class Vector256; class Math; class Span<T>; class ReadOnlySpan<T>; class Activation; "
            + "class LinearShape; class LinearCall;";
        const string Config = "[global::AttentionGen.LinearConfig(Inputs = 3, Outputs = 5, Activation = global::AttentionGen.Activation.Gelu, Gate = true)]";
        TextRules.AssertClean(
            Compile(LatestLanguage.WithDocumentationMode(DocumentationMode.Parse), $"namespace Acme {{ {Types} {Config} internal partial class Block; }}"));
    }

    [Fact]
    public void A_class_with_two_configurations_gets_nothing()
    {
        GeneratorRunResult result = Generate(
            Compile("[AttentionConfig(Heads = 2, DModel = 8)] [LinearConfig(Inputs = 3, Outputs = 5)] partial class Block;")).Result;
        Assert.Empty(result.GeneratedSources);
    }
}
