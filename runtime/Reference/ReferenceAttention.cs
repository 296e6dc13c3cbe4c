using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// What every kernel computes, in double precision and in the plainest way: written to be read, and to be compared with.
/// It takes what a kernel takes, in the same layouts.
/// </summary>
public static class ReferenceAttention
{
    /// <summary>Runs the block without a cache.</summary>
    /// <param name="shape">What is computed.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="input">[batch, rows, DModel].</param>
    /// <param name="memory">[batch, memory rows, MemoryDim] for cross-attention; empty otherwise.</param>
    /// <param name="keyLengths">[batch], visible keys of each sequence, where the shape declares them; empty otherwise.</param>
    /// <param name="batch">Sequences.</param>
    /// <returns>[batch, rows, DModel].</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static double[] Forward(
        AttentionShape shape,
        AttentionWeights weights,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> memory = default,
        ReadOnlySpan<int> keyLengths = default,
        int batch = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        KernelChecks.ValidateWeights(shape, weights);
        (_, int rows, int keys, _) = KernelChecks.ValidateInputs(
            shape, new AttentionArguments { Input = input, Memory = memory, KeyLengths = keyLengths, Batch = batch });

        ReadOnlySpan<float> source = shape.IsCrossAttention ? memory : input;
        var output = new double[input.Length];
        for (int sequence = 0; sequence < batch; sequence++)
        {
            var sequenceKeys = new List<double[]>();
            var sequenceValues = new List<double[]>();
            AppendKeysAndValues(shape, weights, Part(source, sequence, keys * shape.MemoryDim), sequenceKeys, sequenceValues);

            int visibleKeys = shape.KeyLengths ? keyLengths[sequence] : keys;
            Attend(
                shape, weights, Part(input, sequence, rows * shape.DModel), sequenceKeys, sequenceValues,
                visibleKeys, CausalOffset(shape, visibleKeys, rows), firstPosition: 0, output.AsSpan(sequence * rows * shape.DModel, rows * shape.DModel));
        }

        return output;
    }

    /// <summary>Runs the block with a cache: self-attention appends its rows' keys and values, cross-attention reads the projected memory.</summary>
    /// <param name="shape">What is computed.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="input">[batch of the cache, rows, DModel].</param>
    /// <param name="cache">A cache for this shape.</param>
    /// <param name="keyLengths">[batch], visible keys of each sequence, cached ones included, where the shape declares them; empty otherwise.</param>
    /// <returns>[batch, rows, DModel].</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static double[] Forward(
        AttentionShape shape, AttentionWeights weights, ReadOnlySpan<float> input, ReferenceCache cache, ReadOnlySpan<int> keyLengths = default)
    {
        ArgumentNullException.ThrowIfNull(shape);
        KernelChecks.CheckCache(shape, cache);
        KernelChecks.ValidateWeights(shape, weights);
        int rows = KernelChecks.InputRows(shape, input.Length, cache.Batch);
        int cachedKeys = shape.IsCrossAttention ? 0 : cache.Length;
        int keys = shape.IsCrossAttention ? cache.Length : cachedKeys + rows;
        KernelChecks.CheckKeyLengths(shape, keyLengths, cache.Batch, keys);

        var output = new double[input.Length];
        for (int sequence = 0; sequence < cache.Batch; sequence++)
        {
            ReadOnlySpan<float> inputRows = Part(input, sequence, rows * shape.DModel);
            if (!shape.IsCrossAttention)
                AppendKeysAndValues(shape, weights, inputRows, cache.Keys[sequence], cache.Values[sequence]);

            int visibleKeys = shape.KeyLengths ? keyLengths[sequence] : keys;
            int offset = shape.IsCrossAttention ? CausalOffset(shape, visibleKeys, rows) : cachedKeys;
            Attend(
                shape, weights, inputRows, cache.Keys[sequence], cache.Values[sequence],
                visibleKeys, offset, firstPosition: cachedKeys, output.AsSpan(sequence * rows * shape.DModel, rows * shape.DModel));
        }

        return output;
    }

    /// <summary>Replaces what a cache of cross-attention holds by the keys and values of this memory.</summary>
    /// <param name="shape">What is computed: cross-attention.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim].</param>
    /// <param name="cache">A cache for this shape.</param>
    /// <exception cref="NotSupportedException">The shape is not cross-attention.</exception>
    public static void ProjectMemory(AttentionShape shape, AttentionWeights weights, ReadOnlySpan<float> memory, ReferenceCache cache)
    {
        ArgumentNullException.ThrowIfNull(shape);
        KernelChecks.CheckCache(shape, cache);
        if (!shape.IsCrossAttention)
            throw new NotSupportedException("Only cross-attention has a memory.");
        KernelChecks.ValidateWeights(shape, weights);
        int keys = KernelChecks.RowsOf("memory", memory.Length, cache.Batch, shape.MemoryDim, "MemoryDim");
        cache.Clear();
        for (int sequence = 0; sequence < cache.Batch; sequence++)
            AppendKeysAndValues(shape, weights, Part(memory, sequence, keys * shape.MemoryDim), cache.Keys[sequence], cache.Values[sequence]);
    }

    /// <summary>Query i sees key j when j ≤ i + offset; this is the offset of a call that has no cached keys.</summary>
    private static int CausalOffset(AttentionShape shape, int visibleKeys, int rows) =>
        shape.CausalAlignment == CausalAlignment.BottomRight ? visibleKeys - rows : 0;

    /// <summary>K = m Wk + bk and V = m Wv + bv, a row at a time; keys are rotated by their position.</summary>
    private static void AppendKeysAndValues(
        AttentionShape shape, AttentionWeights weights, ReadOnlySpan<float> memory, List<double[]> keys, List<double[]> values)
    {
        for (int start = 0; start < memory.Length; start += shape.MemoryDim)
        {
            double[] row = ToDouble(memory.Slice(start, shape.MemoryDim));
            double[] key = Project(row, weights.Key, weights.KeyBias, shape.KeyDim);
            Rotate(shape, key, position: keys.Count);
            keys.Add(key);
            values.Add(Project(row, weights.Value, weights.ValueBias, shape.KeyDim));
        }
    }

    /// <summary>One sequence: queries, attention of every head, and the output projection.</summary>
    private static void Attend(
        AttentionShape shape,
        AttentionWeights weights,
        ReadOnlySpan<float> input,
        List<double[]> keys,
        List<double[]> values,
        int visibleKeys,
        int causalOffset,
        int firstPosition,
        Span<double> output)
    {
        int rows = input.Length / shape.DModel;
        int group = shape.Heads / shape.KvHeads;
        for (int row = 0; row < rows; row++)
        {
            double[] query = Project(ToDouble(input.Slice(row * shape.DModel, shape.DModel)), weights.Query, weights.QueryBias, shape.QueryDim);
            Rotate(shape, query, firstPosition + row);

            int seenKeys = shape.Causal ? Math.Clamp(row + causalOffset + 1, 0, visibleKeys) : visibleKeys;
            var heads = new double[shape.QueryDim];
            for (int head = 0; head < shape.Heads; head++)
            {
                AttendHead(
                    shape.Scale, query.AsSpan(head * shape.HeadDim, shape.HeadDim), keys, values, seenKeys,
                    start: head / group * shape.HeadDim, heads.AsSpan(head * shape.HeadDim, shape.HeadDim));
            }

            Project(heads, weights.Output, weights.OutputBias, shape.DModel).CopyTo(output.Slice(row * shape.DModel, shape.DModel));
        }
    }

    /// <summary>softmax(scale · q Kᵀ) V of one query over the keys it sees; zeros where it sees none.</summary>
    private static void AttendHead(
        double scale, ReadOnlySpan<double> query, List<double[]> keys, List<double[]> values, int seenKeys, int start, Span<double> result)
    {
        result.Clear();
        if (seenKeys == 0)
            return;

        var probabilities = new double[seenKeys];
        for (int key = 0; key < seenKeys; key++)
            probabilities[key] = scale * Dot(query, keys[key].AsSpan(start, query.Length));

        double maximum = probabilities.Max();
        double sum = 0;
        for (int key = 0; key < seenKeys; key++)
        {
            probabilities[key] = Math.Exp(probabilities[key] - maximum);
            sum += probabilities[key];
        }

        for (int key = 0; key < seenKeys; key++)
        {
            for (int element = 0; element < result.Length; element++)
                result[element] += probabilities[key] / sum * values[key][start + element];
        }
    }

    /// <summary>Rotary position embedding (Su et al. 2021) of every head of a row.</summary>
    private static void Rotate(AttentionShape shape, double[] heads, int position)
    {
        if (shape.Rotary == RotaryKind.None)
            return;
        int pairs = shape.RotaryDim / 2;
        for (int start = 0; start < heads.Length; start += shape.HeadDim)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                (int first, int second) = shape.Rotary == RotaryKind.HalfSplit
                    ? (start + pair, start + pair + pairs)
                    : (start + 2 * pair, start + 2 * pair + 1);
                double angle = position * Math.Pow(shape.RotaryBase, -2.0 * pair / shape.RotaryDim);
                (double sine, double cosine) = Math.SinCos(angle);
                (heads[first], heads[second]) = (heads[first] * cosine - heads[second] * sine, heads[second] * cosine + heads[first] * sine);
            }
        }
    }

    /// <summary>y = W x + b.</summary>
    private static double[] Project(double[] row, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int outputs)
    {
        var result = new double[outputs];
        for (int output = 0; output < outputs; output++)
        {
            double sum = bias.IsEmpty ? 0 : bias[output];
            ReadOnlySpan<float> weightRow = weights.Slice(output * row.Length, row.Length);
            for (int input = 0; input < row.Length; input++)
                sum += (double)weightRow[input] * row[input];
            result[output] = sum;
        }

        return result;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static double[] ToDouble(ReadOnlySpan<float> row)
    {
        var result = new double[row.Length];
        for (int i = 0; i < row.Length; i++)
            result[i] = row[i];
        return result;
    }

    private static ReadOnlySpan<float> Part(ReadOnlySpan<float> all, int index, int length) => all.Slice(index * length, length);
}
