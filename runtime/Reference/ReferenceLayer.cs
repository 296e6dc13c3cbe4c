using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// A Transformer layer in double precision, without optimisation: nothing is rounded between its parts. It is written to be read, and kernels are compared
/// with it. It takes the same arguments as a kernel, in the same layouts.
/// </summary>
public static class ReferenceLayer
{
    /// <summary>Runs the layer.</summary>
    /// <param name="shape">The shape of the layer.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="arguments">The arguments of a kernel. Outputs and options are not used.</param>
    /// <param name="cache">A cache for the attention of this shape, which self-attention appends to; null for a call without a cache.</param>
    /// <param name="hooks">The user's methods, if the shape has them; null for none.</param>
    /// <returns>The output of the layer, and what its attention gives besides.</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static ReferenceResult Forward(
        TransformerLayerShape shape,
        TransformerLayerWeights weights,
        in AttentionArguments arguments,
        ReferenceCache? cache = null,
        ReferenceHooks? hooks = null) =>
        Forward(shape, weights, in arguments, cache, hooks, ReferenceRows.ToDoubles(arguments.Input));

    /// <summary>Runs the layer on input rows in double precision, which take the place of those of the arguments.</summary>
    internal static ReferenceResult Forward(
        TransformerLayerShape shape, TransformerLayerWeights weights, in AttentionArguments arguments, ReferenceCache? cache, ReferenceHooks? hooks, double[] x)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        KernelChecks.ValidateWeights(shape, weights);
        // Before the attention: it appends to the cache, which tells how many keys are old.
        ReferenceSequence[] sequences = ReferenceSequence.Find(shape.Attention, in arguments, cache);

        double[] normalised = shape.NormPlacement == NormPlacement.Post ? x : Norm(shape, x, weights.AttentionNorm, weights.AttentionNormBias);
        ReferenceResult result = ReferenceAttention.Forward(shape.Attention, weights.Attention, in arguments, cache, hooks, normalised);
        double[] output = shape.ParallelBranches
            ? Add(shape, Add(shape, x, result.Output), FeedForward(shape, weights, normalised))
            : shape.NormPlacement switch
            {
                NormPlacement.Pre => Pre(shape, weights, x, result.Output),
                NormPlacement.Post => Post(shape, weights, x, result.Output),
                _ => Both(shape, weights, x, result.Output),
            };

        ClearPadding(shape, in arguments, sequences, output);
        return result with { Output = output };
    }

    /// <summary><c>h = x + attention(norm(x)); y = h + feedForward(norm(h))</c> (Xiong et al. 2020).</summary>
    private static double[] Pre(TransformerLayerShape shape, TransformerLayerWeights weights, double[] x, double[] attention)
    {
        double[] h = Add(shape, x, attention);
        return Add(shape, h, FeedForward(shape, weights, Norm(shape, h, weights.FeedForwardNorm, weights.FeedForwardNormBias)));
    }

    /// <summary><c>h = norm(x + attention(x)); y = norm(h + feedForward(h))</c> (Vaswani et al. 2017).</summary>
    private static double[] Post(TransformerLayerShape shape, TransformerLayerWeights weights, double[] x, double[] attention)
    {
        double[] h = Norm(shape, Add(shape, x, attention), weights.AttentionNorm, weights.AttentionNormBias);
        return Norm(shape, Add(shape, h, FeedForward(shape, weights, h)), weights.FeedForwardNorm, weights.FeedForwardNormBias);
    }

    /// <summary><c>h = x + norm(attention(norm(x))); y = h + norm(feedForward(norm(h)))</c>, as in Gemma 2 (Riviere et al. 2024).</summary>
    private static double[] Both(TransformerLayerShape shape, TransformerLayerWeights weights, double[] x, double[] attention)
    {
        double[] h = Add(shape, x, Norm(shape, attention, weights.AttentionOutputNorm, weights.AttentionOutputNormBias));
        double[] inner = FeedForward(shape, weights, Norm(shape, h, weights.FeedForwardNorm, weights.FeedForwardNormBias));
        return Add(shape, h, Norm(shape, inner, weights.FeedForwardOutputNorm, weights.FeedForwardOutputNormBias));
    }

    /// <summary><c>Down(act(Up(x)))</c>, or gated <c>Down(act(Gate(x)) ∘ Up(x))</c> (Shazeer 2020).</summary>
    private static double[] FeedForward(TransformerLayerShape shape, TransformerLayerWeights weights, double[] x)
    {
        double[] inner = ReferenceLinear.Project(x, shape.DModel, weights.Up.Span, weights.UpBias.Span, shape.FeedForwardDim);
        double[] gate = shape.Gated ? ReferenceLinear.Project(x, shape.DModel, weights.Gate.Span, weights.GateBias.Span, shape.FeedForwardDim) : [];
        for (int i = 0; i < inner.Length; i++)
            inner[i] = shape.Gated ? ReferenceActivation.Of(shape.Activation, gate[i]) * inner[i] : ReferenceActivation.Of(shape.Activation, inner[i]);
        return ReferenceLinear.Project(inner, shape.FeedForwardDim, weights.Down.Span, weights.DownBias.Span, shape.DModel);
    }

    /// <summary><c>x + scale · branch</c>.</summary>
    private static double[] Add(TransformerLayerShape shape, double[] x, double[] branch) => [.. x.Zip(branch, (left, right) => left + shape.ResidualScale * right)];

    private static double[] Norm(TransformerLayerShape shape, double[] rows, ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias) =>
        ReferenceNorm.Rows(shape.Norm, rows, weight.Span, bias.Span, shape.NormEpsilon);

    /// <summary>Rows of padding give zeros, where the shape skips them.</summary>
    private static void ClearPadding(TransformerLayerShape shape, in AttentionArguments arguments, ReferenceSequence[] sequences, double[] output)
    {
        foreach (ReferenceSequence sequence in sequences)
        {
            for (int row = 0; row < sequence.Rows; row++)
            {
                if (ReferenceVisibility.IsPadding(shape.Attention, in arguments, sequence, row))
                    output.AsSpan((sequence.FirstRow + row) * shape.DModel, shape.DModel).Clear();
            }
        }
    }
}
