using System.Runtime.ExceptionServices;

namespace AttentionGen.CompilerServices;

/// <summary>A work whose state is <typeparamref name="TState"/>.</summary>
internal sealed class SharedWork<TState> : SharedWork
    where TState : struct, ISharedWork
{
    private static readonly Lock PoolLock = new();
    private static SharedWork<TState>? pool;

    private SharedWork<TState>? nextInPool;
    private TState state;
    private PinnedSpans spans;

    private SharedWork()
    {
    }

    /// <summary>Runs every part of a work and returns when all are done.</summary>
    /// <param name="state">What computes a part.</param>
    /// <param name="spans">The caller's spans that parts read and write.</param>
    /// <param name="schedule">How the work is cut.</param>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Run<TSpans>(in TState state, in TSpans spans, in WorkSchedule schedule)
        where TSpans : ISpanList, allows ref struct
    {
        // For every thread at once: whether one comes in time must not decide whether a call allocates.
        using ScratchLease scratch = ScratchLease.Rent(schedule.ScratchFloats);
        SharedWork<TState> work = Rent();
        work.state = state;
        work.RunPinned(in spans, 0, in schedule, scratch.Memory);
        KernelThreads.RecordCall();
        work.Return()?.Throw();
    }

    /// <inheritdoc/>
    protected override void RunPart(int phase, int part, ref float shared, ref float own) => state.RunPart(in spans, phase, part, ref shared, ref own);

    /// <summary>Pins one span after another, a frame for each, then runs the work.</summary>
    private unsafe void RunPinned<TSpans>(in TSpans list, int index, in WorkSchedule schedule, AlignedMemory scratch)
        where TSpans : ISpanList, allows ref struct
    {
        if (index == list.Count)
        {
            Start(in schedule, scratch);
            RunAsCaller();
            return;
        }

        fixed (byte* start = &list.Start(index, out int length))
        {
            spans[index] = new(start, length);
            RunPinned(in list, index + 1, in schedule, scratch);
        }
    }

    private static SharedWork<TState> Rent()
    {
        lock (PoolLock)
        {
            SharedWork<TState>? work = pool;
            if (work is null)
                return new();
            pool = work.nextInPool;
            work.nextInPool = null;
            return work;
        }
    }

    private ExceptionDispatchInfo? Return()
    {
        ExceptionDispatchInfo? thrown = Finish();
        (state, spans) = (default, default);
        lock (PoolLock)
        {
            nextInPool = pool;
            pool = this;
        }

        return thrown;
    }
}
