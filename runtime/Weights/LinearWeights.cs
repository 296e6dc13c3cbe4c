namespace AttentionGen;

/// <summary>
/// The weights of one product: a matrix [outputs, inputs], row-major, as PyTorch's <c>nn.Linear</c> stores it, and its optional bias. The matrix of token
/// embeddings has this layout too, so it serves as the head of a language model. Weights are immutable. A kernel packs them once.
/// </summary>
public sealed class LinearWeights
{
    internal LinearWeights(WeightTensor weight, WeightTensor bias) => Projection = new(weight, bias);

    /// <summary>The matrix, [Outputs, Inputs].</summary>
    public ReadOnlySpan<float> Weight => Projection.Weight.Values;

    /// <summary>The bias, [Outputs]; empty if there is none.</summary>
    public ReadOnlySpan<float> Bias => Projection.Bias.Values;

    internal ProjectionWeights Projection { get; }

    /// <summary>Copies weights from spans. The constructor of a kernel checks their lengths.</summary>
    /// <param name="weight">[Outputs, Inputs].</param>
    /// <param name="bias">[Outputs], or empty for none.</param>
    public static LinearWeights FromSpans(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias = default) => new(
        new WeightTensor(weight.ToArray(), null, $"span {nameof(weight)}"),
        new WeightTensor(bias.ToArray(), null, $"span {nameof(bias)}"));

    /// <summary>Reads weights from a file, which may be closed afterwards. The constructor of a kernel checks their shapes.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="weightName">The name of the matrix.</param>
    /// <param name="biasName">The name of the bias, or null for none. A bias that the file lacks counts as absent.</param>
    /// <param name="isTransposed">Whether the matrix is [Inputs, Outputs], as in GPT-2, instead of [Outputs, Inputs].</param>
    /// <exception cref="ArgumentException">The file has no tensor <paramref name="weightName"/>.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    /// <exception cref="FileNotFoundException">A tensor is in a shard that is missing.</exception>
    /// <exception cref="InvalidDataException">A tensor has the wrong number of dimensions, or is not in the shard that the index names.</exception>
    /// <exception cref="NotSupportedException">A tensor has a type that cannot be read.</exception>
    public static LinearWeights From(TensorFile file, string weightName, string? biasName = null, bool isTransposed = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(weightName);
        if (!file.Contains(weightName))
            file.ThrowNoTensor(weightName, nameof(weightName));
        var reader = new WeightReader(file, new AttentionTensorNames { Output = weightName, IsTransposed = isTransposed });
        return new(reader.ReadMatrix(weightName), biasName is null ? WeightTensor.Absent("biasName is null") : reader.ReadBias(biasName, "output"));
    }

    /// <summary>
    /// The number of weights that are subnormal: not 0, and smaller than 2⁻¹²⁶. Some processors compute with such numbers many times slower;
    /// <see cref="FlushSubnormals"/> removes them.
    /// </summary>
    public long CountSubnormals() => Projection.Weight.CountSubnormals() + Projection.Bias.CountSubnormals();

    /// <summary>These weights with 0 in place of every subnormal number, of the same sign. They are the same object if there is none.</summary>
    public LinearWeights FlushSubnormals() => CountSubnormals() == 0
        ? this
        : new(Projection.Weight.FlushSubnormals(), Projection.Bias.FlushSubnormals());

    /// <summary>Checks that every weight is a finite number. A kernel does not check this: its output is then NaN or infinite.</summary>
    /// <returns>These weights.</returns>
    /// <exception cref="InvalidDataException">A weight is NaN or infinite. The message names the tensor, the element and the value.</exception>
    public LinearWeights CheckFinite()
    {
        Projection.Weight.CheckFinite("weight");
        Projection.Bias.CheckFinite("bias");
        return this;
    }

    /// <summary>Random weights for tests and benchmarks: uniform in ±1/√inputs. The same seed gives the same weights on every machine.
    /// The matrix has numbers that the format of the shape holds.</summary>
    /// <param name="shape">The shape of the product.</param>
    /// <param name="seed">Any number.</param>
    /// <exception cref="ArgumentException">The shape has a size that no kernel has, or a matrix of more elements than an array can hold.</exception>
    public static LinearWeights Random(LinearShape shape, int seed)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        var numbers = new RandomNumbers(seed);
        double bound = 1 / Math.Sqrt(shape.Inputs);
        var weight = new float[shape.Outputs * (long)shape.Inputs];
        numbers.Fill(weight, bound);
        WeightBlocks.Round(shape.Weights, weight, shape.Inputs);
        var bias = new float[shape.Bias ? shape.Outputs : 0];
        numbers.Fill(bias, bound);
        return new(
            new WeightTensor(weight, (shape.Outputs, shape.Inputs), "random"),
            new WeightTensor(bias, null, shape.Bias ? "random" : "random weights have none for this shape"));
    }
}
