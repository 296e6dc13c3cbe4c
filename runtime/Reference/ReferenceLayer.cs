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
        CheckMemory(shape, in arguments, cache);
        AttentionArguments own = arguments with { Memory = default, KeyOffsets = default, MemoryLengths = default };
        // Before the attention: it appends to the cache, which tells how many keys are old.
        ReferenceSequence[] sequences = ReferenceSequence.Find(shape.Attention, in own, cache);

        double[] normalised = BranchInput(shape, x, weights.AttentionNorm, weights.AttentionNormBias);
        ReferenceResult result = ReferenceAttention.Forward(shape.Attention, weights.Attention, in own, cache, hooks, normalised);
        double[] output;
        if (shape.ParallelBranches)
        {
            double[] second = shape.ParallelNorms ? BranchInput(shape, x, weights.FeedForwardNorm, weights.FeedForwardNormBias) : normalised;
            output = Add(shape, Add(shape, x, result.Output), FeedForward(shape, weights, second));
        }
        else
        {
            double[] h = AddBranch(
                shape, x, result.Output, weights.AttentionNorm, weights.AttentionNormBias, weights.AttentionOutputNorm, weights.AttentionOutputNormBias);
            if (shape.MemoryDim > 0)
                h = AddMemory(shape, weights, in arguments, cache, h);
            double[] inner = FeedForward(shape, weights, BranchInput(shape, h, weights.FeedForwardNorm, weights.FeedForwardNormBias));
            output = AddBranch(
                shape, h, inner, weights.FeedForwardNorm, weights.FeedForwardNormBias, weights.FeedForwardOutputNorm, weights.FeedForwardOutputNormBias);
        }

        ClearPadding(shape, in own, sequences, output);
        return result with { Output = output };
    }

    /// <summary>Projects a memory to keys and values, which replace what the cache of a decoder layer holds of a memory.</summary>
    /// <param name="shape">The shape of the layer, which has cross-attention.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim], or [total memory rows, MemoryDim] in a ragged batch.</param>
    /// <param name="cache">A cache for this shape.</param>
    /// <param name="memoryOffsets">[batch of the cache + 1] in a ragged batch, otherwise empty.</param>
    /// <exception cref="ArgumentException">The cache is for another shape, or a length is wrong. The cache is as it was.</exception>
    /// <exception cref="NotSupportedException">The layer has no cross-attention.</exception>
    public static void ProjectMemory(
        TransformerLayerShape shape, TransformerLayerWeights weights, ReadOnlySpan<float> memory, ReferenceCache cache, ReadOnlySpan<int> memoryOffsets =
            default)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(cache);
        shape.ThrowIfIllegal();
        if (MemoryAttention(shape) is not { } cross)
            throw new NotSupportedException("Only a layer with cross-attention has a memory: its shape has a MemoryDim.");
        KernelChecks.ValidateWeights(shape, weights);
        KernelChecks.CheckCache(shape.Attention, cache);
        if (cache.Memory is null)
            throw new ArgumentException("cache has no part for a memory; expected one that was made for the shape of the layer.", nameof(cache));
        ReferenceAttention.ProjectMemory(cross, weights.CrossAttention!, memory, cache.Memory, memoryOffsets);
    }

    /// <summary>The cross-attention, whose key lengths are those of the memory.</summary>
    internal static AttentionShape? MemoryAttention(TransformerLayerShape shape) =>
        shape.CrossAttention is { } cross ? cross with { KeyLengths = shape.MemoryLengths } : null;

    /// <summary>Adds the cross-attention to a memory.</summary>
    private static double[] AddMemory(
        TransformerLayerShape shape, TransformerLayerWeights weights, in AttentionArguments arguments, ReferenceCache? cache, double[] h)
    {
        var memory = new AttentionArguments
        {
            Input = arguments.Input, Memory = arguments.Memory, RowOffsets = arguments.RowOffsets, KeyOffsets = arguments.KeyOffsets,
            KeyLengths = arguments.MemoryLengths, Batch = arguments.Batch,
        };
        double[] input = BranchInput(shape, h, weights.CrossAttentionNorm, weights.CrossAttentionNormBias);
        double[] cross = ReferenceAttention.Forward(MemoryAttention(shape)!, weights.CrossAttention!, in memory, cache?.Memory, null, input).Output;
        return AddBranch(
            shape, h, cross, weights.CrossAttentionNorm, weights.CrossAttentionNormBias, weights.CrossAttentionOutputNorm,
            weights.CrossAttentionOutputNormBias);
    }

    private static void CheckMemory(TransformerLayerShape shape, in AttentionArguments arguments, ReferenceCache? cache)
    {
        if (shape.MemoryDim > 0 && cache is { Memory: null })
            throw new ArgumentException("cache has no part for a memory; expected one that was made for the shape of the layer.", nameof(cache));
        if (shape.MemoryDim == 0)
            KernelChecks.CheckNoMemory(in arguments);
    }

    /// <summary>What a branch reads: normalised rows, or with post-norm the rows as they are.</summary>
    private static double[] BranchInput(TransformerLayerShape shape, double[] x, ReadOnlyMemory<float> norm, ReadOnlyMemory<float> normBias) =>
        shape.NormPlacement == NormPlacement.Post ? x : Norm(shape, x, norm, normBias);

    /// <summary>
    /// What follows a branch: <c>x + branch</c> (Xiong et al. 2020); with post-norm <c>norm(x + branch)</c> (Vaswani et al. 2017); with norms on both sides
    /// <c>x + norm(branch)</c>, as in Gemma 2 (Riviere et al. 2024).
    /// </summary>
    private static double[] AddBranch(
        TransformerLayerShape shape, double[] x, double[] branch, ReadOnlyMemory<float> norm, ReadOnlyMemory<float> normBias, ReadOnlyMemory<float> outputNorm,
        ReadOnlyMemory<float> outputNormBias) =>
        shape.NormPlacement switch
        {
            NormPlacement.Pre => Add(shape, x, branch),
            NormPlacement.Post => Norm(shape, Add(shape, x, branch), norm, normBias),
            _ => Add(shape, x, Norm(shape, branch, outputNorm, outputNormBias)),
        };

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
    private static double[] Add(TransformerLayerShape shape, double[] x, double[] branch) =>
        [.. x.Zip(branch, (left, right) => left + shape.ResidualScale * right)];

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
