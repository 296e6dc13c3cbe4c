namespace AttentionGen.Tests.Arm64;

/// <summary>
/// Two threads in one call. A predicate attends for every score, and who comes first waits for the other: a call that is to be
/// shared then has both at work, however late the second wakes.
/// </summary>
internal static class Meeting
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly ManualResetEventSlim BothCame = new();
    private static int first, second;
    private static bool expected;
    private static volatile bool waits;

    public static void Begin(int threads)
    {
        (first, second) = (0, 0);
        BothCame.Reset();
        waits = expected = threads > 1;
    }

    public static void Attend()
    {
        int self = Environment.CurrentManagedThreadId;
        if (!waits || self == second)
            return;
        int other = Interlocked.CompareExchange(ref first, self, 0);
        if (other == 0 || other == self)
        {
            // Where nobody comes, nobody is waited for again.
            waits = BothCame.IsSet || BothCame.Wait(Patience);
            return;
        }

        second = self;
        BothCame.Set();
    }

    /// <summary>Nobody is waited for from now on; false where the second thread did not come.</summary>
    public static bool End()
    {
        waits = false;
        return !expected || second != 0;
    }
}
