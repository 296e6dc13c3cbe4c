using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>Where one sequence of a call lies in the arrays that the sequences share.</summary>
/// <param name="Index">Its number in the batch.</param>
/// <param name="FirstRow">Query rows of the sequences before it.</param>
/// <param name="Rows">Its query rows.</param>
/// <param name="FirstNewKey">Keys that the sequences before it bring along.</param>
/// <param name="NewKeys">Keys that it brings along: its rows, its memory, or those of <see cref="AttentionArguments.Key"/>.</param>
/// <param name="CachedKeys">Keys that it has in the cache.</param>
/// <param name="FirstKey">All keys of the sequences before it.</param>
/// <param name="FirstPair">Pairs of query row and key of the sequences before it.</param>
/// <param name="MaskWidth">Keys of the longest sequence, which is what a mask without a batch axis holds.</param>
/// <param name="MaskLength">Keys that the masks have where a call says so, or -1.</param>
internal sealed record ReferenceSequence(
    int Index, int FirstRow, int Rows, int FirstNewKey, int NewKeys, int CachedKeys, int FirstKey, int FirstPair, int MaskWidth, int MaskLength)
{
    /// <summary>Cached and new keys.</summary>
    public int Keys => CachedKeys + NewKeys;

    /// <summary>The last position of a key or a row of self-attention.</summary>
    private int LastPosition => Math.Max(Keys, CachedKeys + Rows) - 1;

    /// <summary>Reads the sizes of a call from the lengths of its arguments and checks them.</summary>
    public static ReferenceSequence[] Find(AttentionShape shape, in AttentionArguments arguments, ReferenceCache? cache)
    {
        int batch = shape.Ragged ? arguments.RowOffsets.Length - 1 : arguments.Batch;
        ArgumentOutOfRangeException.ThrowIfNegative(batch, "batch");
        if (cache is not null)
        {
            KernelChecks.CheckCache(shape, cache);
            Check(cache.Batch == batch, "batch", $"batch is {batch}; expected {cache.Batch}, the batch of cache.");
        }

        Check(arguments.Cache is null, "cache", "arguments have a cache of a kernel; expected none, because the reference has caches of its own.");
        Check(shape.Ragged || arguments.RowOffsets.IsEmpty, "rowOffsets", "rowOffsets are given; expected none, because the shape does not declare Ragged.");

        CheckUndeclared(shape, in arguments, cache is not null);
        int[] rows = Counts("input", arguments.Input, batch, shape.InputDim, shape.Ragged, arguments.RowOffsets);
        foreach (int count in shape.SequenceLength == 0 ? [] : rows)
            Check(count == shape.SequenceLength, "input", $"input has {count} rows for a sequence; expected SequenceLength = {shape.SequenceLength}.");
        int[] newKeys = NewKeyCounts(shape, in arguments, cache, batch, rows);

        var sequences = new ReferenceSequence[batch];
        int firstRow = 0, firstNewKey = 0, firstKey = 0, firstPair = 0;
        for (int index = 0; index < batch; index++)
        {
            int cached = cache?.LengthOf(index) ?? 0;
            int maskLength = shape.MaskLength ? arguments.MaskLength : -1;
            var sequence = new ReferenceSequence(index, firstRow, rows[index], firstNewKey, newKeys[index], cached, firstKey, firstPair, 0, maskLength);
            sequences[index] = sequence;
            firstRow += sequence.Rows;
            firstNewKey += sequence.NewKeys;
            firstKey += sequence.Keys;
            firstPair += sequence.Rows * sequence.Keys;
        }

        int longest = sequences.Select(sequence => sequence.Keys).DefaultIfEmpty(0).Max();
        sequences = [.. sequences.Select(sequence => sequence with { MaskWidth = longest })];
        CheckSequenceValues(shape, in arguments, sequences);
        Check(
            shape.MaskLength || arguments.MaskLength == 0, "maskLength",
            $"maskLength is {arguments.MaskLength}; expected 0, because the shape does not declare MaskLength.");
        int fewest = sequences.Select(sequence => sequence.Keys).DefaultIfEmpty(0).Min();
        if ((uint)arguments.MaskLength > (uint)fewest)
            throw new ArgumentOutOfRangeException("maskLength", arguments.MaskLength, $"maskLength is {arguments.MaskLength}; expected 0 to {fewest}.");
        CheckMask("booleanMask", shape, shape.BooleanMask, arguments.BooleanMask.Length, sequences);
        CheckMask("additiveMask", shape, shape.AdditiveMask, arguments.AdditiveMask.Length, sequences);
        return sequences;
    }

    /// <summary>Checks a memory that goes into a cache, and tells the rows of each sequence.</summary>
    public static int[] MemoryRows(
        AttentionShape shape, ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, int batch, ReadOnlySpan<int> keyOffsets)
    {
        CheckCount("keyOffsets", keyOffsets.Length, shape.Ragged ? batch + 1 : 0);
        int[] rows = Counts("memory", memory, batch, shape.MemoryDim, shape.Ragged, keyOffsets);
        CheckCount("valueInput", valueInput.Length, rows.Sum() * shape.ValueInputDim);
        return rows;
    }

    /// <summary>Keys that a mask with these axes has for this sequence.</summary>
    private int WidthOf(MaskAxes axes) => MaskLength >= 0 ? MaskLength : axes.HasFlag(MaskAxes.Batch) ? Keys : MaskWidth;

    /// <summary>Where a mask with these axes holds the element of this sequence.</summary>
    public int MaskIndex(AttentionShape shape, MaskAxes axes, int head, int row, int key)
    {
        bool hasBatch = axes.HasFlag(MaskAxes.Batch), hasHead = axes.HasFlag(MaskAxes.Head), hasQuery = axes.HasFlag(MaskAxes.Query);
        int width = WidthOf(axes);
        int pairsBefore = MaskLength < 0 ? FirstPair : FirstRow * MaskLength, keysBefore = MaskLength < 0 ? FirstKey : Index * MaskLength;
        int before = hasBatch ? (hasHead ? shape.Heads : 1) * (hasQuery ? pairsBefore : keysBefore) : 0;
        int line = hasHead ? head : 0;
        if (hasQuery)
            line = line * Rows + row;
        return before + line * width + key;
    }

    private static int[] NewKeyCounts(AttentionShape shape, in AttentionArguments arguments, ReferenceCache? cache, int batch, int[] rows)
    {
        if (!shape.IsCrossAttention || cache is not null)
            CheckCount("valueInput", arguments.ValueInput.Length, 0);
        if (shape.IsCrossAttention && cache is not null)
        {
            Check(arguments.Memory.IsEmpty, "memory", $"memory.Length is {arguments.Memory.Length}; expected 0, because the cache holds the projected memory.");
            return new int[batch];
        }

        if (shape.IsCrossAttention)
        {
            int[] memoryRows = Counts("memory", arguments.Memory, batch, shape.MemoryDim, shape.Ragged, arguments.KeyOffsets);
            CheckCount("valueInput", arguments.ValueInput.Length, memoryRows.Sum() * shape.ValueInputDim);
            return memoryRows;
        }

        Check(arguments.Memory.IsEmpty, "memory", $"memory.Length is {arguments.Memory.Length}; expected 0, because this shape has no memory.");
        if (shape.HasProjections)
            return rows;

        int[] keys = Counts("key", arguments.Key, batch, shape.KeyDim, shape.Ragged, arguments.KeyOffsets);
        int[] values = Counts("value", arguments.Value, batch, shape.ValueDim, shape.Ragged, arguments.KeyOffsets);
        Check(keys.AsSpan().SequenceEqual(values), "value", "value has other rows than key; expected as many.");
        Check(
            !shape.Positions || keys.AsSpan().SequenceEqual(rows),
            "key",
            "key has other rows than query; expected as many, because positions are given for rows.");
        return keys;
    }

    /// <summary>Rows of each sequence: by the offsets where the batch is ragged, otherwise the same for all.</summary>
    private static int[] Counts(string name, ReadOnlySpan<float> values, int batch, int width, bool ragged, ReadOnlySpan<int> offsets)
    {
        var counts = new int[batch];
        if (!ragged)
        {
            counts.AsSpan().Fill(KernelChecks.RowsOf(name, values.Length, batch, width, "width"));
            return counts;
        }

        Check(
            offsets.Length == batch + 1 && offsets[0] == 0 && (long)offsets[batch] * width == values.Length, name,
            $"{name}.Length is {values.Length}; expected the rows that the offsets tell, from 0 on.");
        for (int index = 0; index < batch; index++)
        {
            Check(offsets[index + 1] >= offsets[index], name, $"The offsets of {name} decrease to {offsets[index + 1]}; expected {offsets[index]} or more.");
            counts[index] = offsets[index + 1] - offsets[index];
        }

        return counts;
    }

    private static void CheckUndeclared(AttentionShape shape, in AttentionArguments arguments, bool isCached)
    {
        CheckCount("key", shape.HasProjections ? arguments.Key.Length : 0, 0);
        CheckCount("value", shape.HasProjections ? arguments.Value.Length : 0, 0);
        bool hasKeyOffsets = shape.Ragged && (!shape.HasProjections || (shape.IsCrossAttention && !isCached));
        CheckCount("keyOffsets", hasKeyOffsets ? 0 : arguments.KeyOffsets.Length, 0);
    }

    private static void CheckSequenceValues(AttentionShape shape, in AttentionArguments arguments, ReferenceSequence[] sequences)
    {
        int batch = sequences.Length;
        CheckCount("keyLengths", arguments.KeyLengths.Length, shape.KeyLengths ? batch : 0);
        CheckCount("keyStarts", arguments.KeyStarts.Length, shape.KeyStarts ? batch : 0);
        CheckCount("prefixLengths", arguments.PrefixLengths.Length, shape.PrefixLengths ? batch : 0);
        CheckCount("documents", arguments.Documents.Length, shape.Documents ? sequences.Sum(sequence => sequence.Keys) : 0);
        CheckCount("headMask", arguments.HeadMask.Length, shape.HeadMask ? shape.Heads : 0);
        CheckCount("positions", arguments.Positions.Length, shape.Positions ? sequences.Sum(sequence => sequence.Rows) * shape.PositionAxes : 0);
        foreach (int position in arguments.Positions)
            Check(position >= 0, "positions", $"A position is {position}; expected 0 or more.");
        int pairs = shape.RotaryTables ? shape.RotaryDim / 2 : 1, lines = arguments.Cosines.Length / pairs;
        CheckCount("cosines", arguments.Cosines.Length, shape.RotaryTables ? lines * pairs : 0);
        CheckCount("sines", arguments.Sines.Length, arguments.Cosines.Length);
        if (shape.RotaryLength > 0 || shape.RotaryTables)
        {
            ReadOnlySpan<int> positions = shape.Positions ? arguments.Positions : [.. sequences.Select(sequence => sequence.LastPosition)];
            CheckLargest(positions, shape.RotaryTables ? lines : shape.RotaryLength);
        }

        foreach (ReferenceSequence sequence in sequences)
        {
            CheckRange("keyLengths", arguments.KeyLengths, sequence);
            CheckRange("keyStarts", arguments.KeyStarts, sequence);
            CheckRange("prefixLengths", arguments.PrefixLengths, sequence);
            ReadOnlySpan<int> documents = shape.Documents ? arguments.Documents.Slice(sequence.FirstKey, sequence.Keys) : [];
            var ended = new HashSet<int>();
            for (int key = 1; key < documents.Length; key++)
            {
                if (documents[key] != documents[key - 1])
                    ended.Add(documents[key - 1]);
                Check(
                    !ended.Contains(documents[key]),
                    "documents",
                    $"document {documents[key]} returns after another one; expected keys of one document to be neighbours.");
            }
        }
    }

    private static void CheckLargest(ReadOnlySpan<int> positions, int most)
    {
        foreach (int position in positions)
            Check(position < most, "positions", $"A position is {position}; expected less than {most}.");
    }

    private static void CheckMask(string name, AttentionShape shape, MaskAxes axes, int length, ReferenceSequence[] sequences)
    {
        // Behind the last element of the last sequence; without a batch axis all sequences share one block.
        int expected = axes == MaskAxes.None ? 0 : sequences.Select(sequence =>
            sequence.MaskIndex(shape, axes, shape.Heads - 1, sequence.Rows - 1, sequence.WidthOf(axes))).DefaultIfEmpty(0).Max();
        CheckCount(name, length, Math.Max(expected, 0));
    }

    private static void CheckCount(string name, int length, int expected) =>
        Check(length == expected, name, $"{name}.Length is {length}; expected {expected}.");

    private static void CheckRange(string name, ReadOnlySpan<int> values, ReferenceSequence sequence)
    {
        if (!values.IsEmpty && (uint)values[sequence.Index] > (uint)sequence.Keys)
            throw new ArgumentOutOfRangeException(
                name, values[sequence.Index], $"{name}[{sequence.Index}] is {values[sequence.Index]}; expected 0 to {sequence.Keys}.");
    }

    private static void Check(bool condition, string name, string message)
    {
        if (!condition)
            throw new ArgumentException(message, name);
    }
}
