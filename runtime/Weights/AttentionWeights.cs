namespace AttentionGen;

/// <summary>
/// The weights of one attention block: four matrices [outputs, inputs], row-major, as PyTorch's <c>nn.Linear</c> stores them, and their optional biases.
/// Weights are immutable. A kernel packs them once.
/// </summary>
public sealed partial class AttentionWeights
{
    private AttentionWeights(ProjectionWeights query, ProjectionWeights key, ProjectionWeights value, ProjectionWeights output, LearnedTensors learned)
    {
        QueryProjection = query;
        KeyProjection = key;
        ValueProjection = value;
        OutputProjection = output;
        Learned = learned;
    }

    /// <summary>No weights. A kernel without projections takes these, or these with its learned tensors added.</summary>
    public static AttentionWeights Empty { get; } = FromSpans(default, default, default, default);

    /// <summary>Query matrix, [Heads · HeadDim, DModel].</summary>
    public ReadOnlySpan<float> Query => QueryProjection.Weight.Values;

    /// <summary>Key matrix, [KvHeads · HeadDim, MemoryDim]; MemoryDim is DModel for self-attention.</summary>
    public ReadOnlySpan<float> Key => KeyProjection.Weight.Values;

    /// <summary>
    /// Value matrix, [KvHeads · ValueHeadDim, MemoryDim]; MemoryDim is DModel for self-attention. Where values have an input of their own, its width is that
    /// of this input, ValueInputDim.
    /// </summary>
    public ReadOnlySpan<float> Value => ValueProjection.Weight.Values;

    /// <summary>Output matrix, [DModel, Heads · ValueHeadDim].</summary>
    public ReadOnlySpan<float> Output => OutputProjection.Weight.Values;

    /// <summary>Query bias, [Heads · HeadDim]; empty if there is none.</summary>
    public ReadOnlySpan<float> QueryBias => QueryProjection.Bias.Values;

    /// <summary>Key bias, [KvHeads · HeadDim]; empty if there is none.</summary>
    public ReadOnlySpan<float> KeyBias => KeyProjection.Bias.Values;

    /// <summary>Value bias, [KvHeads · ValueHeadDim]; empty if there is none.</summary>
    public ReadOnlySpan<float> ValueBias => ValueProjection.Bias.Values;

    /// <summary>Output bias, [DModel]; empty if there is none.</summary>
    public ReadOnlySpan<float> OutputBias => OutputProjection.Bias.Values;

    internal ProjectionWeights QueryProjection { get; }

    internal ProjectionWeights KeyProjection { get; }

    internal ProjectionWeights ValueProjection { get; }

    internal ProjectionWeights OutputProjection { get; }

    /// <summary>Copies weights from spans. The constructor of a kernel checks their lengths.</summary>
    /// <param name="query">[Heads · HeadDim, DModel].</param>
    /// <param name="key">[KvHeads · HeadDim, MemoryDim].</param>
    /// <param name="value">[KvHeads · ValueHeadDim, MemoryDim], or with a value input [KvHeads · ValueHeadDim, ValueInputDim].</param>
    /// <param name="output">[DModel, Heads · ValueHeadDim], or empty for none.</param>
    /// <param name="queryBias">[Heads · HeadDim], or empty for none.</param>
    /// <param name="keyBias">[KvHeads · HeadDim], or empty for none.</param>
    /// <param name="valueBias">[KvHeads · ValueHeadDim], or empty for none.</param>
    /// <param name="outputBias">[DModel], or empty for none.</param>
    public static AttentionWeights FromSpans(
        ReadOnlySpan<float> query,
        ReadOnlySpan<float> key,
        ReadOnlySpan<float> value,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> queryBias = default,
        ReadOnlySpan<float> keyBias = default,
        ReadOnlySpan<float> valueBias = default,
        ReadOnlySpan<float> outputBias = default)
    {
        return new AttentionWeights(
            Copy(query, queryBias, $"span {nameof(query)}", $"span {nameof(queryBias)}"),
            Copy(key, keyBias, $"span {nameof(key)}", $"span {nameof(keyBias)}"),
            Copy(value, valueBias, $"span {nameof(value)}", $"span {nameof(valueBias)}"),
            Copy(output, outputBias, $"span {nameof(output)}", $"span {nameof(outputBias)}"),
            LearnedTensors.None);

        // The names are literals: a model may have thousands of tiny layers.
        static ProjectionWeights Copy(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, string weightName, string biasName) => new(
            new WeightTensor(weight.ToArray(), null, weightName),
            new WeightTensor(bias.ToArray(), null, biasName));
    }

    /// <summary>Reads weights from a file, which may be closed afterwards. The constructor of a kernel checks their shapes.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="names">The names of the tensors, and their layout.</param>
    /// <exception cref="ArgumentException">The file lacks a tensor of <paramref name="names"/>.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    /// <exception cref="FileNotFoundException">A tensor is in a shard that is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// A tensor has the wrong number of dimensions, cannot be split into query, key and value, or is not in the shard that the index names.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// A tensor has a type that cannot be read, or the block has a part that kernels do not compute, such as embedded
    /// distances.
    /// </exception>
    public static AttentionWeights From(TensorFile file, AttentionTensorNames names)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(names);
        if (names.Output is null)
            throw new ArgumentException("names.Output is null; expected the name of the output matrix.", nameof(names));
        var reader = new WeightReader(file, names);
        (ProjectionWeights query, ProjectionWeights key, ProjectionWeights value, ProjectionWeights output) = reader.Read();
        LearnedTensors learned = reader.ReadLearned();
        if (names.QueryHoldsGate)
            (query, learned) = reader.SplitGate(query, learned);
        return new AttentionWeights(query, key, value, output, learned);
    }

    /// <summary>Random weights for tests and benchmarks: uniform in ±1/√inputs. The same seed gives the same weights on every machine.</summary>
    /// <param name="shape">The shape of the kernel.</param>
    /// <param name="seed">Any number.</param>
    /// <exception cref="ArgumentException">The shape has a size that no kernel has, or a matrix of more elements than an array can hold.</exception>
    public static AttentionWeights Random(AttentionShape shape, int seed)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        var numbers = new RandomNumbers(seed);
        bool projects = shape.HasProjections;
        return new AttentionWeights(
            projects ? Projection(shape.QueryDim, shape.DModel, shape.QueryBias) : Added(shape.QueryDim),
            projects ? Projection(shape.KeyDim, shape.MemoryDim, shape.KeyBias) : Added(shape.KeyDim),
            projects ? Projection(shape.ValueDim, shape.ValueSourceDim, shape.ValueBias) : Added(shape.ValueDim),
            Projection(shape.ProjectsOutput ? shape.DModel : 0, shape.JoinedDim, shape.OutputBias),
            Learn());

        LearnedTensors Learn()
        {
            // Around 1 for what multiplies, around 0 for what is added; wide enough to be seen in the output.
            return new LearnedTensors
            {
                QueryNorm = Tensor(shape.QueryNormDim, 1),
                QueryNormBias = Tensor(shape.NormAddsBias ? shape.QueryNormDim : 0, 0),
                KeyNorm = Tensor(shape.KeyNormDim, 1),
                KeyNormBias = Tensor(shape.NormAddsBias ? shape.KeyNormDim : 0, 0),
                Sinks = Tensor(shape.Sinks ? shape.Heads : 0, 0),
                RelativePositionBias = Tensor(shape.RelativePositionBuckets * shape.Heads, 0),
                BiasKey = Tensor(shape.BiasKeyValue ? shape.KeyDim : 0, 0),
                BiasValue = Tensor(shape.BiasKeyValue ? shape.ValueDim : 0, 0),
                Gate = shape.OutputGate ? Projection(shape.JoinedDim, shape.DModel, shape.QueryBias) : LearnedTensors.None.Gate,
            };
        }

        WeightTensor Tensor(int count, float centre)
        {
            float[] values = Fill(count, 4);
            foreach (ref float value in values.AsSpan())
                value += centre;
            return new WeightTensor(values, null, "random");
        }

        ProjectionWeights Added(int count) => Projection(0, 1, false) with { Bias = shape.InputBias ? Tensor(count, 0) : WeightTensor.NotGiven };

        ProjectionWeights Projection(int outputs, int inputs, bool hasBias) => new(
            new WeightTensor(Matrix(outputs, inputs), (outputs, inputs), "random"),
            new WeightTensor(Fill(hasBias ? outputs : 0, inputs), null, hasBias ? "random" : "random weights have none for this shape"));

        float[] Matrix(int outputs, int inputs)
        {
            float[] values = Fill((long)outputs * inputs, inputs);
            WeightBlocks.Round(shape.Weights, values, inputs);
            return values;
        }

        float[] Fill(long count, int inputs)
        {
            if (count > Array.MaxLength)
                throw new ArgumentException(
                    $"shape has a matrix of {count} elements; expected at most {Array.MaxLength}, what an array can hold.", nameof(shape));
            var values = new float[count];
            numbers.Fill(values, 1 / Math.Sqrt(inputs));
            return values;
        }
    }
}
