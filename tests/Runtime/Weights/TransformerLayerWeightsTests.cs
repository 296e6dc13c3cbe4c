using System.Reflection;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class TransformerLayerWeightsTests
{
    private static readonly TransformerLayerShape Shape = new()
    {
        Attention = TestNumbers.Shape(2, 4, 8), FeedForwardDim = 20, UpBias = true, Gated = true, GateBias = true, DownBias = true, NormBias = true,
        NormPlacement = NormPlacement.Both, NormEpsilon = 1e-5f,
    };

    private static readonly TransformerLayerShape WithMemory = Shape with { MemoryDim = 12 };

    private static readonly PropertyInfo[] Tensors =
        [.. typeof(TransformerLayerWeights).GetProperties().Where(property => property.PropertyType == typeof(ReadOnlyMemory<float>))];

    public static TheoryData<string> Names => [.. Tensors.Select(property => property.Name)];

    public static TheoryData<TransformerLayerShape> Shapes =>
    [
        Shape,
        Shape with { Gated = false, GateBias = false, UpBias = false },
        Shape with { NormPlacement = NormPlacement.Post, Norm = Norm.Rms, NormBias = false, DownBias = false },
        Shape with { NormPlacement = NormPlacement.Pre, ParallelBranches = true },
        Shape with { NormPlacement = NormPlacement.Pre, ParallelBranches = true, ParallelNorms = true },
        WithMemory,
        WithMemory with { NormPlacement = NormPlacement.Pre },
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Random_weights_are_of_their_shape_and_the_same_for_the_same_seed(TransformerLayerShape shape)
    {
        TransformerLayerWeights weights =
            TransformerLayerWeights.Random(shape, 7), again = TransformerLayerWeights.Random(shape, 7), other = TransformerLayerWeights.Random(shape, 8);
        KernelChecks.ValidateWeights(shape, weights);
        foreach (PropertyInfo tensor in Tensors)
        {
            Assert.Equal(Values(weights, tensor), Values(again, tensor));
            if (Values(weights, tensor).Length > 0)
                Assert.NotEqual(Values(weights, tensor), Values(other, tensor));
        }

        Assert.All(weights.AttentionNorm.ToArray(), value => Assert.InRange(value, 0.5f, 1.5f));
        Assert.All(weights.Down.ToArray(), value => Assert.InRange(Math.Abs(value), 0, 1 / Math.Sqrt(20)));
        Assert.NotEqual(weights.Attention.Query[..8].ToArray(), weights.Up.Span[..8].ToArray());
    }

    [Fact]
    public void The_numbers_of_a_seed_do_not_change() =>
        Assert.Equal([0.0248228125f, 0.0812706426f], TransformerLayerWeights.Random(Shape, 7).Up.Span[..2].ToArray());

    [Theory]
    [MemberData(nameof(Names))]
    public void A_tensor_of_another_length_is_named(string name)
    {
        TransformerLayerShape shape = name.StartsWith("CrossAttention", StringComparison.Ordinal) ? WithMemory : Shape;
        string message = Refusal(shape, name, new float[3]);
        Assert.StartsWith($"weights.{name} has 3 elements; this layer expects ", message);
        Assert.Contains(
            name is "Up" or "Gate" or "Down" ? "160" : name is "UpBias" or "GateBias" ? "20 elements, which is FeedForwardDim" : "8 elements, which is DModel",
            message);

        Assert.StartsWith($"weights.{name} has 0 elements; this layer expects ", Refusal(shape, name, []));
    }

    [Theory]
    [InlineData("Gate", "Gated = false")]
    [InlineData("GateBias", "Gated = false")]
    [InlineData("UpBias", "UpBias = false")]
    [InlineData("DownBias", "DownBias = false")]
    [InlineData("AttentionNormBias", "Norm = Norm.Rms")]
    [InlineData("AttentionOutputNorm", "NormPlacement = NormPlacement.Pre")]
    [InlineData("AttentionOutputNormBias", "NormPlacement = NormPlacement.Pre")]
    [InlineData("FeedForwardNorm", "ParallelBranches = true")]
    [InlineData("FeedForwardNormBias", "ParallelBranches = true")]
    [InlineData("FeedForwardOutputNorm", "NormPlacement = NormPlacement.Pre")]
    [InlineData("CrossAttentionNorm", "no MemoryDim")]
    [InlineData("CrossAttentionOutputNormBias", "no MemoryDim")]
    public void A_superfluous_tensor_is_refused(string name, string setting)
    {
        TransformerLayerShape bare = Shape with
        {
            Gated = false, GateBias = false, UpBias = false, DownBias = false, Norm = Norm.Rms, NormBias = false, NormPlacement = NormPlacement.Pre,
            ParallelBranches = true,
        };
        Assert.Equal(
            $"weights.{name} has 3 elements; this layer expects none, because its configuration says {setting}. (Parameter 'weights')",
            Refusal(bare, name, new float[3]));
    }

    [Fact]
    public void A_missing_bias_names_its_setting()
    {
        Assert.Contains("or UpBias = false in its configuration", Refusal(Shape, "UpBias", []));
        Assert.Contains("or NormBias = false in its configuration", Refusal(Shape, "FeedForwardNormBias", []));
        Assert.Throws<ArgumentNullException>(() => KernelChecks.ValidateWeights(Shape, null!));
    }

    public static TheoryData<TransformerLayerShape, string> IllegalShapes => new()
    {
        { Shape with { Attention = null! }, "Attention" },
        { Shape with { Attention = Shape.Attention with { HasProjections = false } }, "HasProjections" },
        { Shape with { Attention = Shape.Attention with { Heads = 0 } }, "Heads = 0" },
        { Shape with { FeedForwardDim = 0 }, "FeedForwardDim = 0" },
        { Shape with { FeedForwardDim = 262_145 }, "FeedForwardDim = 262145" },
        { Shape with { FeedForwardDim = 262_144, Attention = Shape.Attention with { DModel = 65_536, MemoryDim = 65_536 } }, "FeedForwardDim · DModel" },
        { Shape with { Activation = (Activation)9 }, "Activation = 9" },
        { Shape with { Norm = (Norm)9 }, "Norm = 9" },
        { Shape with { NormPlacement = (NormPlacement)9 }, "NormPlacement = 9" },
        { Shape with { NormEpsilon = -1 }, "NormEpsilon = -1" },
        { Shape with { NormEpsilon = float.NaN }, "NormEpsilon = NaN" },
        { Shape with { ResidualScale = float.PositiveInfinity }, "ResidualScale" },
        { Shape with { Gated = false }, "GateBias = True and Gated = False" },
        { Shape with { Norm = Norm.Rms }, "NormBias = True and Norm = Rms" },
        { Shape with { ParallelBranches = true }, "ParallelBranches = True and NormPlacement = Both" },
        { Shape with { ParallelNorms = true }, "ParallelNorms = True and ParallelBranches = False" },
    };

    [Theory]
    [MemberData(nameof(IllegalShapes))]
    public void A_shape_that_no_layer_has_is_refused(TransformerLayerShape shape, string part)
    {
        Assert.Contains(part, Assert.Throws<ArgumentException>("shape", () => TransformerLayerWeights.Random(shape, 1)).Message);
        Assert.Throws<ArgumentException>(
            "shape", () => ReferenceLayer.Forward(shape, new TransformerLayerWeights { Attention = AttentionWeights.Empty }, default));
    }

    private static string Refusal(TransformerLayerShape shape, string name, float[] tensor)
    {
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        typeof(TransformerLayerWeights).GetProperty(name)!.SetValue(weights, (ReadOnlyMemory<float>)tensor);
        return Assert.Throws<ArgumentException>("weights", () => KernelChecks.ValidateWeights(shape, weights)).Message;
    }

    private static float[] Values(TransformerLayerWeights weights, PropertyInfo tensor) => ((ReadOnlyMemory<float>)tensor.GetValue(weights)!).ToArray();
}
