using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace AttentionGen.CompilerServices;

/// <summary>A work that threads can share: a state that computes a part by its number.</summary>
internal interface ISharedWork
{
    /// <summary>Computes one part.</summary>
    /// <param name="spans">The caller's spans, pinned.</param>
    /// <param name="phase">The phase; every part of the phases before is done.</param>
    /// <param name="part">The part of the phase.</param>
    /// <param name="shared">Scratch of the whole work.</param>
    /// <param name="own">Scratch of this thread.</param>
    void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own);
}

/// <summary>
/// One work that several threads share. A thread claims a part by raising a counter. A thread that finds no part left in a phase waits only for parts that
/// another thread has begun, so a full thread pool delays no call and cannot deadlock. Objects are reused.
/// </summary>
internal abstract class SharedWork
{
    /// <summary>The time that a wait spins before it blocks: spinning until a part ends is often cheaper than a wake-up.</summary>
    private static readonly long SpinTicks = Stopwatch.Frequency / 50_000;

    // Made with the class: a wait that blocks for the first time allocates nothing.
    private static readonly Action<object> Pulse = PulseAll;
    private static readonly Action<SharedWork> OpenFirst = OpenAfterFirst;
    private static readonly Action<(SharedWork Work, int Phase)> Block = BlockUntilOver;

    private static readonly ExceptionDispatchInfo NoMemory = ExceptionDispatchInfo.Capture(new OutOfMemoryException());

    private readonly object gate = new();
    private WorkHelper[] helpers = [];
    private int helperCount;
    private AlignedMemory? scratch;
    private WorkSchedule schedule;

    // Phase in the upper half, claimed parts in the lower: one exchange claims a part of the right phase or none.
    private long claims;
    private int done;
    private int waiters;
    private int entered;
    private ExceptionDispatchInfo? failure;

    /// <summary>Where a helper comes out of its pool.</summary>
    internal WorkHelper? NewHelper { get; set; }

    /// <summary>Computes one part.</summary>
    protected abstract void RunPart(int phase, int part, ref float shared, ref float own);

    /// <summary>Opens the first phase and asks the thread pool for helpers.</summary>
    protected void Start(in WorkSchedule schedule, AlignedMemory scratch)
    {
        this.scratch = scratch;
        this.schedule = schedule;
        failure = null;
        done = 0;
        waiters = 0;
        entered = 0;
        Volatile.Write(ref claims, 0);

        int wanted = schedule.Workers - 1;
        if (helpers.Length < wanted)
            helpers = new WorkHelper[wanted];
        for (helperCount = 0; helperCount < wanted && WorkHelper.Rent(this) is { } helper; helperCount++)
        {
            helpers[helperCount] = helper;
            if (helper.Start())
                continue;
            // It may be in the queue or not, so it is cancelled like one that did not come in time. The work needs no helper.
            helperCount++;
            return;
        }
    }

    /// <summary>Lets the caller work like a helper, and then waits until every helper has left.</summary>
    protected void RunAsCaller()
    {
        RunParts();
        for (int i = 0; i < helperCount; i++)
            helpers[i].CancelOrJoin();
    }

    /// <summary>Clears the work, and returns its failure for the caller.</summary>
    protected ExceptionDispatchInfo? Finish()
    {
        ExceptionDispatchInfo? thrown = failure;
        Array.Clear(helpers);
        (scratch, failure, NewHelper) = (null, null, null);
        return thrown;
    }

    /// <summary>
    /// Claims and computes parts until every phase is done. Never throws, not even if the thread is interrupted, because other threads still read and
    /// write the caller's memory: the caller is told at the end.
    /// </summary>
    public void RunParts()
    {
        // Each thread gets its own scratch. The scratch limits the number of threads.
        int worker = Interlocked.Increment(ref entered) - 1;
        ref float shared = ref scratch!.Reference;
        ref float own = ref Unsafe.Add(ref shared, schedule.OwnStart(worker));
        for (int phase = 0; phase < schedule.Phases; phase++)
        {
            int parts = schedule[phase].Parts;
            for (int part = Claim(phase, parts); part >= 0; part = Claim(phase, parts))
            {
                try
                {
                    // After a failure the remaining parts are counted, but not computed.
                    if (Volatile.Read(ref failure) is null)
                        RunPart(phase, part, ref shared, ref own);
                }
                catch (Exception e)
                {
                    Fail(e);
                }

                CountDone(phase, parts);
            }

            WaitFor(phase);
        }
    }

    private void Fail(Exception e) => Interlocked.CompareExchange(ref failure, Capture(e), null);

    /// <summary>A thread that cannot note its failure for want of memory must not leave: its part would never be counted.</summary>
    private static ExceptionDispatchInfo Capture(Exception e)
    {
        try
        {
            return ExceptionDispatchInfo.Capture(e);
        }
        catch (OutOfMemoryException)
        {
            return NoMemory;
        }
    }

    private static long Claimable(int phase) => (long)phase << 32;

    /// <summary>Returns the next part of the phase, or −1 if none is left or the phase is over.</summary>
    private int Claim(int phase, int parts)
    {
        while (true)
        {
            long present = Volatile.Read(ref claims);
            int claimed = (int)present;
            if (present >> 32 != phase || claimed >= parts)
                return -1;
            if (Interlocked.CompareExchange(ref claims, present + 1, present) == present)
                return claimed;
        }
    }

    /// <summary>Counts a finished part. The thread that finishes the last part of a phase opens the next phase that has parts.</summary>
    private void CountDone(int phase, int parts)
    {
        if (Interlocked.Increment(ref done) == parts)
            OpenAfter(phase);
    }

    private void OpenAfter(int phase)
    {
        int next = phase + 1;
        while (next < schedule.Phases && schedule[next].Parts == 0)
            next++;
        done = 0;
        Interlocked.Exchange(ref claims, Claimable(next));
        if (Volatile.Read(ref waiters) > 0)
            Uninterrupted.Run(gate, Pulse);
    }

    private bool IsOver(int phase) => Volatile.Read(ref claims) >> 32 > phase;

    private void WaitFor(int phase)
    {
        if (phase == 0 && schedule[0].Parts == 0 && !IsOver(0))
        {
            // No thread finishes a part of an empty first phase, so the first thread opens the next phase.
            Uninterrupted.Run(this, OpenFirst);
        }

        long until = Stopwatch.GetTimestamp() + SpinTicks;
        while (!IsOver(phase))
        {
            if (Stopwatch.GetTimestamp() < until)
            {
                Thread.SpinWait(8);
                continue;
            }

            Uninterrupted.Run((this, phase), Block);
        }
    }

    private static void PulseAll(object gate)
    {
        lock (gate)
            Monitor.PulseAll(gate);
    }

    private static void OpenAfterFirst(SharedWork work)
    {
        lock (work.gate)
        {
            if (!work.IsOver(0))
                work.OpenAfter(0);
        }
    }

    private static void BlockUntilOver((SharedWork Work, int Phase) wait)
    {
        lock (wait.Work.gate)
        {
            Interlocked.Increment(ref wait.Work.waiters);
            try
            {
                while (!wait.Work.IsOver(wait.Phase))
                    Monitor.Wait(wait.Work.gate);
            }
            finally
            {
                Interlocked.Decrement(ref wait.Work.waiters);
            }
        }
    }
}
