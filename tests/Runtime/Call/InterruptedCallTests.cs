using AttentionGen.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>
/// An interrupt of the caller does not end a call that another thread still works on: that one writes memory which is pinned and leased until the caller
/// returns.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class InterruptedCallTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    /// <summary>The caller is interrupted while it waits for the part of the helper, once or twice.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_caller_waits_for_the_helper_and_stays_interrupted(int interrupts)
    {
        var parts = new TwoParts();
        bool isInterruptedAfterwards = false, hasEnded = false;
        Exception? thrown = null;
        var caller = new Thread(() =>
        {
            thrown = Record.Exception(
                () => SharedWork<TwoPartsWork>.Run(new TwoPartsWork { Parts = parts }, default(NoSpans), new WorkSchedule(2, 16, 16, 1, new WorkPhase(2, 1))));
            Volatile.Write(ref hasEnded, true);
            isInterruptedAfterwards = Record.Exception(() => Thread.Sleep(0)) is ThreadInterruptedException;
        });
        parts.Caller = caller;
        caller.Start();
        Assert.True(parts.Begun.Wait(Long, TestContext.Current.CancellationToken));
        for (int count = 0; count < interrupts; count++)
        {
            // Blocked, and not in its spins.
            Assert.True(SpinWait.SpinUntil(() => caller.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Long));
            caller.Interrupt();
        }

        Assert.False(caller.Join(200));
        Assert.False(Volatile.Read(ref hasEnded));
        parts.MayEnd.Set();
        Assert.True(caller.Join(Long));
        Assert.Null(thrown);
        Assert.True(isInterruptedAfterwards);
        Assert.Equal(2, parts.Done);
    }

    /// <summary>A part for the caller, which ends at once where the other one has begun, and one for a helper, which ends when it may.</summary>
    private sealed class TwoParts
    {
        private int done;

        public Thread? Caller { get; set; }

        public ManualResetEventSlim Begun { get; } = new();

        public ManualResetEventSlim MayEnd { get; } = new();

        public int Done => done;

        public void Run()
        {
            if (Thread.CurrentThread == Caller)
            {
                // The helper takes the other part, however late the pool starts it. Not a wait that an interrupt would end.
                while (!Begun.IsSet)
                    Thread.Yield();
            }
            else
            {
                Begun.Set();
                MayEnd.Wait(Long);
            }

            Interlocked.Increment(ref done);
        }
    }

    private struct TwoPartsWork : ISharedWork
    {
        public TwoParts Parts;

        public readonly void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own) => Parts.Run();
    }
}
