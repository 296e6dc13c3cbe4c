using System.Diagnostics;
using System.Runtime.InteropServices;
using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Load;

/// <summary>A million calls of many sizes, each of whose results is compared, bit for bit, and what the process holds before and after.</summary>
internal static class Leaks
{
    private const int Rows = 24;
    private const int Capacity = 64;

    public static bool Run(int count)
    {
        var kernel = new SmallAttention(AttentionWeights.Random(SmallAttention.Shape, 1));
        AttentionCache cache = kernel.CreateCache(Capacity);
        // A row sees those before it, so that one call tells what every part of the sequence gives.
        float[] input = TestNumbers.Random(1, Capacity * SmallAttention.DModel), expected = new float[input.Length], output = new float[input.Length];
        kernel.Forward(input, expected);
        // Everything is compiled, and every table grown, before the first count.
        int wrong = Calls(kernel, cache, input, expected, output, count / 4, new Random(2));
        Held before = Held.Now();
        var random = new Random(1);
        long start = Stopwatch.GetTimestamp();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        wrong += Calls(kernel, cache, input, expected, output, count, random);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        Held after = Held.Now();
        Console.WriteLine($"{count:N0} calls in {time.TotalSeconds:F1} s; {wrong} wrong; {allocated:N0} bytes allocated; before {before}; after {after}");
        return wrong == 0 && allocated == 0 && after.IsNoMoreThan(before);
    }

    /// <summary>Makes so many calls; how many gave other bits than they must.</summary>
    private static int Calls(SmallAttention kernel, AttentionCache cache, float[] input, float[] expected, float[] output, int count, Random random)
    {
        int wrong = 0;
        for (int call = 0; call < count; call++)
        {
            int rows = 1 + random.Next(random.Next(4) == 0 ? Rows : 3), first = 0;
            if (random.Next(2) == 0)
            {
                kernel.Forward(Part(input, 0, rows), Part(output, 0, rows));
            }
            else
            {
                if (rows > Capacity - cache.Length)
                    cache.Truncate(random.Next(Capacity - rows));
                first = cache.Length;
                kernel.Forward(Part(input, first, rows), Part(output, first, rows), cache);
            }

            if (!MemoryMarshal.AsBytes(Part(expected, first, rows)).SequenceEqual(MemoryMarshal.AsBytes(Part(output, first, rows))))
                wrong++;
        }

        return wrong;
    }

    private static Span<float> Part(float[] rows, int first, int count) => rows.AsSpan(first * SmallAttention.DModel, count * SmallAttention.DModel);

    /// <summary>What a process holds, after a full collection.</summary>
    private sealed record Held(long Managed, long Pinned, long Pooled, long Resident, int Handles, int Threads)
    {
        public static Held Now()
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            using var process = Process.GetCurrentProcess();
            // Generation 4 is the heap of pinned objects.
            GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.FullBlocking);
            return new(
                GC.GetTotalMemory(false),
                info.GenerationInfo[4].SizeAfterBytes,
                AttentionScratch.PooledBytes,
                process.WorkingSet64,
                CountHandles(process),
                process.Threads.Count);
        }

        // Room for what the runtime itself does now and then: a thread, a page table. A leak of one byte a call would be a million.
        public bool IsNoMoreThan(Held before) =>
            Managed <= before.Managed + 100_000 && Pinned <= before.Pinned + 100_000 && Pooled <= before.Pooled && Resident <= before.Resident + (16 << 20)
            && Handles <= before.Handles + 8 && Threads <= before.Threads + 4;

        public override string ToString() =>
            $"{Managed:N0} bytes managed, {Pinned:N0} pinned, {Pooled:N0} pooled, {Resident >> 20} MB resident, {Handles} handles, {Threads} threads";

        private static int CountHandles(Process process) =>
            Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Length : process.HandleCount;
    }
}
