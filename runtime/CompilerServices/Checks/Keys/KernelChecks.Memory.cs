namespace AttentionGen.CompilerServices;

// Layers of a decoder, which have two attentions: to their own rows, and to a memory.
public static partial class KernelChecks
{
    /// <summary>Checks the arguments of a layer with cross-attention. Each of its attentions is judged as if it were alone.</summary>
    /// <param name="shape">The self-attention.</param>
    /// <param name="memoryShape">The cross-attention.</param>
    /// <param name="hasLengths">Whether each sequence has its own number of memory rows.</param>
    /// <param name="arguments">Arguments whose offsets and lengths nobody else can change.</param>
    /// <param name="given">What the caller gave.</param>
    internal static ForwardDimensions Validate(
        AttentionShape shape, AttentionShape memoryShape, bool hasLengths, in AttentionArguments arguments, in AttentionArguments given)
    {
        if (arguments.Cache is { } cache)
            CheckCacheOfLayer(shape, memoryShape, cache);
        CheckNoValueInput(arguments.ValueInput.Length);
        AttentionArguments own = arguments with { Memory = default, KeyOffsets = default, MemoryLengths = default, MemoryHeadMask = default };
        CheckHeadMask("memoryHeadMask", shape, arguments.MemoryHeadMask.Length);
        ForwardDimensions dimensions = Validate(shape, in own, given with { KeyOffsets = default });
        AttentionArguments memory = MemoryArguments(in arguments);
        AttentionArguments givenMemory = MemoryArguments(in given) with { MemoryLengths = given.MemoryLengths };
        int keys = Validate(memoryShape, in memory, in givenMemory).Keys;
        CheckMemoryLengths(hasLengths, in arguments, keys);
        return dimensions with { MemoryKeys = keys };
    }

    /// <summary>Checks that a cache is one of this layer: for its self-attention, with a part for its memory.</summary>
    internal static void CheckCacheOfLayer(AttentionShape shape, AttentionShape memoryShape, AttentionCache cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        CheckCache(shape, cache);
        if (cache.Memory is null)
            throw CacheErrors.NoPartForMemory();
        CheckCache(memoryShape, cache.Memory);
    }

    /// <summary>Refuses a memory where there is no cross-attention.</summary>
    internal static void CheckNoMemory(in AttentionArguments arguments)
    {
        if (!arguments.Memory.IsEmpty)
            ThrowMemoryOfSelfAttention(arguments.Memory.Length);
        if (!arguments.MemoryLengths.IsEmpty)
            ThrowUndeclared("memoryLengths", "MemoryLengths", arguments.MemoryLengths.Length);
        if (!arguments.MemoryHeadMask.IsEmpty)
            ThrowNoMemoryHeads(arguments.MemoryHeadMask.Length);
    }

    private static AttentionArguments MemoryArguments(in AttentionArguments arguments) => new()
    {
        Input = arguments.Input,
        Memory = arguments.Memory,
        Output = arguments.Output,
        Cache = arguments.Cache?.Memory,
        RowOffsets = arguments.RowOffsets,
        KeyOffsets = arguments.KeyOffsets,
        Batch = arguments.Batch,
        Options = arguments.Options,
    };

    private static void CheckMemoryLengths(bool isDeclared, in AttentionArguments arguments, int longest)
    {
        ReadOnlySpan<int> lengths = arguments.MemoryLengths;
        CheckSequences("memoryLengths", "MemoryLengths", isDeclared, lengths, arguments.Batch);
        for (int sequence = 0; sequence < lengths.Length; sequence++)
        {
            int keys = arguments.Cache?.Memory is { } memory ? memory.Lengths[sequence]
                : arguments.KeyOffsets.IsEmpty ? longest : arguments.KeyOffsets[sequence + 1] - arguments.KeyOffsets[sequence];
            if ((uint)lengths[sequence] > (uint)keys)
                ThrowBeyondMemory(lengths[sequence], sequence, keys);
        }
    }
}
