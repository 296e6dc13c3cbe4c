using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>One phase of a work that threads share; the next begins when all parts are done.</summary>
/// <param name="Parts">Parts, done in any order by any thread.</param>
/// <param name="Step">The size of a part, in the unit of the work. The last part may be smaller.</param>
internal readonly record struct WorkPhase(int Parts, int Step);

/// <summary>A cycle of phases, the number of its repeats, and the scratch of the threads. A schedule does not depend on what is computed.</summary>
internal readonly struct WorkSchedule
{
    private readonly Cycle cycle;
    private readonly int length;

    /// <summary>A schedule.</summary>
    /// <param name="threads">Threads that may work, the caller included.</param>
    /// <param name="sharedFloats">Floats of scratch that all threads share.</param>
    /// <param name="ownFloats">Floats of scratch that each thread needs for itself.</param>
    /// <param name="repeats">How often the cycle repeats.</param>
    /// <param name="phases">The phases of the cycle, at most ten.</param>
    public WorkSchedule(int threads, nint sharedFloats, nint ownFloats, int repeats, params ReadOnlySpan<WorkPhase> phases)
    {
        length = phases.Length;
        int most = 1;
        for (int phase = 0; phase < length; phase++)
        {
            cycle[phase] = phases[phase];
            most = Math.Max(most, phases[phase].Parts);
        }

        SharedFloats = sharedFloats;
        OwnFloats = ownFloats;
        Phases = length * repeats;
        Workers = Math.Min(most, threads);
    }

    /// <summary>Phases in all.</summary>
    public int Phases { get; }

    /// <summary>The largest number of threads: the number of parts of the largest phase, if fewer threads are not asked for.</summary>
    public int Workers { get; }

    /// <summary>Floats of scratch that all threads share.</summary>
    public nint SharedFloats { get; }

    /// <summary>Floats of scratch that each thread needs for itself.</summary>
    public nint OwnFloats { get; }

    /// <summary>Floats of scratch for the whole work.</summary>
    public nint ScratchFloats => OwnStart(Workers);

    /// <summary>A phase of the work.</summary>
    public WorkPhase this[int phase] => cycle[phase % length];

    /// <summary>
    /// Where the scratch of a thread begins, behind that of the work: an odd number of cache lines apart, so that no two threads' slices share cache
    /// sets.
    /// </summary>
    public nint OwnStart(int worker) => OddLines(SharedFloats) + (worker * OddLines(OwnFloats));

    private static nint OddLines(nint floats) => 16 * (((floats + 15) / 16) | 1);

    [InlineArray(10)]
    private struct Cycle
    {
        private WorkPhase first;
    }
}
