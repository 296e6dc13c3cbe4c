namespace AttentionGen.CompilerServices;

// Ragged batches: sequences follow each other, and offsets tell where each begins.
public static partial class KernelChecks
{
    /// <summary>Checks offsets and what depends on the size of each sequence; the sizes are those of the longest.</summary>
    private static ForwardDimensions ValidateRagged(AttentionShape shape, in AttentionArguments arguments)
    {
        int batch = arguments.Batch;
        AttentionCache? cache = arguments.Cache;
        int totalRows = RowsOf(InputName(shape), arguments.Input.Length, 1, shape.InputDim, shape.HasProjections ? "DModel" : "Heads · HeadDim");
        int rows = CheckOffsets("rowOffsets", arguments.RowOffsets, batch, totalRows, shape.HasProjections ? "rows of input" : "rows of query");
        bool givesKeys = shape.IsCrossAttention || !shape.HasProjections;
        string keyOffsets = shape.IsCrossAttention ? "memoryOffsets" : "keyOffsets";
        if (shape.IsCrossAttention)
        {
            if (cache is not null && !arguments.Memory.IsEmpty)
                ThrowMemoryAndCache(arguments.Memory.Length);
            if (cache is not null)
                CheckNoValueInputBesideCache(shape, arguments.ValueInput.Length);
            if (cache is { IsFilled: false })
                ThrowNoMemory();
            int memoryRows = RowsOf("memory", arguments.Memory.Length, 1, shape.MemoryDim, "MemoryDim");
            if (cache is null)
                CheckValueInput(shape, arguments.Memory.Length, arguments.ValueInput.Length);
            if (cache is null)
                CheckOffsets(keyOffsets, arguments.KeyOffsets, batch, memoryRows, "rows of memory");
            givesKeys = cache is null;
        }
        else if (!arguments.Memory.IsEmpty)
            ThrowMemoryOfSelfAttention(arguments.Memory.Length);
        if (!shape.IsCrossAttention)
            CheckNoValueInput(arguments.ValueInput.Length);

        // As a batch of one: it has the total number of keys.
        int newKeys = NewKeys(shape, in arguments, 1, totalRows);
        if (!shape.HasProjections)
            CheckOffsets(keyOffsets, arguments.KeyOffsets, batch, newKeys, "keys");
        if (!shape.HasProjections && shape.Positions)
            CheckKeysOfPositions(in arguments);
        if (!givesKeys && !arguments.KeyOffsets.IsEmpty)
            ThrowOffsetsUndeclared(keyOffsets, arguments.KeyOffsets.Length, shape.IsCrossAttention);

        // Before the sequences, of which there may be none.
        CheckSequences("keyStarts", nameof(AttentionShape.KeyStarts), shape.KeyStarts, arguments.KeyStarts, batch);
        CheckSequences("keyLengths", nameof(AttentionShape.KeyLengths), shape.KeyLengths, arguments.KeyLengths, batch);
        CheckSequences("prefixLengths", nameof(AttentionShape.PrefixLengths), shape.PrefixLengths, arguments.PrefixLengths, batch);
        long totalKeys = 0;
        int longestKeys = 0;
        for (int sequence = 0; sequence < batch; sequence++)
        {
            int cachedKeys = RaggedBatch.CachedKeys(shape, in arguments, sequence);
            if (cache is not null && !shape.IsCrossAttention)
            {
                ReadOnlySpan<int> offsets = RaggedBatch.NewKeyOffsets(shape, in arguments);
                if (offsets[sequence + 1] - offsets[sequence] > cache.Capacity - cachedKeys)
                    ThrowSequenceFull(shape, cache, sequence, offsets[sequence + 1] - offsets[sequence]);
            }

            int keys = RaggedBatch.Keys(shape, in arguments, sequence);
            longestKeys = Math.Max(longestKeys, keys);
            int rowsOfSequence = arguments.RowOffsets[sequence + 1] - arguments.RowOffsets[sequence];
            CheckCountedPositions(shape, in arguments, new ForwardDimensions(1, rowsOfSequence, keys, cachedKeys));
            CheckSequence("keyStarts", arguments.KeyStarts, sequence, keys);
            CheckSequence("keyLengths", arguments.KeyLengths, sequence, keys);
            CheckSequence("prefixLengths", arguments.PrefixLengths, sequence, keys);
            CheckDocuments(shape, arguments.Documents, totalKeys, keys);
            totalKeys += keys;
        }

        // A mask has no shape where sequences differ in length: no configuration declares both (AG0049).
        if (arguments.MaskLength != 0)
            ThrowMaskLengthUndeclared(arguments.MaskLength);
        CheckAbsent("booleanMask", nameof(AttentionShape.BooleanMask), arguments.BooleanMask.Length);
        CheckAbsent("additiveMask", nameof(AttentionShape.AdditiveMask), arguments.AdditiveMask.Length);
        CheckTotal("documents", nameof(AttentionShape.Documents), shape.Documents, arguments.Documents.Length, totalKeys, "keys of all sequences");
        CheckPositions(shape, in arguments, new ForwardDimensions(1, totalRows, 0, 0));
        return new ForwardDimensions(batch, rows, longestKeys, 0);
    }

    /// <summary>Positions of rows are those of the keys that come with them.</summary>
    private static void CheckKeysOfPositions(in AttentionArguments arguments)
    {
        ReadOnlySpan<int> rows = arguments.RowOffsets, keys = arguments.KeyOffsets;
        for (int sequence = 1; sequence < rows.Length; sequence++)
        {
            if (keys[sequence] != rows[sequence])
                ThrowKeysOfPositions(keys[sequence] - keys[sequence - 1], rows[sequence] - rows[sequence - 1]);
        }
    }

    /// <summary>Checks that a call that is not ragged has no offsets.</summary>
    private static void CheckNoOffsets(in AttentionArguments arguments)
    {
        if (!arguments.RowOffsets.IsEmpty)
            ThrowUndeclared("rowOffsets", nameof(AttentionShape.Ragged), arguments.RowOffsets.Length);
        if (!arguments.KeyOffsets.IsEmpty)
            ThrowUndeclared("keyOffsets", nameof(AttentionShape.Ragged), arguments.KeyOffsets.Length);
    }

    /// <summary>Checks the offsets of a number of rows; returns the rows of the longest sequence.</summary>
    private static int CheckOffsets(string argument, ReadOnlySpan<int> offsets, int batch, int total, string rows)
    {
        if (offsets.Length != batch + 1L)
            ThrowOffsetsLength(argument, offsets.Length, batch);
        if (offsets[0] != 0)
            ThrowOffset(argument, offsets, 0, "0");
        int longest = 0;
        for (int sequence = 0; sequence < batch; sequence++)
        {
            if (offsets[sequence + 1] < offsets[sequence])
                ThrowOffset(argument, offsets, sequence + 1, $"{offsets[sequence]} or more, because offsets never decrease");
            longest = Math.Max(longest, offsets[sequence + 1] - offsets[sequence]);
        }

        if (offsets[batch] != total)
            ThrowOffset(argument, offsets, batch, $"{total}, the {rows}");
        return longest;
    }

    private static void CheckSequences(string argument, string setting, bool isDeclared, ReadOnlySpan<int> values, int batch)
    {
        if (!isDeclared && !values.IsEmpty)
            ThrowUndeclared(argument, setting, values.Length);
        if (isDeclared && values.Length != batch)
            ThrowPerSequence(argument, values.Length, batch);
    }

    private static void CheckSequence(string argument, ReadOnlySpan<int> values, int sequence, int keys)
    {
        if (!values.IsEmpty && (uint)values[sequence] > (uint)keys)
            ThrowBeyondOwnKeys(argument, values[sequence], sequence, keys);
    }

    private static void CheckDocuments(AttentionShape shape, ReadOnlySpan<int> documents, long first, int keys)
    {
        if (!shape.Documents || first + keys > documents.Length)
            return;
        int returns = DocumentRuns.FindReturn(documents.Slice((int)first, keys));
        if (returns >= 0)
            ThrowDocument(documents, (int)first + returns);
    }

    /// <summary>Checks what comes beside the output of a ragged batch: of what has keys as an axis there is nothing.</summary>
    private static void CheckRaggedOutputs(AttentionShape shape, in AttentionArguments arguments, int rows)
    {
        CheckAbsent("probabilities", "probabilities in Outputs", arguments.Probabilities.Length);
        CheckAbsent("scores", "scores in Outputs", arguments.Scores.Length);
        if (!arguments.LogSumExp.IsEmpty)
        {
            CheckTotal(
                "logSumExp", "LogSumExp in Outputs", (shape.Outputs & AttentionOutputs.LogSumExp) != 0, arguments.LogSumExp.Length, (long)rows * shape.Heads,
                "rows of all sequences times Heads");
        }
    }

    private static void CheckAbsent(string argument, string setting, int length) => CheckTotal(argument, setting, isDeclared: false, length, 0, "");

    private static void CheckTotal(string argument, string setting, bool isDeclared, int length, long expected, string what)
    {
        if (!isDeclared && length != 0)
            ThrowUndeclared(argument, setting, length);
        if (isDeclared && length != expected)
            ThrowTotal(argument, length, expected, what);
    }
}
