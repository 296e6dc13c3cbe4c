namespace AttentionGen;

/// <summary>What stands around one branch of a layer: its norms and the sum with its input, and how gradients pass them.</summary>
/// <param name="Shape">The shape of the layer.</param>
/// <param name="Name">What the names of its norms begin with.</param>
/// <param name="Norm">The norm before the branch, or with post-norm the one after it.</param>
/// <param name="NormBias">Its bias, or empty.</param>
/// <param name="OutputNorm">With norms on both sides, the one after the branch.</param>
/// <param name="OutputNormBias">Its bias, or empty.</param>
internal sealed record ReferenceBranch(
    TransformerLayerShape Shape, string Name, ReadOnlyMemory<float> Norm, ReadOnlyMemory<float> NormBias, ReadOnlyMemory<float> OutputNorm,
    ReadOnlyMemory<float> OutputNormBias)
{
    public static ReferenceBranch Attention(TransformerLayerShape shape, TransformerLayerWeights weights) => new(
        shape, nameof(Attention), weights.AttentionNorm, weights.AttentionNormBias, weights.AttentionOutputNorm, weights.AttentionOutputNormBias);

    public static ReferenceBranch CrossAttention(TransformerLayerShape shape, TransformerLayerWeights weights) => new(
        shape, nameof(CrossAttention), weights.CrossAttentionNorm, weights.CrossAttentionNormBias, weights.CrossAttentionOutputNorm,
        weights.CrossAttentionOutputNormBias);

    public static ReferenceBranch FeedForward(TransformerLayerShape shape, TransformerLayerWeights weights) => new(
        shape, nameof(FeedForward), weights.FeedForwardNorm, weights.FeedForwardNormBias, weights.FeedForwardOutputNorm, weights.FeedForwardOutputNormBias);

    /// <summary>What the branch reads: normalised rows, or with post-norm the rows as they are.</summary>
    public double[] Input(double[] x) => Shape.NormPlacement == NormPlacement.Post ? x : Normalise(x, Norm, NormBias);

    /// <summary>Takes the gradient of what the branch reads back to its input.</summary>
    public double[] InputBackward(double[] x, double[] gradient, IReadOnlyDictionary<string, double[]> learned) =>
        Shape.NormPlacement == NormPlacement.Post ? gradient : NormBackward(x, Norm, gradient, learned, "");

    /// <summary>
    /// What follows a branch: <c>x + branch</c> (Xiong et al. 2020); with post-norm <c>norm(x + branch)</c> (Vaswani et al. 2017); with norms on both sides
    /// <c>x + norm(branch)</c>, as in Gemma 2 (Riviere et al. 2024).
    /// </summary>
    public double[] Add(double[] x, double[] branch) => Shape.NormPlacement switch
    {
        NormPlacement.Pre => Sum(x, branch),
        NormPlacement.Post => Normalise(Sum(x, branch), Norm, NormBias),
        _ => Sum(x, Normalise(branch, OutputNorm, OutputNormBias)),
    };

    /// <summary>Takes the gradient of <see cref="Add"/> back to both.</summary>
    public (double[] X, double[] Branch) AddBackward(double[] x, double[] branch, double[] gradient, IReadOnlyDictionary<string, double[]> learned)
    {
        if (Shape.NormPlacement == NormPlacement.Post)
            gradient = NormBackward(Sum(x, branch), Norm, gradient, learned, "");
        double[] branchGradient = Scale(gradient);
        return (gradient, Shape.NormPlacement == NormPlacement.Both ? NormBackward(branch, OutputNorm, branchGradient, learned, "Output") : branchGradient);
    }

    /// <summary><c>x + scale · branch</c>.</summary>
    public double[] Sum(double[] x, double[] branch) => [.. x.Zip(branch, (left, right) => left + Shape.ResidualScale * right)];

    /// <summary>The gradient of what is added, from that of the sum.</summary>
    public double[] Scale(double[] gradient) => [.. gradient.Select(value => Shape.ResidualScale * value)];

    private double[] Normalise(double[] rows, ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias) =>
        ReferenceNorm.Rows(Shape.Norm, rows, weight.Span, bias.Span, Shape.NormEpsilon);

    private double[] NormBackward(
        double[] rows, ReadOnlyMemory<float> weight, double[] gradient, IReadOnlyDictionary<string, double[]> learned, string side) =>
        ReferenceNorm.RowsBackward(
            Shape.Norm, rows, weight.Span, Shape.NormEpsilon, gradient, learned.Of($"{Name}{side}Norm"), learned.Of($"{Name}{side}NormBias"));
}
