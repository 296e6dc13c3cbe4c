using System.Buffers;
using System.Numerics.Tensors;

namespace AttentionGen.Generic;

/// <summary>
/// Multi-head attention in float32 with shapes known at run time: biases, grouped heads, causal masking, key lengths,
/// rotary embedding and a KV cache, written with spans and <see cref="TensorPrimitives"/>. Safe to share between threads.
/// </summary>
/// <remarks>
/// Keys and values are projected into transposed strips, so that every inner loop is one call over many keys:
/// scores are sums of scaled key columns, and each output element is one dot product with the probabilities.
/// </remarks>
public sealed class GenericAttention
{
    private readonly GenericAttentionOptions options;
    private readonly GenericAttentionWeights weights;
    private readonly int queryDim;
    private readonly int keyDim;
    private readonly float[] cosines = [];
    private readonly float[] sines = [];

    /// <summary>Takes the weights as they are.</summary>
    /// <param name="options">The shape.</param>
    /// <param name="weights">Matrices and biases of that shape.</param>
    /// <exception cref="ArgumentException">The shape is not possible, or a tensor does not fit it.</exception>
    public GenericAttention(GenericAttentionOptions options, GenericAttentionWeights weights)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(weights);
        this.options = options.Resolve();
        this.weights = weights;
        queryDim = this.options.Heads * this.options.HeadDim;
        keyDim = this.options.KvHeads * this.options.HeadDim;
        CheckWeights(weights.Query, weights.QueryBias, queryDim, this.options.DModel, "query");
        CheckWeights(weights.Key, weights.KeyBias, keyDim, this.options.MemoryDim, "key");
        CheckWeights(weights.Value, weights.ValueBias, keyDim, this.options.MemoryDim, "value");
        CheckWeights(weights.Output, weights.OutputBias, this.options.DModel, queryDim, "output");
        if (this.options.Rotary != GenericRotary.None)
            (cosines, sines) = RotaryTables(this.options);
    }

    /// <summary>An empty cache.</summary>
    /// <param name="capacity">Keys that each sequence can hold.</param>
    /// <param name="batch">Sequences.</param>
    public GenericAttentionCache CreateCache(int capacity, int batch = 1) => new(keyDim, capacity, batch);

    /// <summary>Self-attention.</summary>
    /// <param name="input">[batch, rows, DModel].</param>
    /// <param name="output">[batch, rows, DModel].</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="keyLengths">Visible keys of each sequence, or empty for all.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, int batch = 1, ReadOnlySpan<int> keyLengths = default)
    {
        int rows = CheckInput(input, output, batch);
        Forward(input, input, output, batch, rows, rows, keyLengths);
    }

    /// <summary>Cross-attention.</summary>
    /// <param name="input">[batch, rows, DModel].</param>
    /// <param name="memory">[batch, memory rows, MemoryDim].</param>
    /// <param name="output">[batch, rows, DModel].</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="keyLengths">Visible memory rows of each sequence, or empty for all.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public void Forward(ReadOnlySpan<float> input, ReadOnlySpan<float> memory, Span<float> output, int batch = 1, ReadOnlySpan<int> keyLengths = default)
    {
        int rows = CheckInput(input, output, batch);
        if (memory.Length % (batch * options.MemoryDim) != 0)
        {
            throw new ArgumentException(
                $"memory must hold whole rows of {options.MemoryDim} for {batch} sequences, but its length is {memory.Length}.", nameof(memory));
        }
        Forward(input, memory, output, batch, rows, memory.Length / (batch * options.MemoryDim), keyLengths);
    }

    /// <summary>Self-attention that appends its keys and values to a cache and reads all of it.</summary>
    /// <param name="input">[batch, rows, DModel] of the new rows.</param>
    /// <param name="output">[batch, rows, DModel].</param>
    /// <param name="cache">Made by <see cref="CreateCache"/>; its batch is the batch of the call.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">The cache is full.</exception>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, GenericAttentionCache cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        int rows = CheckInput(input, output, cache.Batch);
        int past = cache.Length;
        if (past + rows > cache.Capacity)
            throw new InvalidOperationException($"The cache has room for {cache.Capacity - past} more keys, but {rows} rows were given.");
        CheckPositions(past + rows);
        var strip = new KeyStrip(cache.Keys, cache.Values, cache.Batch * cache.Capacity, cache.Capacity);
        ProjectMemory(input, cache.Batch, rows, past, strip);
        Attend(input, output, cache.Batch, rows, past + rows, past, default, strip);
        cache.Length = past + rows;
    }

    private void Forward(
        ReadOnlySpan<float> input, ReadOnlySpan<float> memory, Span<float> output, int batch, int rows, int keys, ReadOnlySpan<int> keyLengths)
    {
        CheckKeyLengths(keyLengths, batch, keys);
        CheckPositions(Math.Max(rows, keys));
        float[] keyBuffer = ArrayPool<float>.Shared.Rent(keyDim * batch * keys);
        float[] valueBuffer = ArrayPool<float>.Shared.Rent(keyDim * batch * keys);
        var strip = new KeyStrip(keyBuffer, valueBuffer, batch * keys, keys);
        ProjectMemory(memory, batch, keys, past: 0, strip);
        Attend(input, output, batch, rows, keys, past: 0, keyLengths, strip);
        ArrayPool<float>.Shared.Return(valueBuffer);
        ArrayPool<float>.Shared.Return(keyBuffer);
    }

    /// <summary>Writes the keys and values of new memory rows behind the past ones.</summary>
    private void ProjectMemory(ReadOnlySpan<float> memory, int batch, int rows, int past, KeyStrip strip)
    {
        int width = options.MemoryDim;
        for (int sequence = 0; sequence < batch; sequence++)
        {
            ReadOnlySpan<float> source = memory.Slice(sequence * rows * width, rows * width);
            int column = sequence * strip.SequenceStride + past;
            GenericRows.Project(source, width, weights.Key, weights.KeyBias, strip.Keys.AsSpan(column), rowStride: 1, strip.Stride);
            GenericRows.Project(source, width, weights.Value, weights.ValueBias, strip.Values.AsSpan(column), rowStride: 1, strip.Stride);
            if (options.Rotary != GenericRotary.None)
            {
                for (int row = 0; row < rows; row++)
                    Rotate(strip.Keys.AsSpan(column + row), options.KvHeads, strip.Stride, past + row);
            }
        }
    }

    private void Attend(
        ReadOnlySpan<float> input, Span<float> output, int batch, int rows, int keys, int past, ReadOnlySpan<int> keyLengths, KeyStrip strip)
    {
        int headDim = options.HeadDim;
        int group = options.Heads / options.KvHeads;
        float[] queryBuffer = ArrayPool<float>.Shared.Rent(batch * rows * queryDim);
        float[] contextBuffer = ArrayPool<float>.Shared.Rent(batch * rows * queryDim);
        float[] scoreBuffer = ArrayPool<float>.Shared.Rent(Math.Max(keys, 1));
        Span<float> queries = queryBuffer.AsSpan(0, batch * rows * queryDim);
        Span<float> context = contextBuffer.AsSpan(0, batch * rows * queryDim);

        GenericRows.Project(input, options.DModel, weights.Query, weights.QueryBias, queries, queryDim, outputStride: 1);
        TensorPrimitives.Multiply(queries, options.Scale, queries);
        for (int sequence = 0; sequence < batch; sequence++)
        {
            int length = keyLengths.IsEmpty ? keys : keyLengths[sequence];
            for (int row = 0; row < rows; row++)
            {
                int start = (sequence * rows + row) * queryDim;
                Span<float> query = queries.Slice(start, queryDim);
                Span<float> result = context.Slice(start, queryDim);
                if (options.Rotary != GenericRotary.None)
                    Rotate(query, options.Heads, stride: 1, past + row);
                int visible = options.Causal ? Math.Min(length, past + row + 1) : length;
                if (visible == 0)
                {
                    result.Clear();
                    continue;
                }
                Span<float> scores = scoreBuffer.AsSpan(0, visible);
                for (int head = 0; head < options.Heads; head++)
                {
                    int first = head / group * headDim * strip.Stride + sequence * strip.SequenceStride;
                    AttendHead(query.Slice(head * headDim, headDim), strip, first, scores, result.Slice(head * headDim, headDim));
                }
            }
        }
        GenericRows.Project(context, queryDim, weights.Output, weights.OutputBias, output, options.DModel, outputStride: 1);

        ArrayPool<float>.Shared.Return(scoreBuffer);
        ArrayPool<float>.Shared.Return(contextBuffer);
        ArrayPool<float>.Shared.Return(queryBuffer);
    }

    /// <summary>One query against one head's visible keys.</summary>
    private static void AttendHead(ReadOnlySpan<float> query, KeyStrip strip, int first, Span<float> scores, Span<float> result)
    {
        scores.Clear();
        for (int i = 0; i < query.Length; i++)
            TensorPrimitives.MultiplyAdd(strip.Keys.AsSpan(first + i * strip.Stride, scores.Length), query[i], scores, scores);
        // TensorPrimitives.SoftMax does not subtract the maximum, without which exp overflows.
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max(scores), scores);
        TensorPrimitives.Exp(scores, scores);
        float reciprocal = 1 / TensorPrimitives.Sum<float>(scores);
        for (int i = 0; i < result.Length; i++)
            result[i] = TensorPrimitives.Dot(strip.Values.AsSpan(first + i * strip.Stride, scores.Length), scores) * reciprocal;
    }

    /// <summary>Rotates the heads of one row whose elements lie <paramref name="stride"/> apart.</summary>
    private void Rotate(Span<float> row, int heads, int stride, int position)
    {
        int half = options.RotaryDim / 2;
        ReadOnlySpan<float> cosines = this.cosines.AsSpan(position * half, half);
        ReadOnlySpan<float> sines = this.sines.AsSpan(position * half, half);
        bool interleaved = options.Rotary == GenericRotary.Interleaved;
        for (int head = 0; head < heads; head++)
        {
            for (int i = 0; i < half; i++)
            {
                int first = (head * options.HeadDim + (interleaved ? 2 * i : i)) * stride;
                int second = first + (interleaved ? 1 : half) * stride;
                float x0 = row[first];
                float x1 = row[second];
                row[first] = x0 * cosines[i] - x1 * sines[i];
                row[second] = x1 * cosines[i] + x0 * sines[i];
            }
        }
    }

    private static (float[] Cosines, float[] Sines) RotaryTables(GenericAttentionOptions options)
    {
        int half = options.RotaryDim / 2;
        var cosines = new float[options.MaxPositions * half];
        var sines = new float[options.MaxPositions * half];
        for (int position = 0; position < options.MaxPositions; position++)
        {
            for (int i = 0; i < half; i++)
            {
                double angle = position * Math.Pow(options.RotaryBase, -2.0 * i / options.RotaryDim);
                cosines[position * half + i] = (float)Math.Cos(angle);
                sines[position * half + i] = (float)Math.Sin(angle);
            }
        }
        return (cosines, sines);
    }

    private static void CheckWeights(float[] matrix, float[] bias, int outputs, int inputs, string name)
    {
        if (matrix.Length != outputs * inputs)
            throw new ArgumentException($"The {name} matrix must be [{outputs}, {inputs}], but has {matrix.Length} elements.");
        if (bias.Length != 0 && bias.Length != outputs)
            throw new ArgumentException($"The {name} bias must be empty or have {outputs} elements, but has {bias.Length}.");
    }

    private int CheckInput(ReadOnlySpan<float> input, Span<float> output, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        if (input.Length % (batch * options.DModel) != 0)
        {
            throw new ArgumentException(
                $"input must hold whole rows of {options.DModel} for {batch} sequences, but its length is {input.Length}.", nameof(input));
        }
        if (output.Length != input.Length)
            throw new ArgumentException($"output must be as long as input, {input.Length}, but its length is {output.Length}.", nameof(output));
        return input.Length / (batch * options.DModel);
    }

    private static void CheckKeyLengths(ReadOnlySpan<int> keyLengths, int batch, int keys)
    {
        if (keyLengths.IsEmpty)
            return;
        if (keyLengths.Length != batch)
            throw new ArgumentException($"keyLengths must have one element for each of {batch} sequences, but has {keyLengths.Length}.", nameof(keyLengths));
        foreach (int length in keyLengths)
        {
            if ((uint)length > (uint)keys)
                throw new ArgumentException($"Each of keyLengths must be 0 to {keys}, but one is {length}.", nameof(keyLengths));
        }
    }

    private void CheckPositions(int positions)
    {
        if (options.Rotary != GenericRotary.None && positions > options.MaxPositions)
            throw new ArgumentException($"The rotary table covers {options.MaxPositions} positions, but {positions} are needed.");
    }

    /// <summary>Transposed keys and values: element i of key j of a sequence at <c>i · Stride + sequence · SequenceStride + j</c>.</summary>
    private readonly record struct KeyStrip(float[] Keys, float[] Values, int Stride, int SequenceStride);
}
