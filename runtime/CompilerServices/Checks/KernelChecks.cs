using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>
/// What a kernel refuses, before it writes anything. Messages name the argument of <c>Forward</c>, its value and what was expected.
/// </summary>
/// <remarks>Checks run on every call, decoding included: they allocate nothing, and what throws is kept out of line.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static partial class KernelChecks
{
    /// <summary>Checks the arguments of a forward call and works out its sizes.</summary>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="arguments">What the caller gave.</param>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, of the wrong length, or overlaps an output.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch, a length, a position, a document or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">
    /// The rows do not fit into the cache, or its sequences have different lengths and the batch is not ragged.
    /// </exception>
    public static ForwardDimensions Validate(AttentionShape shape, in AttentionArguments arguments) => Validate(shape, in arguments, in arguments);

    /// <summary>Checks the arguments of a forward call whose offsets and lengths are copies; outputs must not overlap what the caller gave.</summary>
    internal static ForwardDimensions Validate(AttentionShape shape, in AttentionArguments arguments, in AttentionArguments given)
    {
        ForwardDimensions dimensions = ValidateInputs(shape, in arguments);
        if (shape.CallsHooks)
            CheckHookPositions(shape, in dimensions);
        CheckOutputs(shape, in arguments, in dimensions);
        CheckActivations(shape, in arguments, in dimensions);
        CheckOverlaps(shape, in given);
        // A call without a row and a cache has nothing to compute, however many sequences it tells of.
        return arguments.Output.IsEmpty && arguments.Cache is null ? dimensions with { Batch = 0 } : dimensions;
    }

    /// <summary>Positions that a hook gets are below ±2³⁰.</summary>
    private static void CheckHookPositions(AttentionShape shape, in ForwardDimensions dimensions)
    {
        if (dimensions.Rows > ShapeLimits.MaxHookLength)
            ThrowBeyondHooks(InputName(shape), dimensions.Rows, "rows");
        if (dimensions.Keys > ShapeLimits.MaxHookLength)
            ThrowBeyondHooks(shape.IsCrossAttention ? "memory" : "key", dimensions.Keys, "keys");
    }

    /// <summary>Checks everything but the outputs.</summary>
    private static ForwardDimensions ValidateInputs(AttentionShape shape, in AttentionArguments arguments)
    {
        int batch = arguments.Batch;
        // Forms of a ragged Forward count the sequences by their offsets.
        if (batch < 0 && shape.Ragged && arguments.RowOffsets.IsEmpty)
            ThrowNoOffsets("rowOffsets");
        if (batch < 0)
            ThrowNegative("batch", batch);
        if (arguments.Options.MaxDegreeOfParallelism < 0)
            ThrowNegative("options", arguments.Options.MaxDegreeOfParallelism, "MaxDegreeOfParallelism");
        if (!arguments.MemoryLengths.IsEmpty)
            ThrowUndeclared("memoryLengths", "MemoryLengths", arguments.MemoryLengths.Length);
        CheckHeadMask("headMask", shape, arguments.HeadMask.Length);
        CheckTables(shape, arguments.Cosines, arguments.Sines);
        if (!arguments.MemoryHeadMask.IsEmpty)
            ThrowNoMemoryHeads(arguments.MemoryHeadMask.Length);

        AttentionCache? cache = arguments.Cache;
        if (cache is not null)
        {
            CheckCache(shape, cache);
            if (cache.Batch != batch)
                ThrowBatchOfCache(batch, cache.Batch);
            if (!shape.Ragged && !cache.HasEqualLengths)
                ThrowUnequalLengths(cache);
        }

        if (shape.Ragged)
            return ValidateRagged(shape, in arguments);
        CheckNoOffsets(in arguments);
        int rows = InputRows(shape, arguments.Input.Length, batch);
        int newKeys = NewKeys(shape, in arguments, batch, rows);

        int keys = newKeys, cachedKeys = 0;
        if (shape.IsCrossAttention)
            keys = MemoryKeys(shape, in arguments, batch);
        else
        {
            if (!arguments.Memory.IsEmpty)
                ThrowMemoryOfSelfAttention(arguments.Memory.Length);
            CheckNoValueInput(arguments.ValueInput.Length);
            if (cache is not null)
            {
                cachedKeys = cache.Length;
                if (newKeys > cache.Capacity - cachedKeys)
                    ThrowCacheFull(shape, cache, newKeys);
                keys = cachedKeys + newKeys;
            }
        }

        var dimensions = new ForwardDimensions(batch, rows, keys, cachedKeys);
        CheckCountedPositions(shape, in arguments, in dimensions);
        CheckDeclared(shape, in arguments, in dimensions);
        return dimensions;
    }

    /// <summary>Checks the arguments of <c>ProjectMemory</c> and works out its sizes.</summary>
    /// <param name="shape">What the kernel computes: cross-attention.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim].</param>
    /// <param name="cache">Where the projected memory goes.</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <returns>Batch and keys; no rows.</returns>
    /// <exception cref="ArgumentException">An argument is missing or of the wrong length.</exception>
    /// <exception cref="InvalidOperationException">The memory does not fit into the cache.</exception>
    /// <exception cref="OperationCanceledException">The call is cancelled before it has begun.</exception>
    public static ForwardDimensions ValidateMemory(AttentionShape shape, ReadOnlySpan<float> memory, AttentionCache cache, in ForwardOptions options) =>
        ValidateMemory(shape, memory, default, cache, in options);

    /// <summary>The same where values may have an input of their own.</summary>
    internal static ForwardDimensions ValidateMemory(
        AttentionShape shape, ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, AttentionCache cache, in ForwardOptions options)
    {
        if (options.MaxDegreeOfParallelism < 0)
            ThrowNegative("options", options.MaxDegreeOfParallelism, "MaxDegreeOfParallelism");
        ArgumentNullException.ThrowIfNull(cache);
        CheckCache(shape, cache);
        int keys = RowsOf("memory", memory.Length, cache.Batch, shape.MemoryDim, "MemoryDim");
        CheckValueInput(shape, memory.Length, valueInput.Length);
        if (keys > cache.Capacity)
            ThrowMemoryTooLong(keys, cache.Capacity);
        options.CancellationToken.ThrowIfCancellationRequested();
        return new ForwardDimensions(cache.Batch, 0, keys, 0);
    }

    /// <summary>Checks the arguments of <c>ProjectMemory</c> for a ragged batch and works out its sizes.</summary>
    /// <param name="shape">What the kernel computes: cross-attention.</param>
    /// <param name="memory">[total memory rows, MemoryDim].</param>
    /// <param name="cache">Where the projected memory goes.</param>
    /// <param name="memoryOffsets">[batch of the cache + 1]: where the memory rows of each sequence begin, and where the last one ends.</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <returns>Batch and the keys of the longest sequence; no rows.</returns>
    /// <exception cref="ArgumentException">An argument is missing or of the wrong length, or offsets decrease or do not fit.</exception>
    /// <exception cref="InvalidOperationException">The memory does not fit into the cache.</exception>
    /// <exception cref="OperationCanceledException">The call is cancelled before it has begun.</exception>
    public static ForwardDimensions ValidateMemory(
        AttentionShape shape, ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options) =>
        ValidateMemory(shape, memory, default, cache, memoryOffsets, in options);

    /// <summary>The same where values may have an input of their own.</summary>
    internal static ForwardDimensions ValidateMemory(
        AttentionShape shape, ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, AttentionCache cache, ReadOnlySpan<int> memoryOffsets,
        in ForwardOptions options)
    {
        if (options.MaxDegreeOfParallelism < 0)
            ThrowNegative("options", options.MaxDegreeOfParallelism, "MaxDegreeOfParallelism");
        ArgumentNullException.ThrowIfNull(cache);
        CheckCache(shape, cache);
        int rows = RowsOf("memory", memory.Length, 1, shape.MemoryDim, "MemoryDim");
        CheckValueInput(shape, memory.Length, valueInput.Length);
        int longest = CheckOffsets("memoryOffsets", memoryOffsets, cache.Batch, rows, "rows of memory");
        for (int sequence = 0; sequence < cache.Batch; sequence++)
        {
            if (memoryOffsets[sequence + 1] - memoryOffsets[sequence] > cache.Capacity)
                ThrowSequenceTooLong(sequence, memoryOffsets[sequence + 1] - memoryOffsets[sequence], cache.Capacity);
        }

        options.CancellationToken.ThrowIfCancellationRequested();
        return new ForwardDimensions(cache.Batch, 0, longest, 0);
    }

    /// <summary>Refuses offsets of a memory where the batch is not ragged.</summary>
    internal static void CheckNoMemoryOffsets(ReadOnlySpan<int> memoryOffsets)
    {
        if (!memoryOffsets.IsEmpty)
            ThrowUndeclared("memoryOffsets", "Ragged", memoryOffsets.Length);
    }

    /// <summary>Checks sizes that a caller asks about, as in <c>GetScratchBytes</c>.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="rows">Query rows of each sequence.</param>
    /// <param name="keys">Keys of each sequence.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative.</exception>
    public static void ValidateSizes(int batch, int rows, int keys)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(keys);
    }

    private static void CheckCache(AttentionShape shape, AttentionCache cache)
    {
        if (ReferenceEquals(cache.Shape, shape))
            return;
        if (!shape.HasCache)
            ThrowCacheUndeclared();
        if (!cache.Shape.Equals(shape))
            ThrowShapeOfCache(cache.Shape, shape);
    }

    /// <summary>Checks that a cache is for this shape.</summary>
    internal static void CheckCache(AttentionShape shape, ReferenceCache cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        if (!cache.Shape.Equals(shape))
            ThrowShapeOfCache(cache.Shape, shape);
    }

    /// <summary>Keys that come with the call, for each sequence: those of the rows themselves, or without projections the given ones.</summary>
    private static int NewKeys(AttentionShape shape, in AttentionArguments arguments, int batch, int rows)
    {
        if (shape.HasProjections)
        {
            if (!arguments.Key.IsEmpty)
                ThrowOfProjections("key", arguments.Key.Length);
            if (!arguments.Value.IsEmpty)
                ThrowOfProjections("value", arguments.Value.Length);
            return rows;
        }

        int keys = RowsOf("key", arguments.Key.Length, batch, shape.KeyDim, "KvHeads · HeadDim");
        if (arguments.Value.Length != (long)batch * keys * shape.ValueDim)
            ThrowValueLength(shape, arguments.Value.Length, batch, keys);
        if (shape.Positions && keys != rows)
            ThrowKeysOfPositions(keys, rows);
        return keys;
    }

    private static int MemoryKeys(AttentionShape shape, in AttentionArguments arguments, int batch)
    {
        if (arguments.Cache is { } cache)
        {
            if (!arguments.Memory.IsEmpty)
                ThrowMemoryAndCache(arguments.Memory.Length);
            CheckNoValueInputBesideCache(shape, arguments.ValueInput.Length);
            if (!cache.IsFilled)
                ThrowNoMemory();
            return cache.Length;
        }

        int rows = RowsOf("memory", arguments.Memory.Length, batch, shape.MemoryDim, "MemoryDim");
        CheckValueInput(shape, arguments.Memory.Length, arguments.ValueInput.Length);
        return rows;
    }

    /// <summary>Query rows of each sequence, from the length of the input.</summary>
    internal static int InputRows(AttentionShape shape, int length, int batch)
    {
        int rows = RowsOf(InputName(shape), length, batch, shape.InputDim, shape.HasProjections ? "DModel" : "Heads · HeadDim");
        if (shape.SequenceLength != 0 && rows != shape.SequenceLength && batch != 0)
            ThrowSequenceLength(InputName(shape), rows, shape.SequenceLength);
        return rows;
    }

    /// <summary>Rows of each sequence, from a length.</summary>
    internal static int RowsOf(string argument, int length, int batch, int width, string widthName)
    {
        ulong rowFloats = (ulong)(uint)batch * (uint)width;
        if (length == 0)
            return 0;
        if (rowFloats == 0 || rowFloats > (uint)length)
            ThrowRows(argument, length, batch, width, widthName);
        (uint rows, uint rest) = Math.DivRem((uint)length, (uint)rowFloats);
        if (rest != 0)
            ThrowRows(argument, length, batch, width, widthName);
        return (int)rows;
    }

    private static string InputName(AttentionShape shape) => shape.HasProjections ? "input" : "query";
}
