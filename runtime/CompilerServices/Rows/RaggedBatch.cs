using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>
/// A ragged batch, one sequence at a time: the arguments that a sequence would have alone, so that all steps of a call are
/// those of a batch of one. Only the cache stays what it is, as its sequences have places of their own.
/// </summary>
/// <remarks>
/// Masks, probabilities and scores have rows and keys as axes, and no shape where sequences differ: no configuration declares them beside ragged batches.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class RaggedBatch
{
    /// <summary>The arguments of one sequence.</summary>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="arguments">The checked arguments of the call.</param>
    /// <param name="sequence">0 to batch − 1.</param>
    /// <param name="dimensions">Its sizes.</param>
    public static AttentionArguments Slice(AttentionShape shape, scoped in AttentionArguments arguments, nint sequence, out ForwardDimensions dimensions)
    {
        int index = (int)sequence;
        int firstRow = arguments.RowOffsets[index], rows = arguments.RowOffsets[index + 1] - firstRow;
        int cachedKeys = CachedKeys(shape, in arguments, index);
        dimensions = new ForwardDimensions(1, rows, Keys(shape, in arguments, index), cachedKeys);
        ReadOnlySpan<int> keyOffsets = arguments.KeyOffsets;
        int firstKey = keyOffsets.IsEmpty ? 0 : keyOffsets[index], newKeys = keyOffsets.IsEmpty ? 0 : keyOffsets[index + 1] - firstKey;
        return arguments with
        {
            Batch = 1,
            Input = arguments.Input.Slice(firstRow * shape.InputDim, rows * shape.InputDim),
            Output = arguments.Output.IsEmpty ? default : arguments.Output.Slice(firstRow * shape.OutputDim, rows * shape.OutputDim),
            Key = shape.HasProjections ? default : arguments.Key.Slice(firstKey * shape.KeyDim, newKeys * shape.KeyDim),
            Value = shape.HasProjections ? default : arguments.Value.Slice(firstKey * shape.ValueDim, newKeys * shape.ValueDim),
            // The memory of a layer is that of its cross-attention, which takes it from the whole batch.
            Memory = arguments.Memory.IsEmpty || !shape.IsCrossAttention
                ? default
                : arguments.Memory.Slice(firstKey * shape.MemoryDim, newKeys * shape.MemoryDim),
            ValueInput = arguments.ValueInput.IsEmpty
                ? default
                : arguments.ValueInput.Slice(firstKey * shape.ValueInputDim, newKeys * shape.ValueInputDim),
            RowOffsets = default,
            KeyOffsets = default,
            KeyStarts = One(arguments.KeyStarts, index),
            KeyLengths = One(arguments.KeyLengths, index),
            PrefixLengths = One(arguments.PrefixLengths, index),
            Documents = arguments.Documents.IsEmpty ? default : arguments.Documents.Slice(arguments.DocumentOffsets[index], dimensions.Keys),
            Positions = arguments.Positions.IsEmpty ? default : arguments.Positions.Slice(firstRow * shape.PositionAxes, rows * shape.PositionAxes),
            LogSumExp = arguments.LogSumExp.IsEmpty ? default : arguments.LogSumExp.Slice(firstRow * shape.Heads, rows * shape.Heads),
        };
    }

    /// <summary>Keys of self-attention's cache before the call; 0 for cross-attention, whose rows follow nothing.</summary>
    internal static int CachedKeys(AttentionShape shape, in AttentionArguments arguments, int sequence) =>
        shape.IsCrossAttention || arguments.Cache is not { } cache ? 0 : cache.Lengths[sequence];

    /// <summary>Keys of a sequence, cached ones included.</summary>
    internal static int Keys(AttentionShape shape, in AttentionArguments arguments, int sequence)
    {
        if (shape.IsCrossAttention && arguments.Cache is { } memory)
            return memory.Lengths[sequence];
        ReadOnlySpan<int> offsets = NewKeyOffsets(shape, in arguments);
        return CachedKeys(shape, in arguments, sequence) + offsets[sequence + 1] - offsets[sequence];
    }

    /// <summary>The number of keys that a call appends to the cache for a sequence, of a batch that is ragged or not.</summary>
    internal static int NewKeys(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions, int sequence)
    {
        if (!shape.Ragged)
            return dimensions.Keys - dimensions.CachedKeys;
        ReadOnlySpan<int> offsets = NewKeyOffsets(shape, in arguments);
        return offsets[sequence + 1] - offsets[sequence];
    }

    /// <summary>Where the keys that come with the call begin for each sequence.</summary>
    internal static ReadOnlySpan<int> NewKeyOffsets(AttentionShape shape, in AttentionArguments arguments) =>
        shape.IsCrossAttention || !shape.HasProjections ? arguments.KeyOffsets : arguments.RowOffsets;

    /// <summary>Works out where the documents of each sequence begin, once for a call.</summary>
    internal static void FindDocuments(AttentionShape shape, in AttentionArguments arguments)
    {
        int keys = 0;
        for (int sequence = 0; sequence < arguments.DocumentOffsets.Length; sequence++)
        {
            arguments.DocumentOffsets[sequence] = keys;
            if (sequence < arguments.Batch)
                keys += Keys(shape, in arguments, sequence);
        }
    }

    private static ReadOnlySpan<int> One(ReadOnlySpan<int> perSequence, int sequence) => perSequence.IsEmpty ? default : perSequence.Slice(sequence, 1);
}
