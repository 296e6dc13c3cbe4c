using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Tests that look at the one pool, or replace the one allocator, run when nothing else does.</summary>
[CollectionDefinition(nameof(SharedMemory), DisableParallelization = true)]
public sealed class SharedMemory;

[Collection(nameof(SharedMemory))]
public sealed unsafe class MemoryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1_000_003)]
    public void Memory_is_aligned_and_readable_to_the_end_of_its_slack(int floats)
    {
        var memory = AlignedMemory.Allocate(floats);
        Assert.Equal(floats, memory.Length);
        Assert.Equal(0u, (nuint)Unsafe.AsPointer(ref memory.Reference) % 64);

        ref float first = ref ((float[])memory.Owner)[0];
        nint offset = Unsafe.ByteOffset(ref first, ref memory.Reference) / sizeof(float);
        Assert.InRange(offset, 0, 15);
        Assert.True(offset + floats + AlignedMemory.SlackFloats <= ((float[])memory.Owner).Length);
    }

    [Fact]
    public void Memory_stays_where_it_is()
    {
        var memory = AlignedMemory.Allocate(1000, zeroed: true);
        for (int i = 0; i < 1000; i++)
            Assert.Equal(0, Unsafe.Add(ref memory.Reference, i));
        Unsafe.Add(ref memory.Reference, 999) = 7;
        nuint before = (nuint)Unsafe.AsPointer(ref memory.Reference);
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        Assert.Equal(before, (nuint)Unsafe.AsPointer(ref memory.Reference));
        Assert.Equal(7, Unsafe.Add(ref memory.Reference, 999));
    }

    [Fact]
    public void A_reference_alone_keeps_memory_alive()
    {
        ref float reference = ref MakeMarked(out WeakReference owner);
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        Assert.True(owner.IsAlive);
        Assert.Equal(42, reference);
    }

    [Fact]
    public void Too_much_memory_is_refused_with_the_limit()
    {
        nint floats = AlignedMemory.MaxLength + 1;
        string message = Assert.Throws<OutOfMemoryException>(() => AlignedMemory.Allocate(floats)).Message;
        Assert.Contains($"{floats:N0}", message);
        Assert.Contains($"{AlignedMemory.MaxLength:N0}", message);
        Assert.Throws<OutOfMemoryException>(() => AlignedMemory.Allocate(nint.MaxValue));
        Assert.Throws<OutOfMemoryException>(() => ScratchLease.Rent(nint.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>("floats", () => AlignedMemory.Allocate(-1));
        Assert.Throws<ArgumentOutOfRangeException>("floats", () => ScratchLease.Rent(-1));
    }

    [Fact]
    public void The_allocator_can_be_replaced()
    {
        (nint Floats, bool Zeroed) asked = default;
        try
        {
            AlignedMemory.Allocator = (floats, zeroed) =>
            {
                asked = (floats, zeroed);
                return new AlignedMemory(new object(), null, floats);
            };
            Assert.Equal(77, AlignedMemory.Allocate(77, zeroed: true).Length);
        }
        finally
        {
            AlignedMemory.Allocator = null;
        }

        Assert.Equal((77, true), asked);
    }

    [Fact]
    public void A_lease_allocates_nothing_once_the_pool_is_warm()
    {
        AttentionScratch.Trim();
        RentAndReturn(100_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (nint floats = 100_000; floats > 0; floats -= 1000)
            RentAndReturn(floats);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_lease_takes_the_smallest_buffer_that_is_large_enough()
    {
        AttentionScratch.Trim();
        nint small = 20_000, large = 500_000;
        ScratchLease first = ScratchLease.Rent(small), second = ScratchLease.Rent(large);
        AlignedMemory smallMemory = first.Memory, largeMemory = second.Memory;
        second.Dispose();
        first.Dispose();

        using ScratchLease third = ScratchLease.Rent(small);
        using ScratchLease fourth = ScratchLease.Rent(small);
        Assert.Same(smallMemory, third.Memory);
        Assert.Same(largeMemory, fourth.Memory);
    }

    [Fact]
    public void The_pool_is_bounded_and_keeps_the_largest_buffers()
    {
        AttentionScratch.Trim();
        Assert.Equal(0, AttentionScratch.PooledBytes);
        int bound = AttentionScratch.MaxPooledBuffers;
        nint small = 20_000, large = 80_000;
        RentAndReturnTogether([.. Enumerable.Repeat(small, bound + 5)]);
        long smallBytes = AttentionScratch.PooledBytes;
        Assert.InRange(smallBytes, bound * small * 4, 3L * bound * (small + AlignedMemory.SlackFloats) * 4);

        RentAndReturnTogether([.. Enumerable.Repeat(large, bound + 5)]);
        Assert.InRange(AttentionScratch.PooledBytes, bound * large * 4, long.MaxValue);
        long largeBytes = AttentionScratch.PooledBytes;
        RentAndReturnTogether([.. Enumerable.Repeat(small, bound + 5)]);
        Assert.Equal(largeBytes, AttentionScratch.PooledBytes);

        AttentionScratch.Trim();
        Assert.Equal(0, AttentionScratch.PooledBytes);
    }

    [Fact]
    public void Two_leases_never_share_a_buffer()
    {
        AttentionScratch.Trim();
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 16 }, index =>
        {
            using ScratchLease lease = ScratchLease.Rent(16 + index % 7);
            lease.Reference = index;
            for (int i = 0; i < 50; i++)
            {
                Thread.SpinWait(20);
                Assert.Equal(index, Volatile.Read(ref lease.Reference));
            }
        });
        Assert.InRange(AttentionScratch.PooledBytes, 1, AttentionScratch.MaxPooledBuffers * (long)(16384 + AlignedMemory.SlackFloats) * 4);
    }

    private static void RentAndReturn(nint floats)
    {
        using ScratchLease lease = ScratchLease.Rent(floats);
        lease.Reference = 1;
        Unsafe.Add(ref lease.Reference, floats - 1) = 1;
    }

    private static void RentAndReturnTogether(ReadOnlySpan<nint> sizes)
    {
        if (sizes.IsEmpty)
            return;
        using ScratchLease lease = ScratchLease.Rent(sizes[0]);
        RentAndReturnTogether(sizes[1..]);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref float MakeMarked(out WeakReference owner)
    {
        var memory = AlignedMemory.Allocate(10_000);
        owner = new WeakReference(memory.Owner);
        memory.Reference = 42;
        return ref memory.Reference;
    }
}
