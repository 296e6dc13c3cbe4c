using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>How the parts of a call are cut for several threads. The bits of the output do not depend on it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum ForwardPartition
{
    /// <summary>A part is a whole sequence.</summary>
    Sequences,

    /// <summary>For each sequence, parts are row chunks: first of keys and values, then of queries.</summary>
    Rows,

    /// <summary>For each sequence, parts are columns of the projections, then heads, then columns of the output: for few rows.</summary>
    Columns,
}

/// <summary>The parts of one call: phases one after another, the parts of a phase in any order.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct ForwardSchedule
{
    /// <summary>What a part is.</summary>
    public required ForwardPartition Partition { get; init; }

    /// <summary>Threads that may work, the caller included; 2 or more.</summary>
    public required int Threads { get; init; }

    /// <summary>Phases that repeat for each sequence, or for each chunk of its rows, 1 to 3.</summary>
    public required int Cycle { get; init; }

    /// <summary>Phases of a sequence: a whole number of cycles; set only where there may be more than one.</summary>
    public int SequencePhases { get; init; }

    /// <summary>Phases in all.</summary>
    public required int Phases { get; init; }

    /// <summary>Parts of the first phase of a cycle.</summary>
    public required int FirstParts { get; init; }

    /// <summary>Parts of the second phase of a cycle.</summary>
    public int SecondParts { get; init; }

    /// <summary>Parts of the third phase of a cycle.</summary>
    public int ThirdParts { get; init; }

    /// <summary>Rows of a part of the first phase, where parts are rows; panels of a part, where they are columns.</summary>
    public nint Step { get; init; }

    /// <summary>Rows of a part of the second phase, where parts are rows.</summary>
    public nint SecondStep { get; init; }

    /// <summary>Floats of scratch that all threads share.</summary>
    public required nint SharedFloats { get; init; }

    /// <summary>Floats of scratch that each thread needs for itself.</summary>
    public required nint OwnFloats { get; init; }

    /// <summary>Parts of a phase.</summary>
    internal int Parts(int phase) => (phase % Cycle) switch { 0 => FirstParts, 1 => SecondParts, _ => ThirdParts };

    /// <summary>Threads that work at most: more than the largest phase has parts would have nothing to do.</summary>
    internal int Workers => Math.Clamp(Math.Max(FirstParts, Math.Max(SecondParts, ThirdParts)), 1, Threads);

    /// <summary>Floats of scratch for the whole call.</summary>
    internal nint ScratchFloats => OwnStart(Workers);

    /// <summary>Where the scratch of a thread begins, behind that of the call: an odd number of cache lines apart, so that no two threads' slices share cache sets.</summary>
    internal nint OwnStart(int worker) => OddLines(SharedFloats) + (worker * OddLines(OwnFloats));

    private static nint OddLines(nint floats) => 16 * (((floats + 15) / 16) | 1);
}

/// <summary>What a kernel whose calls several threads may share lets them do.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IForwardParts
{
    /// <summary>Computes one part.</summary>
    /// <param name="arguments">The checked arguments of the call.</param>
    /// <param name="dimensions">Its sizes.</param>
    /// <param name="schedule">How it is cut.</param>
    /// <param name="phase">0 to <see cref="ForwardSchedule.Phases"/> − 1; every part of the phases before is done.</param>
    /// <param name="part">The part of the phase.</param>
    /// <param name="shared">Scratch of the whole call.</param>
    /// <param name="own">Scratch of this thread.</param>
    void RunPart(in AttentionArguments arguments, in ForwardDimensions dimensions, in ForwardSchedule schedule, int phase, int part, ref float shared, ref float own);
}
