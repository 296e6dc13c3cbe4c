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
    /// The same for a call that follows another at once, so that the pool thread is still awake: 5 million, four heads of 32 with 64 rows, took 0.57 to 0.82
    /// of the time alone, best against best (Zen 5).
    /// </summary>
    private const long WorthSharingAwake = 4_000_000;

    /// <summary>
    /// The same after a pause. After 5 ms a second thread came so late, to a cold cache, that calls of 17 and 20 million took 1.1 times
    /// as long as alone; from 100 million on none took more than 1.04 times.
    /// </summary>
    private const long WorthWaking = 50_000_000;

    /// <summary>
    /// Ticks without a call after which threads count as asleep: a pool thread began within 3 µs after 0.2 ms, and after 100 to 125 µs after 1 ms.
    /// </summary>
    private static readonly long PauseTicks = Stopwatch.Frequency / 1000;

    /// <summary>
    /// Ticks without a call up to which threads count as awake. A call alone is noted when it begins, so this is more than 12 million multiply-adds take with
    /// vectors of 256 bits.
    /// </summary>
    private static readonly long AwakeTicks = Stopwatch.Frequency / 2500;

    private static long lastCall;

    /// <summary>
    /// The number of threads that a call may always have, whatever its size, the time since the last call, and the number of processors.
    /// 0 leaves the choice to <see cref="Choose"/>. Tests set it, so that small calls use threads too.
    /// </summary>
    internal static int AlwaysAllowed { get; set; }

    /// <summary>
    /// Chooses the number of threads for a call. Returns 1 if sharing the work would take longer than doing it alone. The choice depends on the time
    /// since the last call, so it may vary; the output bits do not depend on it.
    /// </summary>
    /// <param name="maxDegreeOfParallelism">The largest number that the caller allows; 0 means 1.</param>
    /// <param name="multiplyAdds">The multiply-adds of the call, counted eight times if each weight is read for a few rows only.</param>
    public static int Choose(int maxDegreeOfParallelism, long multiplyAdds)
    {
        if (AlwaysAllowed > 0)
            return Math.Clamp(maxDegreeOfParallelism, 1, AlwaysAllowed);
        if (maxDegreeOfParallelism <= 1 || multiplyAdds < WorthSharingAwake)
            return 1;
        long pause = multiplyAdds < WorthSharing ? AwakeTicks : PauseTicks;
        bool worthWaking = multiplyAdds >= WorthWaking || Stopwatch.GetTimestamp() - Volatile.Read(ref lastCall) < pause;
        if (worthWaking)
            return Math.Min(maxDegreeOfParallelism, Environment.ProcessorCount);
        // The next call, if it follows at once, finds this one.
        RecordCall();
        return 1;
    }

    /// <summary>The largest number of threads that a call of any size gets.</summary>
    /// <param name="maxDegreeOfParallelism">The largest number that the caller allows; 0 means 1.</param>
    public static int Possible(int maxDegreeOfParallelism) =>
        Math.Clamp(maxDegreeOfParallelism, 1, AlwaysAllowed > 0 ? AlwaysAllowed : Environment.ProcessorCount);

    internal static void RecordCall() => Volatile.Write(ref lastCall, Stopwatch.GetTimestamp());
}
