using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Guards;

/// <summary>Something that runs between guard pages, and gives the bits there that it gives elsewhere.</summary>
internal interface IGuardedCase
{
    /// <summary>On which side of the buffers the guards are.</summary>
    GuardSide Side { get; }

    /// <summary>
    /// Works out in ordinary memory what is expected. What it returns runs with its spans in guarded memory, and all that the runtime allocates too; it
    /// fails where the bits are others.
    /// </summary>
    Action<GuardedMemory> Prepare();

    /// <summary>Inputs of integers that change while a call runs.</summary>
    IReadOnlyCollection<string> Changing => [];

    /// <summary>What it gives.</summary>
    IEnumerable<float[]> Results();

    /// <summary>A hash with that of everything it gives (FNV-1a over the floats' bits).</summary>
    ulong AddBits(ulong hash)
    {
        foreach (float value in Results().SelectMany(values => values))
            hash = (hash ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211;
        return hash;
    }

    /// <summary>Runs it; fails where something beside a buffer was written.</summary>
    /// <param name="only">The one buffer that is guarded, or null for all.</param>
    /// <param name="placed">Is told the name of each buffer.</param>
    void RunGuarded(string? only, Action<string>? placed)
    {
        Action<GuardedMemory> run = Prepare();
        using var memory = new GuardedMemory(Side, only) { Placed = placed, Changing = Changing };
        AttentionScratch.Trim();
        AlignedMemory.Allocator = memory.Allocate;
        AttentionScratch.SizeOfBuffer = need =>
        {
            memory.ChangeIntegers();
            return need;
        };
        try
        {
            run(memory);
            memory.Check();
        }
        finally
        {
            AttentionScratch.Trim();
            AlignedMemory.Allocator = null;
            AttentionScratch.SizeOfBuffer = AttentionScratch.RoundUpToClass;
        }
    }
}
