using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// Computes in double precision, without optimisation, the results of every kernel. It is written to be read, and kernels are compared with it.
/// It takes the same arguments as a kernel, in the same layouts.
/// </summary>
public static partial class ReferenceAttention
{
    /// <summary>Runs the block without a cache. This form serves every shape without modifiers and mask predicate.</summary>
    /// <param name="shape">The shape of the block.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="arguments">The arguments of a kernel. Outputs and options are not used.</param>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static ReferenceResult Forward(AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments) =>
        Forward(shape, weights, in arguments, null, null);

    /// <summary>Runs the block. This form serves every shape.</summary>
    /// <param name="shape">The shape of the block.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="arguments">The arguments of a kernel. Outputs and options are not used.</param>
    /// <param name="cache">A cache for this shape, which self-attention appends to; null for a call without a cache.</param>
    /// <param name="hooks">The user's methods, if the shape has them; null for none.</param>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static ReferenceResult Forward(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, ReferenceCache? cache, ReferenceHooks? hooks) =>
        Forward(shape, weights, in arguments, cache, hooks, ReferenceRows.ToDoubles(arguments.Input));

    /// <summary>Runs the block on input rows in double precision, which take the place of those of the arguments.</summary>
    internal static ReferenceResult Forward(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, ReferenceCache? cache, ReferenceHooks? hooks, double[] input)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        KernelChecks.ValidateWeights(shape, weights);
        hooks ??= ReferenceHooks.None;
        hooks.Check(shape);
        ReferenceSequence[] sequences = ReferenceSequence.Find(shape, in arguments, cache);

        var result = ReferenceResult.For(shape, sequences);
        foreach (ReferenceSequence sequence in sequences)
        {
            List<double[]> keys = cache?.Keys[sequence.Index] ?? [], values = cache?.Values[sequence.Index] ?? [];
            ReferenceRows.Append(shape, weights, in arguments, input, sequence, keys, values);

            int offset = ReferenceVisibility.Offset(shape, in arguments, sequence, cache is not null);
            int length = ReferenceVisibility.KeyLength(shape, in arguments, sequence);
            for (int row = 0; row < sequence.Rows; row++)
            {
                if (ReferenceVisibility.IsPadding(shape, in arguments, sequence, row))
                    continue;

                double[] query = ReferenceRows.Query(shape, weights, in arguments, input, sequence, row);
                var heads = new double[shape.JoinedDim];
                for (int head = 0; head < shape.Heads; head++)
                {
                    var one = new ReferenceHead
                    {
                        Shape = shape, Weights = weights, Arguments = arguments, Hooks = hooks, Sequence = sequence, Result = result, Keys = keys,
                        Values = values,
                        Head = head, Row = row, Position = row + offset, Query = query.AsSpan(head * shape.HeadDim, shape.HeadDim),
                    };
                    Span<double> target = heads.AsSpan(head * shape.ValueHeadDim, shape.ValueHeadDim);
                    one.Attend(target);
                    Mask(shape, in arguments, head, target);
                }

                if (shape.OutputGate)
                    ReferenceRows.Gate(shape, weights, input.AsSpan((sequence.FirstRow + row) * shape.DModel, shape.DModel), heads);
                WriteOutput(shape, weights, sequence, row, heads, result.Output);
            }

            bool scoresAllKeys = (shape.Outputs & (AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores)) != 0;
            if (shape.SkipPadding && cache is not null && !scoresAllKeys)
                ForgetPadding(keys, values, first: Math.Max(length, sequence.CachedKeys));
        }

        return result;
    }

    /// <summary>Runs the block without a cache.</summary>
    /// <param name="shape">The shape of the block.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="input">[batch, rows, DModel].</param>
    /// <param name="memory">[batch, memory rows, MemoryDim] for cross-attention; empty otherwise.</param>
    /// <param name="keyLengths">[batch]: the number of visible keys of each sequence, if the shape declares it; empty otherwise.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <returns>[batch, rows, DModel].</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static double[] Forward(
        AttentionShape shape,
        AttentionWeights weights,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> memory = default,
        ReadOnlySpan<int> keyLengths = default,
        int batch = 1) =>
        Forward(shape, weights, new AttentionArguments { Input = input, Memory = memory, KeyLengths = keyLengths, Batch = batch }).Output;

    /// <summary>Runs the block with a cache: self-attention appends its rows' keys and values, cross-attention reads the projected memory.</summary>
    /// <param name="shape">The shape of the block.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="input">[batch of the cache, rows, DModel].</param>
    /// <param name="cache">A cache for this shape.</param>
    /// <returns>[batch, rows, DModel].</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static double[] Forward(AttentionShape shape, AttentionWeights weights, ReadOnlySpan<float> input, ReferenceCache cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        return Forward(shape, weights, new AttentionArguments { Input = input, Batch = cache.Batch }, cache, null).Output;
    }

    /// <summary>Replaces the content of a cache of cross-attention by the keys and values of a memory.</summary>
    /// <param name="shape">The shape of the block: cross-attention.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim]; [total rows, MemoryDim] in a ragged batch.</param>
    /// <param name="cache">A cache for this shape.</param>
    /// <param name="keyOffsets">In a ragged batch, [batch + 1]: the first memory row of each sequence, and the end of the last one. Empty otherwise.</param>
    /// <exception cref="ArgumentException">
    /// An argument is missing, undeclared, or of the wrong length, or offsets decrease or do not fit. The cache is as it was.
    /// </exception>
    /// <exception cref="NotSupportedException">The shape is not cross-attention.</exception>
#pragma warning disable RS0027 // The longer overload came later, and has one argument of another place.
    public static void ProjectMemory(
        AttentionShape shape, AttentionWeights weights, ReadOnlySpan<float> memory, ReferenceCache cache, ReadOnlySpan<int> keyOffsets = default) =>
        ProjectMemory(shape, weights, memory, default, cache, keyOffsets);
#pragma warning restore RS0027

    /// <summary>The same where values have an input of their own; see <see cref="AttentionShape.ValueInputDim"/>.</summary>
    /// <param name="shape">The shape of the block: cross-attention.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim]; [total rows, MemoryDim] in a ragged batch.</param>
    /// <param name="valueInput">
    /// [batch of the cache, memory rows, ValueInputDim]; [total rows, ValueInputDim] in a ragged batch; empty where values come from the memory.
    /// </param>
    /// <param name="cache">A cache for this shape.</param>
    /// <param name="keyOffsets">In a ragged batch, [batch + 1]: the first memory row of each sequence, and the end of the last one. Empty otherwise.</param>
    /// <exception cref="ArgumentException">
    /// An argument is missing, undeclared, or of the wrong length, or offsets decrease or do not fit. The cache is as it was.
    /// </exception>
    /// <exception cref="NotSupportedException">The shape is not cross-attention.</exception>
    public static void ProjectMemory(
        AttentionShape shape, AttentionWeights weights, ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, ReferenceCache cache,
        ReadOnlySpan<int> keyOffsets)
    {
        ArgumentNullException.ThrowIfNull(shape);
        KernelChecks.CheckCache(shape, cache);
        if (!shape.IsCrossAttention)
            throw new NotSupportedException("Only cross-attention has a memory.");
        KernelChecks.ValidateWeights(shape, weights);

        int[] rows = ReferenceSequence.MemoryRows(shape, memory, valueInput, cache.Batch, keyOffsets);
        cache.Clear();
        int first = 0;
        for (int sequence = 0; sequence < cache.Batch; sequence++)
        {
            for (int row = 0; row < rows[sequence]; row++)
            {
                double[] source = ReferenceRows.Row(memory, first + row, shape.MemoryDim);
                ReferenceRows.Append(
                    shape, weights, source, shape.ValueInputDim > 0 ? ReferenceRows.Row(valueInput, first + row, shape.ValueInputDim) : source,
                    RotaryPosition.Of(row), cache.Keys[sequence], cache.Values[sequence]);
            }

            first += rows[sequence];
        }
    }

    /// <summary>Clears the keys and values of padding in a cache, unless their scores are returned.</summary>
    private static void ForgetPadding(List<double[]> keys, List<double[]> values, int first)
    {
        for (int key = first; key < keys.Count; key++)
        {
            Array.Clear(keys[key]);
            Array.Clear(values[key]);
        }
    }

    /// <summary>Multiplies a head, or its gradient, by its factor, if heads have some: nothing is left of a head with 0.</summary>
    private static void Mask(AttentionShape shape, in AttentionArguments arguments, int head, Span<double> elements)
    {
        float factor = shape.HeadMask ? arguments.HeadMask[head] : 1;
        foreach (ref double element in elements)
            element = factor == 0 ? 0 : element * factor;
    }

    /// <summary>Returns the concatenated heads, after the output projection if there is one.</summary>
    private static void WriteOutput(AttentionShape shape, AttentionWeights weights, ReferenceSequence sequence, int row, double[] heads, double[] output)
    {
        if (shape.ProjectsOutput)
        {
            ReferenceRows.Project(heads, weights.Output, weights.OutputBias, shape.DModel).CopyTo(output, (sequence.FirstRow + row) * shape.DModel);
            return;
        }

        for (int head = 0; head < shape.Heads; head++)
        {
            int start = ReferenceRows.HeadIndex(shape.Layout, shape.Heads, shape.ValueHeadDim, sequence.FirstRow, sequence.Rows, row, head);
            heads.AsSpan(head * shape.ValueHeadDim, shape.ValueHeadDim).CopyTo(output.AsSpan(start));
        }
    }
}
