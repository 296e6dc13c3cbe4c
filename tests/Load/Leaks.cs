using System.Diagnostics;
using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Load;

/// <summary>A million calls of many sizes, and what the process holds before and after.</summary>
internal static class Leaks
{
    private const int Rows = 24;

    public static bool Run(int count)
    {
        var kernel = new SmallAttention(AttentionWeights.Random(SmallAttention.Shape, 1));
        AttentionCache cache = kernel.CreateCache(64);
        float[] input = TestNumbers.Random(1, Rows * SmallAttention.DModel), output = new float[input.Length];
        // Everything is compiled, and every table grown, before the first count.
        Calls(kernel, cache, input, output, count / 4, new Random(2));
        Held before = Held.Now();
        var random = new Random(1);
        long start = Stopwatch.GetTimestamp();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Calls(kernel, cache, input, output, count, random);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        Held after = Held.Now();
        Console.WriteLine($"{count:N0} calls in {time.TotalSeconds:F1} s; {allocated:N0} bytes allocated; before {before}; after {after}");
        return allocated == 0 && after.IsNoMoreThan(before);
    }

    private static void Calls(SmallAttention kernel, AttentionCache cache, float[] input, float[] output, int count, Random random)
    {
        for (int call = 0; call < count; call++)
        {
            int rows = 1 + random.Next(random.Next(4) == 0 ? Rows : 3);
            Span<float> given = input.AsSpan(0, rows * SmallAttention.DModel), taken = output.AsSpan(0, given.Length);
            if (random.Next(2) == 0)
            {
                kernel.Forward(given, taken);
                continue;
            }

            if (rows > cache.Capacity - cache.Length)
                cache.Truncate(random.Next(cache.Length));
            if (rows <= cache.Capacity - cache.Length)
                kernel.Forward(given, taken, cache);
        }
    }

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
            return new(GC.GetTotalMemory(false), info.GenerationInfo[4].SizeAfterBytes, AttentionScratch.PooledBytes, process.WorkingSet64, CountHandles(process), process.Threads.Count);
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
