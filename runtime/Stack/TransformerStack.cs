using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// Transformer layers that run one after another: each reads the rows that the one before it gave. The layers may be of several generated classes, as
/// in models that alternate local and global attention. For layers of one class there is <see cref="TransformerStack{TLayer}"/>.
/// </summary>
/// <remarks>
/// A stack takes the arguments of a layer. It checks them before it writes anything, and allocates nothing per call. Several threads may call it at
/// once, each with a cache of its own. Embeddings and a final norm are not part of a stack.
/// </remarks>
public partial class TransformerStack
{
    private readonly StackLayer[] layers;

    /// <summary>The attention's shape of each layer. Caches share the array, so that a call compares one reference.</summary>
    private readonly AttentionShape[] shapes;

    /// <summary>The cross-attention of each layer, or null.</summary>
    private readonly AttentionShape? memoryShape;

    private readonly bool hasMemoryLengths;

    private protected TransformerStack(StackLayer[] layers)
    {
        this.layers = layers;
        shapes = [.. layers.Select(layer => layer.Shape.Attention)];
        StackChecks.CheckLayers(shapes);
        StackChecks.CheckMemories([.. layers.Select(layer => layer.Shape)]);
        memoryShape = layers[0].Shape.CrossAttention;
        hasMemoryLengths = layers[0].Shape.MemoryLengths;
    }

    /// <summary>The number of layers.</summary>
    public int Count => layers.Length;

    /// <summary>Width of input and output rows.</summary>
    public int DModel => shapes[0].DModel;

    /// <summary>Whether kernels with this processor's vector and FMA instructions run in all layers.</summary>
    public bool IsAccelerated => Array.TrueForAll(layers, layer => layer.IsAccelerated);

    /// <summary>The shape of each layer.</summary>
    internal TransformerLayerShape[] LayerShapes => [.. layers.Select(layer => layer.Shape)];

    /// <summary>The attention's shape of each layer.</summary>
    internal AttentionShape[] AttentionShapes => shapes;

    /// <summary>Makes a stack of layers of several classes.</summary>
    /// <param name="layers">
    /// The layers, first to last; see <see cref="StackLayer.Of"/>. At least one. All must have the same width and declare the same arguments.
    /// </param>
    /// <exception cref="ArgumentException">There is no layer, one is null, or two layers take different arguments.</exception>
    public static TransformerStack Create(IReadOnlyList<StackLayer> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return new TransformerStack(StackChecks.Copy(layers));
    }

    /// <summary>Loads layers of several classes from a file, which may be closed afterwards.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="names">The names of the tensors of each layer, which is counted from 0.</param>
    /// <param name="layers">The number of layers, 1 or more.</param>
    /// <param name="create">Makes a layer of its number and its weights; see <see cref="StackLayer.Of"/>.</param>
    /// <param name="progress">Gets the number of layers that are loaded, after each of them.</param>
    /// <exception cref="ArgumentException">The file lacks a tensor, or weights have another shape than their layer.</exception>
    /// <exception cref="InvalidDataException">The shapes of a layer's tensors do not belong together.</exception>
    /// <exception cref="NotSupportedException">
    /// The file has tensors that the names do not know, or a tensor or layer is of a kind that cannot be read.
    /// </exception>
    public static TransformerStack Load(
        TensorFile file,
        Func<int, TransformerTensorNames> names,
        int layers,
        Func<int, TransformerLayerWeights, StackLayer> create,
        IProgress<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(create);
        return new TransformerStack(StackChecks.Copy(LoadLayers(file, names, layers, create, progress)));
    }

    /// <summary>Returns the configuration of a layer.</summary>
    /// <param name="layer">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public TransformerLayerShape GetShape(int layer)
    {
        if ((uint)layer >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(layer), layer, $"layer is {layer}; expected 0 to {Count - 1}.");
        return layers[layer].Shape;
    }

    /// <summary>Creates an empty cache of one sequence for the attention of all layers.</summary>
    /// <param name="capacity">The number of keys that the sequence can hold in each layer.</param>
    /// <inheritdoc cref="CreateCache(int, int)" path="/exception"/>
    public TransformerStackCache CreateCache(int capacity) => CreateCache(capacity, 1);

    /// <summary>Creates an empty cache for the attention of all layers.</summary>
    /// <param name="capacity">The number of keys that each sequence can hold in each layer.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="NotSupportedException">The layers have no cache, or one with a part for a memory, whose capacity is missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> or <paramref name="batch"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">A layer's keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public TransformerStackCache CreateCache(int capacity, int batch)
    {
        if (shapes[0].IsCrossAttention)
            throw new NotSupportedException("This stack has no cache: its layers attend to a memory, which each call brings.");
        return new TransformerStackCache(shapes, [.. layers.Select(layer => layer.CreateCache(capacity, batch))]);
    }

    /// <summary>Creates an empty cache for the layers of a decoder: for their self-attention, with a part for the memory of their cross-attention.</summary>
    /// <param name="capacity">The number of keys that each sequence can hold in each layer.</param>
    /// <param name="memoryCapacity">The number of memory rows that each sequence can hold in each layer.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="NotSupportedException">The layers have no cross-attention, or their self-attention has no cache.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">A layer's keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public TransformerStackCache CreateCache(int capacity, int memoryCapacity, int batch) =>
        new(shapes, [.. layers.Select(layer => layer.CreateCache(capacity, memoryCapacity, batch))]);

    /// <summary>Creates a pool of pages for the caches of many sequences that come and go, as a server has them.</summary>
    /// <param name="pages">The number of pages of each layer, 1 or more. A sequence of n keys takes n / 256 of them, rounded up, in each layer.</param>
    /// <exception cref="NotSupportedException">The layers have no cache, or the cache of every layer is a ring.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pages"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">A layer's keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public TransformerStackPool CreateCachePool(int pages) => new(shapes, layers, pages);

    /// <summary>
    /// Projects a memory to the keys and values of every layer, which replace the memory that the cache holds. The keys of earlier rows stay.
    /// </summary>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim], or [total memory rows, MemoryDim] in a ragged batch.</param>
    /// <param name="cache">The cache, of this stack.</param>
    /// <param name="memoryOffsets">
    /// In a ragged batch, [batch of the cache + 1]: the first memory row of each sequence, and the end of the last one. Otherwise empty.
    /// </param>
    /// <param name="options">Threads and cancellation.</param>
    /// <exception cref="ArgumentException">A length is wrong, or the cache is of other layers. The cache is then as it was.</exception>
    /// <exception cref="InvalidOperationException">
    /// The memory does not fit into the cache, or another call uses the cache. The cache is then as it was.
    /// </exception>
    /// <exception cref="NotSupportedException">The layers have no cross-attention.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The cache holds no memory, or is as it was if the call had not begun.</exception>
    public void ProjectMemory(
        ReadOnlySpan<float> memory, TransformerStackCache cache, ReadOnlySpan<int> memoryOffsets = default, in ForwardOptions options = default)
    {
        ArgumentNullException.ThrowIfNull(cache);
        cache.CheckLayers(shapes);
        using WriteScope writing = cache.Writing();
        int layer = 0;
        try
        {
            for (; layer < layers.Length; layer++)
                layers[layer].ProjectMemory(memory, cache[layer], memoryOffsets, in options);
        }
        catch when (layer > 0)
        {
            // Layers with different memories would be no model.
            for (int other = 0; other < layers.Length; other++)
                cache[other].Memory!.Clear();
            throw;
        }
    }

    /// <summary>
    /// Returns the bytes of scratch that a call leases from the shared pool: what the layer with the largest scratch takes, and up to two buffers for the
    /// rows between layers. A cache with a window may take more: room for the keys that the call overwrites.
    /// </summary>
    /// <param name="batch">The number of sequences.</param>
    /// <param name="rows">The number of query rows of each sequence.</param>
    /// <param name="keys">The number of keys of each sequence that are in no cache; see <see cref="ITransformerLayer{TSelf}.GetScratchBytes"/>.</param>
    /// <param name="threads">The number of threads that share the call; 0 means 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative.</exception>
    public long GetScratchBytes(int batch, int rows, int keys, int threads = 1)
    {
        KernelChecks.ValidateSizes(batch, rows, keys);
        long largest = 0;
        foreach (StackLayer layer in layers)
            largest = Math.Max(largest, layer.GetScratchBytes(batch, rows, keys, threads));
        long buffer = checked((long)batch * rows * DModel * sizeof(float));
        return checked(largest + (Math.Min(Count - 1, 2) * buffer));
    }

    /// <summary>Reads layer after layer, so that only one layer is held as a file holds it.</summary>
    private protected static T[] LoadLayers<T>(
        TensorFile file, Func<int, TransformerTensorNames> names, int layers, Func<int, TransformerLayerWeights, T> create, IProgress<int>? progress)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(names);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        List<T> loaded = [];
        for (int layer = 0; layer < layers; layer++)
        {
            TransformerTensorNames own = names(layer) ?? throw new ArgumentException(
                $"names({layer}) is null; expected the names of the tensors of layer {layer}.", nameof(names));
            loaded.Add(create(layer, TransformerLayerWeights.From(file, own)));
            progress?.Report(layer + 1);
        }

        return [.. loaded];
    }
}
