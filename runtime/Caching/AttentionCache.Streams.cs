using AttentionGen.CompilerServices;

namespace AttentionGen;

// Saving and restoring.
public sealed partial class AttentionCache
{
    /// <summary>
    /// The largest ratio of a restored cache to its stream. Panels are rounded up to 16 keys, and short sequences take the room of the longest.
    /// </summary>
    private const int MostGrowth = 16;

    /// <summary>What a restored cache may always be as large as 16 times of: sequences without keys take room too.</summary>
    private const int SpareBytes = 1 << 20;

    /// <summary>Bytes that are converted at once.</summary>
    private const int PieceBytes = 256 * 1024;

    /// <summary>
    /// Writes the content of the cache. The header has magic, version, batch, a digest of the shape, the lengths, and a digest of all these. Then
    /// each sequence has its keys, [KvHeads, keys, HeadDim], and its values, [KvHeads, keys, ValueHeadDim], in the format of the cache, little-endian; of int8
    /// each key and value is followed by its float32 scale. The capacity is not written. Keys and values have no digest. <see cref="Memory"/> follows in the
    /// same form.
    /// </summary>
    /// <param name="stream">The stream to write to, from its position on. It stays open.</param>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="IOException">The stream could not be written.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using ReadScope reading = Reading();
        CacheHeader.Write(stream, Shape, lengths, firstHeldKeys);
        byte[] piece = new byte[PieceBytes];
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            KeyValuePanels panels = Panels(sequence);
            foreach (bool isKeys in (ReadOnlySpan<bool>)[true, false])
            {
                int bytes = StoredRows.RowBytes(Shape, isKeys);
                for (int head = 0; head < Shape.KvHeads; head++)
                {
                    for (int key = firstHeldKeys[sequence], count; key < lengths[sequence]; key += count)
                    {
                        count = Math.Min(lengths[sequence] - key, PieceBytes / bytes);
                        Span<byte> rows = piece.AsSpan(0, count * bytes);
                        StoredRows.Read(Shape, in panels, isKeys, head, key, rows, count);
                        StoredRows.ToLittleEndian(Shape, isKeys, rows);
                        stream.Write(rows);
                    }
                }
            }
        }

        Memory?.Save(stream);
    }

    /// <summary>Replaces the content of the cache by a content that <see cref="Save"/> wrote. The stream cannot choose the size of an allocation.</summary>
    /// <param name="stream">The stream to read, from its position on. It stays open.</param>
    /// <exception cref="InvalidDataException">
    /// The stream is not a saved cache of this shape and batch, it is damaged, or a sequence is longer than the capacity. The cache is then as it
    /// was, or empty if the stream ended within keys and values.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// Another call uses the cache, or the free pages of its pool do not suffice. Nothing is changed.
    /// </exception>
    /// <exception cref="IOException">The stream could not be read; the cache is then as it was, or empty.</exception>
    public void Restore(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using WriteScope writing = Writing();
        var sequences = CacheHeader.Read(stream, Shape, Batch);
        foreach ((int length, _) in sequences)
        {
            if (length > Capacity)
                throw new InvalidDataException($"The saved cache has sequences of {length} keys; expected at most the capacity, {Capacity}.");
        }

        ReadContent(stream, sequences);
        try
        {
            Memory?.Restore(stream);
        }
        catch
        {
            // Keys of one content beside a memory of another would be neither.
            Forget();
            throw;
        }
    }

    /// <summary>
    /// Returns a new cache with a content that <see cref="Save"/> wrote. Its capacity is the length of the longest sequence; <see cref="Fork(int)"/>
    /// makes a larger one. Memory is allocated only after the stream is known to have the data.
    /// </summary>
    /// <param name="stream">The stream to read, from its position on. It stays open. It must be able to seek, so that its length is known.</param>
    /// <param name="shape">The shape of the kernels that will use the cache.</param>
    /// <exception cref="ArgumentException">The stream cannot seek. <see cref="Restore(Stream)"/> can read it into an existing cache.</exception>
    /// <exception cref="InvalidDataException">
    /// The stream is not a saved cache of this shape, or it is damaged. Or it has so many sequences, or sequences of such different lengths, that a
    /// cache would take more than 16 times their bytes and 16 MB; <see cref="Restore(Stream)"/> can read those into an existing cache.
    /// </exception>
    /// <exception cref="NotSupportedException">The shape has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    /// <exception cref="IOException">The stream could not be read.</exception>
    public static AttentionCache Restore(Stream stream, AttentionShape shape)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(shape);
        if (!stream.CanSeek)
            throw new ArgumentException("stream cannot seek; expected one whose length is known, or a cache to restore into.", nameof(stream));
        var sequences = CacheHeader.Read(stream, shape);
        Int128 keys = 0;
        int longest = 1;
        foreach ((int length, int firstHeldKey) in sequences)
        {
            keys += length - firstHeldKey;
            longest = Math.Max(longest, length);
        }

        Int128 keyBytes = StoredRows.BytesOfKey(shape);
        Int128 bytes = keys * keyBytes;
        long left = stream.Length - stream.Position;
        if (bytes > left)
            throw new InvalidDataException($"The saved cache ends too early: its header tells of {bytes} bytes of keys and values, and the stream has {left}.");
        Int128 room = shape.CacheWindow < 0 ? longest : Math.Min(longest, shape.CacheWindow + (long)(2 * RingBlock));
        if ((room + PanelWidth - 1) / PanelWidth * PanelWidth * keyBytes * sequences.Length > MostGrowth * (bytes + SpareBytes))
        {
            throw new InvalidDataException(
                $"The saved cache has {keys} keys in {sequences.Length} sequences of up to {longest}, so that a cache of them takes more than {MostGrowth} "
                    + $"times their {bytes} bytes and {MostGrowth} MB; restore it into a cache that is there.");
        }

        var cache = new AttentionCache(shape, longest, sequences.Length);
        cache.ReadContent(stream, sequences);
        return cache;
    }

    /// <summary>Returns a new cache for a Transformer layer, with a part for its memory if it has cross-attention.</summary>
    /// <param name="stream">The stream to read, from its position on. It stays open. It must be able to seek, so that its length is known.</param>
    /// <param name="shape">The shape of the layers that will use the cache.</param>
    /// <inheritdoc cref="Restore(Stream, AttentionShape)"/>
    public static AttentionCache Restore(Stream stream, TransformerLayerShape shape)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        AttentionCache cache = Restore(stream, shape.Attention);
        if (shape.CrossAttention is not { } memory)
            return cache;
        cache.AddMemory(Restore(stream, memory));
        if (cache.Memory!.Batch != cache.Batch)
            throw new InvalidDataException(
                $"The saved cache is damaged: its memory has {cache.Memory.Batch} sequences; expected {cache.Batch}, as its keys have.");
        return cache;
    }

    private void ReadContent(Stream stream, (int Length, int FirstHeldKey)[] sequences)
    {
        ForgetFor(sequence => sequences[sequence].Length);
        try
        {
            ReadRows(stream, sequences);
        }
        catch
        {
            ReleaseUnusedPages();
            throw;
        }

        for (int sequence = 0; sequence < Batch; sequence++)
        {
            SetLength(sequence, sequences[sequence].Length);
            firstHeldKeys[sequence] = Math.Max(firstHeldKeys[sequence], sequences[sequence].FirstHeldKey);
        }

        LengthsChanged();
    }

    private void ReadRows(Stream stream, (int Length, int FirstHeldKey)[] sequences)
    {
        byte[] piece = new byte[PieceBytes];
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            KeyValuePanels panels = Panels(sequence);
            foreach (bool isKeys in (ReadOnlySpan<bool>)[true, false])
            {
                int bytes = StoredRows.RowBytes(Shape, isKeys);
                for (int head = 0; head < Shape.KvHeads; head++)
                {
                    for (int key = sequences[sequence].FirstHeldKey, count; key < sequences[sequence].Length; key += count)
                    {
                        count = Math.Min(sequences[sequence].Length - key, PieceBytes / bytes);
                        Span<byte> rows = piece.AsSpan(0, count * bytes);
                        CacheHeader.ReadExactly(stream, rows, "keys and values");
                        StoredRows.ToLittleEndian(Shape, isKeys, rows);
                        StoredRows.Write(Shape, rows, count, isKeys, in panels, head, key);
                    }
                }
            }
        }
    }
}
