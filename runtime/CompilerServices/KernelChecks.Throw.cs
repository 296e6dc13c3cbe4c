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
    private static void ThrowSequenceLength(int rows, int sequenceLength) =>
        throw new ArgumentException($"input has {rows} rows for each sequence; expected SequenceLength = {sequenceLength}.", "input");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOutputLength(int length, int inputLength) =>
        throw new ArgumentException($"output.Length is {length}; expected input.Length = {inputLength}.", "output");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOverlap(string argument) =>
        throw new ArgumentException($"output overlaps {argument}; expected memory of its own, because {argument} is still read while output is written.", "output");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowMemoryOfSelfAttention(int length) =>
        throw new ArgumentException($"memory.Length is {length}; expected 0, because this kernel is self-attention: its configuration has no MemoryDim.", "memory");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowMemoryAndCache(int length) =>
        throw new ArgumentException($"memory.Length is {length}; expected 0, because the cache holds the projected memory.", "memory");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowCacheUndeclared() =>
        throw new ArgumentException(
            "cache is given; expected none, because this kernel has no cache: only cross-attention, and causal self-attention whose SequenceLength is free, have one.",
            "cache");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowShapeOfCache(AttentionShape found, AttentionShape expected) =>
        throw new ArgumentException($"cache was created for {found}; expected a cache of this kernel, for {expected}.", "cache");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowBatchOfCache(int batch, int cacheBatch) =>
        throw new ArgumentException($"batch is {batch}; expected {cacheBatch}, the batch of cache.", "batch");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowCacheFull(AttentionCache cache, int rows) =>
        throw new InvalidOperationException(
            $"cache is too small: it holds {cache.Length} of at most {cache.Capacity} keys, and input has {rows} more rows; expected at most {cache.Capacity - cache.Length}.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowMemoryTooLong(int keys, int capacity) =>
        throw new InvalidOperationException($"cache is too small: memory has {keys} rows for each sequence; expected at most the capacity, {capacity}.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowKeyLengthsUndeclared(int length) =>
        throw new ArgumentException($"keyLengths.Length is {length}; expected 0, because the configuration does not declare KeyLengths.", "keyLengths");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowKeyLengthsLength(int length, int batch) =>
        throw new ArgumentException($"keyLengths.Length is {length}; expected one for each sequence, batch = {batch}.", "keyLengths");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowKeyLength(ReadOnlySpan<int> keyLengths, int keys)
    {
        int index = keyLengths.IndexOfAnyExceptInRange(0, keys);
        throw new ArgumentOutOfRangeException("keyLengths", keyLengths[index], $"keyLengths[{index}] is {keyLengths[index]}; expected 0 to {keys}, the keys of each sequence.");
    }
}
