using System.Diagnostics;

namespace AttentionGen.CompilerServices;

/// <summary>How many threads of the pool work on one call.</summary>
internal static class KernelThreads
{
    /// <summary>
    /// Multiply-adds from which a second thread pays: about 120 µs of work with 512-bit vectors, 230 µs with 256-bit ones. Waking
    /// a pool thread costs the caller 1 to 2 µs, and the thread begins 3 to 8 µs later, or 40 to 150 µs after idling: below,
    /// a second thread came too late to help and took caches from the first.
    /// </summary>
    private const long WorthSharing = 12_000_000;

    /// <summary>
    /// The same after a pause. After 5 ms a second thread came so late, to a cold cache, that calls of 17 and 20 million took 1.1 times
    /// as long as alone; from 100 million on none took more than 1.04 times.
    /// </summary>
    private const long WorthWaking = 50_000_000;

    /// <summary>Ticks without a call after which threads count as asleep: a pool thread began within 3 µs after 0.2 ms, and after 100 to 125 µs after 1 ms.</summary>
    private static readonly long PauseTicks = Stopwatch.Frequency / 1000;

    private static long lastCall;

    /// <summary>
    /// Threads that every call gets if it asks for them, however small it is, however long after the last, and however few processors
    /// there are; 0 for what pays. For tests, which ask for threads to see them work.
    /// </summary>
    internal static int AlwaysAllowed { get; set; }

    /// <summary>Threads to use for a call, 1 where more would not pay. The time since the last call has a say, but none in the bits of the output.</summary>
    /// <param name="maxDegreeOfParallelism">What the caller allows; 0 means 1.</param>
    /// <param name="multiplyAdds">Multiply-adds of the call, counted eight times where each weight is read for one row only.</param>
    public static int Choose(int maxDegreeOfParallelism, long multiplyAdds)
    {
        if (AlwaysAllowed > 0)
            return Math.Clamp(maxDegreeOfParallelism, 1, AlwaysAllowed);
        if (maxDegreeOfParallelism <= 1 || multiplyAdds < WorthSharing)
            return 1;
        bool worthWaking = multiplyAdds >= WorthWaking || Stopwatch.GetTimestamp() - Volatile.Read(ref lastCall) < PauseTicks;
        if (worthWaking)
            return Math.Min(maxDegreeOfParallelism, Environment.ProcessorCount);
        // The next call, if it follows at once, finds this one.
        RecordCall();
        return 1;
    }

    internal static void RecordCall() => Volatile.Write(ref lastCall, Stopwatch.GetTimestamp());
}
