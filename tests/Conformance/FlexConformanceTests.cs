using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>The cases of ONNX's FlexAttention: what they do to scores are hooks of generated classes.</summary>
public sealed class FlexConformanceTests
{
    [Theory]
    [InlineData("flexattention", typeof(FlexPlain))]
    [InlineData("flexattention_double", typeof(FlexPlain))]
    [InlineData("flexattention_fp16", typeof(FlexPlain))]
    [InlineData("flexattention_scaled", typeof(FlexScaled))]
    [InlineData("flexattention_diff_head_sizes", typeof(FlexWideValues))]
    [InlineData("flexattention_causal_mask", typeof(FlexCausal))]
    [InlineData("flexattention_relative_positional", typeof(FlexRelative))]
    [InlineData("flexattention_score_mod", typeof(FlexShifted))]
    public void Gives_what_the_case_expects(string name, Type kernel)
    {
        VectorFile file = VectorFile.ReadLayer($"onnx-flex/{name}");
        var type = (IKernelType)Activator.CreateInstance(typeof(KernelAdapter<>).MakeGenericType(kernel))!;
        int[] query = file.Shape("Q");
        var call = new AttentionCase
        {
            Shape = type.Shape, Weights = AttentionWeights.Empty, Batch = query[0], Rows = query[2], Keys = file.Shape("K")[2],
            Input = file.Floats("Q"),
            Key = file.Floats("K"),
            Value = file.Floats("V"),
        };
        double[] expected = [.. file.Floats("Y").Select(value => (double)value)];
        Compare.Close(expected, call.Run(type.Create(call.Weights)), type.Shape.ValueHeadDim, name, VectorCall.ToleranceOf(file));
    }

    [Fact]
    public void No_case_is_left_out() => Assert.Equal(8, Directory.GetDirectories(SharedFiles.Require("conformance", "onnx-flex")).Length);
}

[AttentionConfig(Heads = 4, HeadDim = 16, Projections = false, Layout = HeadLayout.HeadsRows)]
internal sealed partial class FlexPlain;

[AttentionConfig(Heads = 4, HeadDim = 16, Projections = false, Layout = HeadLayout.HeadsRows, Scale = 0.1f)]
internal sealed partial class FlexScaled;

[AttentionConfig(Heads = 4, HeadDim = 16, ValueHeadDim = 32, Projections = false, Layout = HeadLayout.HeadsRows)]
internal sealed partial class FlexWideValues;

[AttentionConfig(Heads = 2, HeadDim = 8, Projections = false, Layout = HeadLayout.HeadsRows)]
internal sealed partial class FlexCausal
{
    [ScoreModifier]
    private static float Seen(float score, int head, int query, int key) => query >= key ? score : float.NegativeInfinity;
}

[AttentionConfig(Heads = 2, HeadDim = 8, Projections = false, Layout = HeadLayout.HeadsRows)]
internal sealed partial class FlexRelative
{
    [ScoreModifier]
    private static float Near(float score, int head, int query, int key) => score + (query - key);
}

[AttentionConfig(Heads = 2, HeadDim = 4, Projections = false, Layout = HeadLayout.HeadsRows)]
internal sealed partial class FlexShifted
{
    [ScoreModifier]
    private static float Shifted(float score, int head, int query, int key) => score + 0.5f;
}
