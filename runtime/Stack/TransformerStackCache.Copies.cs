using System.Buffers.Binary;

namespace AttentionGen;

// Copies, the beams of a search, and streams.
public sealed partial class TransformerStackCache
{
    private const int Version = 1;
    private const int HeaderBytes = 8 + (2 * sizeof(int));

    private static ReadOnlySpan<byte> Magic => "ATTNSTCK"u8;

    /// <summary>Returns a copy of the cache with the same capacity.</summary>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="OutOfMemoryException">The machine has too little memory.</exception>
    public TransformerStackCache Fork() => Fork(Capacity);

    /// <summary>Returns a copy of the cache with another capacity.</summary>
    /// <param name="capacity">The number of keys that each sequence of the copy can hold: at least <see cref="Length"/> and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1 or than <see cref="Length"/>.</exception>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="OutOfMemoryException">A layer's keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public TransformerStackCache Fork(int capacity)
    {
        using ReadScope reading = claim.Reading();
        return new TransformerStackCache(shapes, [.. layers.Select(layer => layer.Fork(capacity))]);
    }

    /// <summary>
    /// Returns a new cache with copies of chosen sequences. A sequence may be chosen many times: a prompt becomes the beginning of many answers.
    /// </summary>
    /// <param name="sequences">For each sequence of the new cache, the sequence of this cache that it copies. At least one.</param>
    /// <param name="capacity">The number of keys that each sequence of the new cache can hold. 0, the default, means the capacity of this cache.</param>
    /// <exception cref="ArgumentException"><paramref name="sequences"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// One of <paramref name="sequences"/> does not exist, or <paramref name="capacity"/> is less than <see cref="Length"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="OutOfMemoryException">A layer's keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public TransformerStackCache Fork(ReadOnlySpan<int> sequences, int capacity = 0)
    {
        using ReadScope reading = claim.Reading();
        var copies = new AttentionCache[layers.Length];
        for (int layer = 0; layer < copies.Length; layer++)
            copies[layer] = layers[layer].Fork(sequences, capacity);
        return new TransformerStackCache(shapes, copies);
    }

    /// <summary>
    /// Replaces each sequence by a copy of its parent, as the parent was before the call. This is the step of a beam search. Parents may be permuted and
    /// repeated. A sequence that is its own parent stays untouched.
    /// </summary>
    /// <param name="parents">[batch]: for each sequence, the sequence that it continues.</param>
    /// <exception cref="ArgumentException"><paramref name="parents"/> has another length than the batch. Nothing is changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">One of <paramref name="parents"/> does not exist. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">Another call uses the cache. Nothing is changed.</exception>
    /// <exception cref="OutOfMemoryException">
    /// The machine has no memory for one sequence of a layer, which a circle of parents needs. The cache is then as it was, or empty.
    /// </exception>
    public void Select(ReadOnlySpan<int> parents)
    {
        using WriteScope writing = Writing();
        int layer = 0;
        try
        {
            for (; layer < layers.Length; layer++)
                layers[layer].Select(parents);
        }
        catch when (layer > 0)
        {
            // What the first layers held is gone.
            ClearAll();
            throw;
        }
    }

    /// <summary>Replaces the first keys of one sequence by those of another one, of this cache or of another cache, and removes its later keys.</summary>
    /// <remarks>In a <see cref="TransformerStackPool"/> both sequences hold the same pages: see <see cref="AttentionCache.CopySequence"/>.</remarks>
    /// <param name="sequence">The sequence that is replaced, 0 to <see cref="Batch"/> − 1.</param>
    /// <param name="source">The cache that has the keys, of layers of the same shapes; it may be this one.</param>
    /// <param name="sourceSequence">The sequence of <paramref name="source"/> that has the keys.</param>
    /// <param name="length">The number of keys, 0 to the length of that sequence.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> is of other layers. Nothing is changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There is no such sequence, or <paramref name="length"/> is negative or more than the sequence or the capacity of this cache. Nothing is changed.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of a layer no longer holds the keys that the next row sees, or another call uses one of the caches: nothing is changed then. Or the pool has
    /// too few free pages for keys of another pool: the sequence is then empty.
    /// </exception>
    public void CopySequence(int sequence, TransformerStackCache source, int sourceSequence, int length)
    {
        ArgumentNullException.ThrowIfNull(source);
        using WriteScope writing = Writing();
        using ReadScope reading = ReferenceEquals(source, this) ? default : source.claim.Reading();
        source.CheckLayers(shapes);
        for (int layer = 0; layer < layers.Length; layer++)
            layers[layer].CheckCopy(sequence, source.layers[layer], sourceSequence, length);
        InEveryLayer(sequence, layer => layers[layer].CopySequence(sequence, source.layers[layer], sourceSequence, length));
    }

    /// <summary>Removes keys from the middle of a sequence in every layer, and moves the later ones up: see <see cref="AttentionCache.RemoveKeys"/>.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="first">The first key that is removed, 0 to the length of the sequence.</param>
    /// <param name="count">The number of keys that are removed, 0 to the number of keys from <paramref name="first"/> on.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence, or there are no such keys. Nothing is changed.</exception>
    /// <exception cref="NotSupportedException">The cache of a layer is a ring, or its keys are normalised after their rotation. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another call uses the cache: nothing is changed then. Or the pool has too few free pages for copies of shared ones: the sequence is then empty if a
    /// layer had them.
    /// </exception>
    public void RemoveKeys(int sequence, int first, int count)
    {
        using WriteScope writing = Writing();
        foreach (AttentionCache layer in layers)
            layer.CheckRemove(sequence, first, count);
        InEveryLayer(sequence, layer => layers[layer].RemoveKeys(sequence, first, count));
    }

    /// <summary>Changes a sequence in every layer. If one fails after others have changed, the sequence is empty in all: they hold the same keys.</summary>
    private void InEveryLayer(int sequence, Action<int> change)
    {
        int layer = 0;
        try
        {
            for (; layer < layers.Length; layer++)
                change(layer);
        }
        catch when (layer > 0)
        {
            foreach (AttentionCache changed in layers)
                changed.Truncate(sequence, 0);
            throw;
        }
    }

    /// <summary>
    /// Writes the content of the cache: a header with magic, version and the number of layers, then each layer as <see cref="AttentionCache.Save"/>
    /// writes it.
    /// </summary>
    /// <param name="stream">The stream to write to, from its position on. It stays open.</param>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="IOException">The stream could not be written.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using ReadScope reading = claim.Reading();
        Span<byte> header = stackalloc byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], layers.Length);
        stream.Write(header);
        foreach (AttentionCache layer in layers)
            layer.Save(stream);
    }

    /// <summary>Replaces the content of the cache by a content that <see cref="Save"/> wrote. The stream cannot choose the size of an allocation.</summary>
    /// <param name="stream">The stream to read, from its position on. It stays open.</param>
    /// <exception cref="InvalidDataException">
    /// The stream is not a saved cache of layers of these shapes and of this batch, it is damaged, or a sequence is longer than the capacity. The cache is
    /// then as it was, or empty.
    /// </exception>
    /// <exception cref="InvalidOperationException">Another call uses the cache.</exception>
    /// <exception cref="IOException">The stream could not be read; the cache is then as it was, or empty.</exception>
    public void Restore(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using WriteScope writing = Writing();
        ReadHeader(stream, layers.Length);
        int layer = 0;
        try
        {
            for (; layer < layers.Length; layer++)
            {
                layers[layer].Restore(stream);
                CheckLengths(layers, layer);
            }
        }
        catch when (layer > 0 || !layers[0].Lengths.SequenceEqual(layers[^1].Lengths))
        {
            ClearAll();
            throw;
        }
    }

    /// <summary>
    /// Returns a new cache with a content that <see cref="Save"/> wrote. Its capacity is the length of the longest sequence; <see cref="Fork(int)"/>
    /// makes a larger one. Memory is allocated only after the stream is known to have the data.
    /// </summary>
    /// <param name="stream">The stream to read, from its position on. It stays open. It must be able to seek, so that its length is known.</param>
    /// <param name="stack">The layers that will use the cache.</param>
    /// <exception cref="ArgumentException">The stream cannot seek. <see cref="Restore(Stream)"/> can read it into an existing cache.</exception>
    /// <exception cref="InvalidDataException">
    /// The stream is not a saved cache of these layers, or it is damaged, or its sequences are such that a cache would take far more memory than the
    /// stream; see <see cref="AttentionCache.Restore(Stream, AttentionShape)"/>.
    /// </exception>
    /// <exception cref="NotSupportedException">The layers have no cache.</exception>
    /// <exception cref="IOException">The stream could not be read.</exception>
    public static TransformerStackCache Restore(Stream stream, TransformerStack stack)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(stack);
        AttentionShape[] shapes = stack.AttentionShapes;
        TransformerLayerShape[] layerShapes = stack.LayerShapes;
        ReadHeader(stream, shapes.Length);
        var layers = new AttentionCache[shapes.Length];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            layers[layer] = AttentionCache.Restore(stream, layerShapes[layer]);
            CheckLengths(layers, layer);
        }

        return new TransformerStackCache(shapes, layers);
    }

    private static void ReadHeader(Stream stream, int expectedLayers)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        CacheHeader.ReadExactly(stream, header, "its header");
        if (!header.StartsWith(Magic))
            throw new InvalidDataException("The stream is no saved cache of a stack: it does not begin with \"ATTNSTCK\".");
        int version = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (version != Version)
            throw new InvalidDataException($"The saved cache of a stack has version {version}; this library reads version {Version}.");
        int layers = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        if (layers != expectedLayers)
            throw new InvalidDataException($"The saved cache has {layers} layers; expected {expectedLayers}, the layers of the stack.");
    }

    /// <summary>All layers hold the same sequences, so one that differs is damaged.</summary>
    private static void CheckLengths(AttentionCache[] layers, int layer)
    {
        if (!layers[layer].Lengths.SequenceEqual(layers[0].Lengths))
            throw new InvalidDataException($"The saved cache is damaged: layer {layer} has sequences of other lengths than layer 0.");
    }
}
