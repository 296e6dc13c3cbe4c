using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>Where the gradients of one sequence come from and go to.</summary>
internal ref struct GradientTargets
{
    /// <summary>Gradients of the joined heads, which are given.</summary>
    public HeadsOfRows Joined;

    public HeadsOfRows Queries;

    public HeadsOfRows Keys;

    public HeadsOfRows Values;
}

/// <summary>The heads of some rows, in whatever layout.</summary>
/// <param name="start">The first row of head 0.</param>
/// <param name="headStride">Floats from a head to the next.</param>
/// <param name="rowStride">Floats from a row of a head to the next.</param>
internal readonly ref struct HeadsOfRows(ref float start, nint headStride, nint rowStride)
{
    private readonly ref float start = ref start;
    private readonly nint headStride = headStride;

    /// <summary>Floats from a row of a head to the next.</summary>
    public readonly nint Stride = rowStride;

    /// <summary>The first row of a head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref float Of(nint head) => ref Unsafe.Add(ref start, head * headStride);
}
