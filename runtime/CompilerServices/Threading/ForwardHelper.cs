using System.Diagnostics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// A place in the thread pool's queue for one helper of a <see cref="ForwardWork"/>. It may be dequeued long after the call
/// has ended; then it finds itself cancelled and only goes back to its pool.
/// </summary>
internal sealed class ForwardHelper : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Queued = 1;
    private const int Running = 2;
    private const int Cancelled = 3;
    private const int Finished = 4;

    /// <summary>All there ever are: where a busy thread pool leaves them all in its queue, more would only wait there too.</summary>
    private static readonly int Count = Math.Max(16, 4 * Environment.ProcessorCount);

    private static readonly Lock PoolLock = new();
    private static ForwardHelper? pool = CreateAll();

    private readonly object gate = new();
    private ForwardHelper? nextInPool;
    private ForwardWork? work;
    private int state;

    /// <summary>A helper that will join the work once it is dequeued, or null where none is free.</summary>
    public static ForwardHelper? Rent(ForwardWork work)
    {
        ForwardHelper? helper;
        lock (PoolLock)
        {
            helper = pool;
            if (helper is null)
                return null;
            pool = helper.nextInPool;
            helper.nextInPool = null;
        }

        helper.work = work;
        Volatile.Write(ref helper.state, Queued);
        return helper;
    }

    private static ForwardHelper? CreateAll()
    {
        ForwardHelper? first = null;
        for (int i = 0; i < Count; i++)
            first = new() { nextInPool = first };
        return first;
    }

    /// <inheritdoc/>
    public void Execute()
    {
        if (Interlocked.CompareExchange(ref state, Running, Queued) != Queued)
        {
            // The call ended first; nobody but this thread knows the helper any more.
            Return();
            return;
        }

        try
        {
            work!.RunParts();
        }
        finally
        {
            lock (gate)
            {
                Volatile.Write(ref state, Finished);
                Monitor.Pulse(gate);
            }
        }
    }

    /// <summary>Keeps a helper that has not begun from beginning, or waits until one that has is out of the work.</summary>
    public void CancelOrJoin()
    {
        if (Interlocked.CompareExchange(ref state, Cancelled, Queued) == Queued)
            return;

        // All phases are over: a helper that began is about to leave.
        long until = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 50_000);
        while (Volatile.Read(ref state) != Finished && Stopwatch.GetTimestamp() < until)
            Thread.SpinWait(8);
        lock (gate)
        {
            while (state != Finished)
                Monitor.Wait(gate);
        }

        Return();
    }

    private void Return()
    {
        work = null;
        Volatile.Write(ref state, Idle);
        lock (PoolLock)
        {
            nextInPool = pool;
            pool = this;
        }
    }
}
