using System.Diagnostics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// A place in the thread pool's queue for one helper of a <see cref="SharedWork"/>. It may be dequeued long after the work
/// has ended; then it finds itself cancelled and only goes back to its pool.
/// </summary>
internal sealed class WorkHelper : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Queued = 1;
    private const int Running = 2;
    private const int Cancelled = 3;
    private const int Finished = 4;

    /// <summary>The number of helpers of the process. If a busy thread pool leaves all of them in its queue, more would wait there too.</summary>
    private static readonly int Count = Math.Max(16, 4 * Environment.ProcessorCount);

    // Made with the class: a wait that blocks for the first time allocates nothing.
    private static readonly Action<SharedWork> Take = TakeFromPool;
    private static readonly Action<WorkHelper> Put = PutIntoPool;
    private static readonly Action<WorkHelper> End = Finish;
    private static readonly Action<WorkHelper> Block = BlockUntilFinished;

    private static readonly Lock PoolLock = new();
    private static WorkHelper? pool = CreateAll();

    private readonly object gate = new();
    private WorkHelper? nextInPool;
    private SharedWork? work;
    private int state;

    /// <summary>Puts a helper into the thread pool's queue. Tests replace it.</summary>
    internal static Action<WorkHelper> Queue { get; set; } = QueueInPool;

    /// <summary>A helper that will join the work once it is dequeued, or null where none is free.</summary>
    public static WorkHelper? Rent(SharedWork work)
    {
        // Helpers that were rented before may work already.
        Uninterrupted.Run(work, Take);
        WorkHelper? helper = work.NewHelper;
        if (helper is null)
            return null;
        helper.work = work;
        Volatile.Write(ref helper.state, Queued);
        return helper;
    }

    /// <summary>
    /// Asks the thread pool to run the helper. Never throws, because helpers that came before may already work in memory that the caller would then release.
    /// </summary>
    /// <returns>False if the thread pool threw, which it does where the machine has no memory or no thread for it.</returns>
    public bool Start()
    {
        try
        {
            Queue(this);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    internal static void QueueInPool(WorkHelper helper) => ThreadPool.UnsafeQueueUserWorkItem(helper, preferLocal: false);

    private static void TakeFromPool(SharedWork work)
    {
        lock (PoolLock)
        {
            WorkHelper? helper = work.NewHelper = pool;
            if (helper is not null)
            {
                pool = helper.nextInPool;
                helper.nextInPool = null;
            }
        }
    }

    private static WorkHelper? CreateAll()
    {
        WorkHelper? first = null;
        for (int i = 0; i < Count; i++)
            first = new() { nextInPool = first };
        return first;
    }

    /// <inheritdoc/>
    public void Execute()
    {
        if (Interlocked.CompareExchange(ref state, Running, Queued) != Queued)
        {
            // The call ended first. Only this thread still has a reference to the helper.
            Return();
            return;
        }

        try
        {
            work!.RunParts();
        }
        finally
        {
            Uninterrupted.Run(this, End);
        }
    }

    /// <summary>Cancels a helper that has not begun, or waits until a helper that has begun leaves the work.</summary>
    public void CancelOrJoin()
    {
        if (Interlocked.CompareExchange(ref state, Cancelled, Queued) == Queued)
            return;

        // All phases are over: a helper that began is about to leave.
        long until = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 50_000);
        while (Volatile.Read(ref state) != Finished && Stopwatch.GetTimestamp() < until)
            Thread.SpinWait(8);
        Uninterrupted.Run(this, Block);
        Return();
    }

    private void Return()
    {
        work = null;
        Volatile.Write(ref state, Idle);
        Uninterrupted.Run(this, Put);
    }

    private static void Finish(WorkHelper helper)
    {
        lock (helper.gate)
        {
            Volatile.Write(ref helper.state, Finished);
            Monitor.Pulse(helper.gate);
        }
    }

    private static void BlockUntilFinished(WorkHelper helper)
    {
        lock (helper.gate)
        {
            while (helper.state != Finished)
                Monitor.Wait(helper.gate);
        }
    }

    private static void PutIntoPool(WorkHelper helper)
    {
        lock (PoolLock)
        {
            helper.nextInPool = pool;
            pool = helper;
        }
    }
}
