using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// A Transformer layer in double precision, without optimisation: nothing is rounded between its parts. It is written to be read, and kernels are compared
/// with it. It takes the same arguments as a kernel, in the same layouts.
/// </summary>
public static partial class ReferenceLayer
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
        AttentionArguments own = arguments with { Memory = default, KeyOffsets = default, MemoryLengths = default, MemoryHeadMask = default };
        // Before the attention: it appends to the cache, which tells how many keys are old.
        ReferenceSequence[] sequences = ReferenceSequence.Find(shape.Attention, in own, cache);

        var branch = ReferenceBranch.Attention(shape, weights);
        var last = ReferenceBranch.FeedForward(shape, weights);
        double[] normalised = branch.Input(x);
        ReferenceResult result = ReferenceAttention.Forward(shape.Attention, weights.Attention, in own, cache, hooks, normalised);
        double[] output;
        if (shape.ParallelBranches)
        {
            double[] second = shape.ParallelNorms ? last.Input(x) : normalised;
            output = branch.Sum(branch.Sum(x, result.Output), FeedForward(shape, weights, second));
        }
        else
        {
            double[] h = branch.Add(x, result.Output);
            if (shape.MemoryDim > 0)
                h = AddMemory(shape, weights, in arguments, cache, h);
            output = last.Add(h, FeedForward(shape, weights, last.Input(h)));
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
        shape.CrossAttention is { } cross ? cross with { KeyLengths = shape.MemoryLengths, HeadMask = shape.Attention.HeadMask } : null;

    /// <summary>Adds the cross-attention to a memory.</summary>
    private static double[] AddMemory(
        TransformerLayerShape shape, TransformerLayerWeights weights, in AttentionArguments arguments, ReferenceCache? cache, double[] h)
    {
        var branch = ReferenceBranch.CrossAttention(shape, weights);
        return branch.Add(h, Attend(shape, weights, in arguments, cache, branch.Input(h)));
    }

    /// <summary>The cross-attention of rows to a memory.</summary>
    private static double[] Attend(
        TransformerLayerShape shape, TransformerLayerWeights weights, in AttentionArguments arguments, ReferenceCache? cache, double[] rows)
    {
        AttentionArguments memory = MemoryArguments(in arguments);
        return ReferenceAttention.Forward(MemoryAttention(shape)!, weights.CrossAttention!, in memory, cache?.Memory, null, rows).Output;
    }

    private static AttentionArguments MemoryArguments(in AttentionArguments arguments) => new()
    {
        Input = arguments.Input, Memory = arguments.Memory, RowOffsets = arguments.RowOffsets, KeyOffsets = arguments.KeyOffsets,
        KeyLengths = arguments.MemoryLengths, HeadMask = arguments.MemoryHeadMask, Batch = arguments.Batch,
    };

    private static void CheckMemory(TransformerLayerShape shape, in AttentionArguments arguments, ReferenceCache? cache)
    {
        if (shape.MemoryDim > 0 && cache is { Memory: null })
            throw new ArgumentException("cache has no part for a memory; expected one that was made for the shape of the layer.", nameof(cache));
        if (shape.MemoryDim == 0)
            KernelChecks.CheckNoMemory(in arguments);
    }

    /// <summary><c>Down(act(Up(x)))</c>, or gated <c>Down(act(Gate(x)) ∘ Up(x))</c> (Shazeer 2020).</summary>
    private static double[] FeedForward(TransformerLayerShape shape, TransformerLayerWeights weights, double[] x)
    {
        double[] inner = Inner(shape, Project(shape, x, weights.Up, weights.UpBias), Project(shape, x, weights.Gate, weights.GateBias));
        return ReferenceLinear.Project(inner, shape.FeedForwardDim, weights.Down.Span, weights.DownBias.Span, shape.DModel);
    }

    /// <summary><c>act(up)</c>, or gated <c>act(gate) ∘ up</c>.</summary>
    private static double[] Inner(TransformerLayerShape shape, double[] up, double[] gate) => shape.Gated
        ? [.. gate.Zip(up, (left, right) => ReferenceActivation.Of(shape.Activation, left) * right)]
        : [.. up.Select(value => ReferenceActivation.Of(shape.Activation, value))];

    /// <summary>The product Up or Gate; empty where there is no matrix.</summary>
    private static double[] Project(TransformerLayerShape shape, double[] x, ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias) =>
        weight.IsEmpty ? [] : ReferenceLinear.Project(x, shape.DModel, weight.Span, bias.Span, shape.FeedForwardDim);

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
