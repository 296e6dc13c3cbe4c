namespace AttentionGen;

/// <summary>
/// The weights of a block of multi-head latent attention: matrices [outputs, inputs], row-major, and the weights of two RMS norms. Weights are immutable. A
/// kernel packs them once.
/// </summary>
public sealed class LatentAttentionWeights
{
    private const int MaxNamed = 5;

    /// <summary>The matrix of the latent vector of queries, [QueryLatentDim, DModel]; null where queries are projected from the input.</summary>
    public LinearWeights? QueryDown { get; init; }

    /// <summary>The weights of the norm of the latent vector of queries, [QueryLatentDim]; empty where there is none.</summary>
    public ReadOnlyMemory<float> QueryNorm { get; init; }

    /// <summary>
    /// The matrix of queries, [Heads · HeadDim, QueryLatentDim or DModel]: of each head the unrotated part, and behind it the rotated one.
    /// </summary>
    public required LinearWeights QueryUp { get; init; }

    /// <summary>
    /// The matrix of the latent vector of keys and values, and behind it the key that is rotated, [LatentDim + RotaryDim, DModel].
    /// </summary>
    public required LinearWeights KeyValueDown { get; init; }

    /// <summary>The weights of the norm of the latent vector of keys and values, [LatentDim].</summary>
    public required ReadOnlyMemory<float> KeyValueNorm { get; init; }

    /// <summary>
    /// The matrix of keys and values, [Heads · (HeadDim − RotaryDim + ValueHeadDim), LatentDim]: of each head the unrotated part of the key, and behind it
    /// the value.
    /// </summary>
    public required LinearWeights KeyValueUp { get; init; }

    /// <summary>The output matrix, [DModel, Heads · ValueHeadDim].</summary>
    public required LinearWeights Output { get; init; }

    /// <summary>Reads weights from a file, which may be closed afterwards. The constructor of a kernel checks their shapes.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="names">The names of the tensors.</param>
    /// <exception cref="ArgumentException">The file lacks a tensor.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    /// <exception cref="FileNotFoundException">A tensor is in a shard that is missing.</exception>
    /// <exception cref="InvalidDataException">A tensor has the wrong number of dimensions, or is not in the shard that the index names.</exception>
    /// <exception cref="NotSupportedException">
    /// A tensor has a type that cannot be read, or the file has tensors of the block that the names do not know.
    /// </exception>
    public static LatentAttentionWeights From(TensorFile file, LatentTensorNames names)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(names);
        bool hasLatentQueries = names.QueryDown is { } down && (file.Contains(down) || names.Query is not { } query || !file.Contains(query));
        var reader = new WeightReader(file, new AttentionTensorNames { Output = names.Output });
        ReadOnlyMemory<float> Norm(string? name, string role)
        {
            if (name is not null && !file.Contains(name))
                file.ThrowNoTensor(name, nameof(names));
            return reader.ReadVector(name, role).Memory;
        }

        var weights = new LatentAttentionWeights
        {
            QueryDown = hasLatentQueries ? LinearWeights.From(file, names.QueryDown!, names.QueryDownBias) : null,
            QueryNorm = hasLatentQueries ? Norm(names.QueryNorm, "norm of queries") : default,
            QueryUp = LinearWeights.From(file, hasLatentQueries ? names.QueryUp : names.Query ?? names.QueryUp),
            KeyValueDown = LinearWeights.From(file, names.KeyValueDown, names.KeyValueDownBias),
            KeyValueNorm = Norm(names.KeyValueNorm, "norm of keys and values"),
            KeyValueUp = LinearWeights.From(file, names.KeyValueUp),
            Output = LinearWeights.From(file, names.Output, names.OutputBias),
        };
        RefuseOthers(file, names);
        return weights;
    }

    /// <summary>
    /// Random weights for tests and benchmarks: uniform in ±1/√inputs, those of norms around 1. The same seed gives the same weights on every machine.
    /// Matrices have numbers that the format of the shape holds.
    /// </summary>
    /// <param name="shape">The shape of the block.</param>
    /// <param name="seed">Any number.</param>
    /// <exception cref="ArgumentException">The shape has a size that no kernel has.</exception>
    public static LatentAttentionWeights Random(LatentAttentionShape shape, int seed)
    {
        ArgumentNullException.ThrowIfNull(shape);
        int next = seed;
        LinearWeights Product(LinearShape product) => LinearWeights.Random(product, unchecked(next += 7919));
        float[] Norm(int width)
        {
            var values = new float[width];
            new RandomNumbers(unchecked(next += 7919)).Fill(values, 0.25);
            foreach (ref float value in values.AsSpan())
                value += 1;
            return values;
        }

        return new LatentAttentionWeights
        {
            QueryDown = shape.QueryLatentDim == 0 ? null : Product(shape.QueryDownProduct),
            QueryNorm = Norm(shape.QueryLatentDim),
            QueryUp = Product(shape.QueryUpProduct),
            KeyValueDown = Product(shape.KeyValueDownProduct),
            KeyValueNorm = Norm(shape.LatentDim),
            KeyValueUp = Product(shape.KeyValueUpMatrix),
            Output = Product(shape.OutputProduct),
        };
    }

    /// <summary>Checks that every weight is a finite number. A kernel does not check this: its output is then NaN or infinite.</summary>
    /// <returns>These weights.</returns>
    /// <exception cref="InvalidDataException">A weight is NaN or infinite. The message names the tensor, the element and the value.</exception>
    public LatentAttentionWeights CheckFinite()
    {
        QueryDown?.CheckFinite();
        new WeightTensor(QueryNorm, null, nameof(QueryNorm)).CheckFinite("norm of queries");
        QueryUp.CheckFinite();
        KeyValueDown.CheckFinite();
        new WeightTensor(KeyValueNorm, null, nameof(KeyValueNorm)).CheckFinite("norm of keys and values");
        KeyValueUp.CheckFinite();
        Output.CheckFinite();
        return this;
    }

    /// <summary>Refuses a file with tensors of the block that the names do not know, and that may change what it computes.</summary>
    private static void RefuseOthers(TensorFile file, LatentTensorNames names)
    {
        if (names.Prefix is not { } prefix)
            return;
        var known = new HashSet<string>(names.All.OfType<string>(), StringComparer.Ordinal) { prefix + "rotary_emb.inv_freq" };
        string[] others =
        [
            .. file.TensorNames.Where(
                name => name.StartsWith(prefix, StringComparison.Ordinal) && !known.Contains(name) && !ScaledMatrix.Owns(file, name, known)),
        ];
        if (others.Length > 0)
            throw new NotSupportedException(
                $"'{file.Path}' has {string.Join(", ", others.Take(MaxNamed).Select(name => $"'{name}'"))}"
                    + $"{(others.Length > MaxNamed ? $" and {others.Length - MaxNamed} more" : "")} beside the tensors that these names know; expected nothing "
                    + "that may change what the block computes. If nothing of it does, leave out Prefix: names with { Prefix = null }.");
    }
}
