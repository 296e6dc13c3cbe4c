using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

public static partial class KernelChecks
{
    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNegative(string argument, int value, string? member = null) =>
        throw new ArgumentOutOfRangeException(argument, value, $"{member ?? argument} is {value}; expected 0 or more.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowRows(string argument, int length, int batch, int width, string widthName) =>
        throw new ArgumentException(
            batch == 0
                ? $"{argument}.Length is {length}; expected 0, because batch is 0."
                : $"{argument}.Length is {length}; expected a multiple of batch · {widthName} = {batch} · {width} = {(long)batch * width}.",
            argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowSequenceLength(string argument, int rows, int sequenceLength) =>
        throw new ArgumentException(
            $"{argument} has {rows} rows for each sequence; expected SequenceLength = "
                + $"{sequenceLength}.{(rows % sequenceLength == 0 ? Forgotten(rows / sequenceLength) : "")}", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOutputLength(AttentionShape shape, int length, int inputLength, int rows) =>
        throw new ArgumentException(
            shape.OutputDim == shape.InputDim
                ? $"output.Length is {length}; expected {InputName(shape)}.Length = {inputLength}."
                : $"output.Length is {length}; expected rows of all sequences · Heads · ValueHeadDim = {rows} · {shape.OutputDim} = "
                    + $"{(long)rows * shape.OutputDim}.",
            "output");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowBeyondHooks(string argument, int count, string what) =>
        throw new ArgumentException(
            $"{argument} has {count} {what} for a sequence; expected at most {ShapeLimits.MaxHookLength}, because {CacheErrors.HaveHooks}.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOverlap(string argument, string input) =>
        throw new ArgumentException(
            $"{argument} overlaps {input}; expected memory of its own, because {input} is still read while {argument} is written.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOutputsOverlap(string argument, string other) =>
        throw new ArgumentException($"{argument} overlaps {other}; expected memory of its own, because both are written.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOfProjections(string argument, int length) =>
        throw new ArgumentException(
            $"{argument}.Length is {length}; expected 0, because this kernel projects keys and values itself: its configuration does not say Projections = "
                + $"false.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowValueLength(AttentionShape shape, int length, int batch, int keys) =>
        throw new ArgumentException(
            $"value.Length is {length}; expected batch · keys · {ValueWidthName(shape, "KvHeads")} = {batch} · {keys} · {shape.ValueDim} = "
                + $"{(Int128)batch * keys * shape.ValueDim}, for as many keys as key has.",
            "value");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowBeyondPositions(AttentionShape shape, string argument, long position, long most) =>
        throw new ArgumentException(
            shape.RotaryTables
                ? $"{argument} has position {position}; expected less than {most}, the lines of cosines and sines."
                : $"{argument} has position {position}; expected less than RotaryLength = {most}, which decides the rotary frequencies. WithRotaryLength "
                    + "gives the kernel for longer contexts.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowKeysOfPositions(int keys, int rows) =>
        throw new ArgumentException($"key has {keys} keys for a sequence; expected {rows}, its rows of query, because positions are given for rows.", "key");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowMemoryOfSelfAttention(int length) =>
        throw new ArgumentException(
            $"memory.Length is {length}; expected 0, because this kernel is self-attention: its configuration has no MemoryDim.", "memory");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowBeyondMemory(int value, int sequence, int rows) =>
        throw new ArgumentOutOfRangeException(
            "memoryLengths", value, $"memoryLengths[{sequence}] is {value}; expected 0 to {rows}, the memory rows of sequence {sequence}.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowMemoryAndCache(int length) =>
        throw new ArgumentException($"memory.Length is {length}; expected 0, because the cache holds the projected memory.", "memory");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNoMemory() =>
        throw new InvalidOperationException(
            "cache holds no memory; expected the keys and values of one: call ProjectMemory first, or Load, or give memory instead of cache.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowCacheUndeclared() =>
        throw CacheErrors.Undeclared();

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowShapeOfCache(AttentionShape found, AttentionShape expected) =>
        throw CacheErrors.OtherShape(found, expected);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowBatchOfCache(int batch, int cacheBatch) =>
        throw new ArgumentException($"batch is {batch}; expected {cacheBatch}, the batch of cache.", "batch");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowUnequalLengths(AttentionCache cache)
    {
        int other = cache.Lengths.IndexOfAnyExcept(cache.Lengths[0]);
        throw new InvalidOperationException(
            $"cache has sequences of different lengths: sequence 0 holds {cache.Lengths[0]} keys and sequence {other} holds {cache.Lengths[other]}; expected "
                + $"equal lengths, because the configuration does not declare Ragged.");
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowCacheFull(AttentionShape shape, AttentionCache cache, int newKeys) =>
        throw CacheErrors.Full(-1, cache.Length, cache.Capacity, shape.HasProjections ? "input" : "key", newKeys);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowMemoryTooLong(int keys, int capacity) =>
        throw CacheErrors.Full(-1, 0, capacity, "memory", keys);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowUndeclared(string argument, string setting, int length) =>
        throw new ArgumentException($"{argument}.Length is {length}; expected 0, because the configuration does not declare {setting}.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNoMemoryHeads(int length) =>
        throw new ArgumentException(
            $"memoryHeadMask.Length is {length}; expected 0, because only a layer with a memory has heads of a cross-attention beside its own.",
            "memoryHeadMask");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowPerSequence(string argument, int length, int batch) =>
        throw new ArgumentException(
            $"{argument}.Length is {length}; expected one for each sequence, batch = {batch}.{(batch == 1 ? Forgotten(length) : "")}", argument);

    /// <summary>What to do where a call of one sequence would fit as a call of several.</summary>
    private static string Forgotten(int batch) => batch > 1 ? $" For {batch} sequences give batch: {batch}." : "";

    /// <summary>The batch with which a length would be right, where the call has one sequence; else 1.</summary>
    private static int FittingBatch(int length, MaskAxes axes, int heads, ForwardDimensions dimensions)
    {
        if (dimensions.Batch != 1 || dimensions.CachedKeys > 0 || (axes & (MaskAxes.Query | MaskAxes.Key)) == 0)
            return 1;
        for (int batch = 2; batch <= dimensions.Keys; batch++)
        {
            var cut = new ForwardDimensions(batch, dimensions.Rows / batch, dimensions.Keys / batch, 0);
            if (dimensions.Rows % batch == 0 && dimensions.Keys % batch == 0 && Product(axes, heads, in cut) == length)
                return batch;
        }

        return 1;
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowBeyondKeys(string argument, ReadOnlySpan<int> values, int keys)
    {
        int index = values.IndexOfAnyExceptInRange(0, keys);
        throw new ArgumentOutOfRangeException(
            argument, values[index], $"{argument}[{index}] is {values[index]}; expected 0 to {keys}, the keys of each sequence.");
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowLength(string argument, int length, MaskAxes axes, int heads, ForwardDimensions dimensions, string keys)
    {
        var names = new List<string>();
        var sizes = new List<int>();
        Add(MaskAxes.Batch, "batch", dimensions.Batch);
        Add(MaskAxes.Head, "Heads", heads);
        Add(MaskAxes.Query, "rows", dimensions.Rows);
        Add(MaskAxes.Key, keys, dimensions.Keys);
        string product = names.Count == 1 ? "" : $" = {Product(axes, heads, in dimensions)}";
        throw new ArgumentException(
            $"{argument}.Length is {length}; expected {string.Join(" · ", names)} = "
                + $"{string.Join(" · ", sizes)}{product}.{Forgotten(FittingBatch(length, axes, heads, dimensions))}", argument);

        void Add(MaskAxes axis, string name, int size)
        {
            if ((axes & axis) == 0)
                return;
            names.Add(name);
            sizes.Add(size);
        }
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowMaskLengthUndeclared(int maskLength) =>
        throw new ArgumentException(
            $"maskLength is {maskLength}; expected 0, because the configuration does not declare MaskLength: masks have all keys.", "maskLength");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowMaskLength(int maskLength, int keys) =>
        throw new ArgumentOutOfRangeException("maskLength", maskLength, $"maskLength is {maskLength}; expected 0 to {keys}, the keys of each sequence.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowDocument(ReadOnlySpan<int> documents, int index) =>
        throw new ArgumentOutOfRangeException(
            "documents", documents[index],
            $"documents[{index}] is {documents[index]} again; expected keys of one document to be neighbours, and this document ended before.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowPosition(ReadOnlySpan<int> positions)
    {
        int index = positions.IndexOfAnyExceptInRange(0, int.MaxValue);
        throw new ArgumentOutOfRangeException("positions", positions[index], $"positions[{index}] is {positions[index]}; expected 0 or more.");
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOffsetsLength(string argument, int length, int batch) =>
        throw new ArgumentException($"{argument}.Length is {length}; expected batch + 1 = {batch + 1L}.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNoOffsets(string argument) =>
        throw new ArgumentException($"{argument}.Length is 0; expected 1 or more, because the last offset tells where the last sequence ends.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOffset(string argument, ReadOnlySpan<int> offsets, int index, string expected) =>
        throw new ArgumentOutOfRangeException(argument, offsets[index], $"{argument}[{index}] is {offsets[index]}; expected {expected}.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOffsetsUndeclared(string argument, int length, bool isCrossAttention) =>
        throw new ArgumentException(
            $"{argument}.Length is {length}; expected 0, because "
                + $"{(isCrossAttention ? "the cache holds the projected memory" : "keys come from the rows themselves")}.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowSequenceFull(AttentionShape shape, AttentionCache cache, int sequence, int newKeys) =>
        throw CacheErrors.Full(sequence, cache.Lengths[sequence], cache.Capacity, shape.HasProjections ? "input" : "key", newKeys);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowBeyondOwnKeys(string argument, int value, int sequence, int keys) =>
        throw new ArgumentOutOfRangeException(argument, value, $"{argument}[{sequence}] is {value}; expected 0 to {keys}, the keys of sequence {sequence}.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowTotal(string argument, int length, long expected, string what) =>
        throw new ArgumentException($"{argument}.Length is {length}; expected {expected}, the {what}.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowSequenceTooLong(int sequence, int keys, int capacity) =>
        throw CacheErrors.Full(sequence, 0, capacity, "memory", keys);
}
