namespace AttentionGen;

/// <summary>A <see cref="TransformerStack"/> of layers of one generated class.</summary>
/// <typeparam name="TLayer">The generated class.</typeparam>
public sealed class TransformerStack<TLayer> : TransformerStack
    where TLayer : class, ITransformerLayer<TLayer>
{
    private TransformerStack(TLayer[] layers)
        : base([.. layers.Select(StackLayer.Of)]) => Layers = Array.AsReadOnly(layers);

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<TLayer> Layers { get; }

    /// <summary>Makes a stack of layers.</summary>
    /// <param name="layers">The layers, first to last; at least one.</param>
    /// <exception cref="ArgumentException">There is no layer, or one is null.</exception>
    public static TransformerStack<TLayer> Create(IReadOnlyList<TLayer> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return new TransformerStack<TLayer>(StackChecks.Copy(layers));
    }

    /// <summary>Loads layers from a file, which may be closed afterwards.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="names">The names of the tensors of each layer, which is counted from 0.</param>
    /// <param name="layers">The number of layers, 1 or more.</param>
    /// <param name="progress">Gets the number of layers that are loaded, after each of them.</param>
    /// <exception cref="ArgumentException">The file lacks a tensor, or weights have another shape than the class.</exception>
    /// <exception cref="InvalidDataException">The shapes of a layer's tensors do not belong together.</exception>
    /// <exception cref="NotSupportedException">
    /// The file has tensors that the names do not know, or a tensor or layer is of a kind that cannot be read.
    /// </exception>
    public static TransformerStack<TLayer> Load(TensorFile file, Func<int, TransformerTensorNames> names, int layers, IProgress<int>? progress = null) =>
        new(LoadLayers(file, names, layers, static (_, weights) => TLayer.Create(weights), progress));
}
