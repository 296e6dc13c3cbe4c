using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;
using AttentionGen.Tests.Execution;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>When a call is shared, and that it is. Alone in the process: other calls would count as calls just before.</summary>
[Collection(nameof(Undisturbed))]
public sealed class KernelThreadsTests
{
    private const long Small = 20_000_000, Large = 500_000_000;

    [Fact]
    public void Small_calls_run_alone_after_a_pause()
    {
        int all = Math.Min(2, Environment.ProcessorCount);
        KernelThreads.AlwaysAllowed = 0;
        try
        {
            Thread.Sleep(20);
            Assert.Equal(1, KernelThreads.Choose(2, Small));
            // This thread may be put to sleep between two calls, though not every time.
            Assert.Contains(Enumerable.Range(0, 1000), _ => KernelThreads.Choose(2, Small) == all);
            Thread.Sleep(20);
            Assert.Equal(all, KernelThreads.Choose(2, Large));
            Assert.Equal(1, KernelThreads.Choose(1, Large));
            Assert.Equal(1, KernelThreads.Choose(2, 1));
            Assert.Equal(Environment.ProcessorCount, KernelThreads.Choose(int.MaxValue, Large));
        }
        finally
        {
            KernelThreads.AlwaysAllowed = SharedThreads.Most;
        }
    }

    /// <summary>Every thread that a call may have works on it at the same time as all others, in scratch of its own.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(SharedThreads.Most)]
    public void All_threads_meet_in_a_call(int threads)
    {
        Assert.Equal(threads, KernelThreads.Choose(threads, multiplyAdds: 1));
        using var meeting = new Barrier(threads);
        const int OwnFloats = 100, Phases = 3;
        var work = new MeetingWork { Meeting = meeting, Scratch = [] };
        SharedWork<MeetingWork>.Run(in work, default(NoSpans), new WorkSchedule(threads, 10, OwnFloats, Phases, new WorkPhase(threads, 1)));
        Assert.Equal(threads * Phases, work.Scratch.Count);
        nint[] scratch = [.. work.Scratch.Distinct().Order()];
        Assert.Equal(threads, scratch.Length);
        for (int worker = 1; worker < threads; worker++)
            Assert.InRange(scratch[worker] - scratch[worker - 1], OwnFloats * sizeof(float), int.MaxValue);
    }

    /// <summary>
    /// The first helper works, the second cannot be queued, or only says so: the caller must not release what the first one writes. It does all
    /// that no helper does.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_helper_that_cannot_be_started_ends_no_call(bool isQueuedAllTheSame)
    {
        int queued = 0;
        WorkHelper.Queue = helper =>
        {
            bool isFirst = Interlocked.Increment(ref queued) == 1;
            if (isFirst || isQueuedAllTheSame)
                WorkHelper.QueueInPool(helper);
            if (!isFirst)
                throw new OutOfMemoryException();
        };
        try
        {
            using var begun = new ManualResetEventSlim();
            var done = new StrongBox<int>();
            var work = new SlowWork { Caller = Environment.CurrentManagedThreadId, Begun = begun, Done = done };
            SharedWork<SlowWork>.Run(in work, default(NoSpans), new WorkSchedule(4, 16, 16, 2, new WorkPhase(4, 1)));
            Assert.Equal(8, done.Value);
            Assert.Equal(2, queued);
        }
        finally
        {
            WorkHelper.Queue = WorkHelper.QueueInPool;
        }

        All_threads_meet_in_a_call(SharedThreads.Most);
    }

    /// <summary>A part of the caller waits until a helper has begun one, which takes its time.</summary>
    private struct SlowWork : ISharedWork
    {
        public int Caller;
        public ManualResetEventSlim Begun;
        public StrongBox<int> Done;

        public readonly void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own)
        {
            if (Environment.CurrentManagedThreadId == Caller)
            {
                Assert.True(Begun.Wait(TimeSpan.FromSeconds(60)), "no helper came");
            }
            else
            {
                Begun.Set();
                Thread.Sleep(50);
            }

            Interlocked.Increment(ref Done.Value);
        }
    }

    /// <summary>A part ends when as many parts have begun as there are threads.</summary>
    private struct MeetingWork : ISharedWork
    {
        public Barrier Meeting;
        public ConcurrentBag<nint> Scratch;

        public readonly unsafe void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own)
        {
            Scratch.Add((nint)Unsafe.AsPointer(ref own));
            Assert.True(Meeting.SignalAndWait(TimeSpan.FromSeconds(60)), "not all threads came");
        }
    }
}
