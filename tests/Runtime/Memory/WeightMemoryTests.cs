using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Packed weights share chunks: none may overlap, and all must have their slack.</summary>
[Collection(nameof(SharedMemory))]
public sealed unsafe class WeightMemoryTests
{
    [Fact]
    public void Matrices_of_many_threads_share_chunks_and_never_overlap()
    {
        int[] sizes = [1, WeightMemory.SmallestFloats - 1, WeightMemory.SmallestFloats, WeightMemory.SmallestFloats + 5, WeightMemory.ChunkFloats + 3];
        var memories = new AlignedMemory[40];
        Parallel.For(0, memories.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, index =>
        {
            memories[index] = WeightMemory.Allocate(sizes[index % sizes.Length]);
            Numbers(memories[index]).Fill(index);
        });

        for (int index = 0; index < memories.Length; index++)
        {
            AlignedMemory memory = memories[index];
            Assert.Equal(sizes[index % sizes.Length], memory.Length);
            Assert.False(Numbers(memory).ContainsAnyExcept((float)index), $"Matrix {index} was written over.");
            Assert.Equal(0u, (nuint)Unsafe.AsPointer(ref memory.Reference) % 64);

            var array = (float[])memory.Owner;
            nint first = (nint)Unsafe.ByteOffset(ref MemoryMarshal.GetArrayDataReference(array), ref memory.Reference) / sizeof(float);
            Assert.InRange(first, 0, array.Length - memory.Length - AlignedMemory.SlackFloats);
        }

        if (OperatingSystem.IsLinux())
            Assert.True(memories.Select(memory => memory.Owner).Distinct().Count() < memories.Length, "No two matrices share a chunk.");
    }

    private static Span<float> Numbers(AlignedMemory memory) => MemoryMarshal.CreateSpan(ref memory.Reference, (int)memory.Length);
}
