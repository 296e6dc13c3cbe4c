using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>What must hold of the generated text of latent attention whatever its configuration.</summary>
[Trait("Speed", "Slow")]
public sealed class LatentOutputTests
{
    private const string Sizes = "Heads = 2, DModel = 8, HeadDim = 12, RotaryDim = 4, ValueHeadDim = 6, LatentDim = 10";

    public static TheoryData<string> Configurations =>
    [
        Sizes,
        $"{Sizes}, QueryLatentDim = 7, Biases = true, Ragged = true, Rotary = RotaryKind.HalfSplit, Weights = WeightFormat.Int8Blocks, "
            + "Arithmetic = WeightArithmetic.Int8, Unrolling = Unrolling.Full",
        $"{Sizes}, Causal = false, Scale = 0.3f, NormEpsilon = 0f, RotaryFrequencies = new double[] {{ 1, 0.25 }}",
    ];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_compiles_without_a_warning_in_the_strictest_project(string arguments)
    {
        Compilation output = TextRules.AssertClean(
            Compile($"namespace Test; /// <summary>Documented.</summary>\n[LatentAttentionConfig({arguments})] public sealed partial class Block;"));
        TextRules.AssertReserved(output, ReservedNames.LatentAttention);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_is_tidy_text(string arguments) =>
        TextRules.AssertTidy($"namespace Test; [LatentAttentionConfig({arguments})] public sealed partial class Block;");

    [Fact]
    public void Types_of_the_user_named_like_what_it_uses_do_not_disturb_it()
    {
        const string Types = "class Unsafe; class MethodImpl; class Vector256; class Math; class Span<T>; class ReadOnlySpan<T>; class Activation; "
            + "class LinearShape; class LatentBlock; class ArgumentNullException;";
        TextRules.AssertClean(
            Compile(
                LatestLanguage.WithDocumentationMode(DocumentationMode.Parse),
                $"namespace Acme {{ {Types} [global::AttentionGen.LatentAttentionConfig({Sizes})] internal partial class Block; }}"));
    }
}
