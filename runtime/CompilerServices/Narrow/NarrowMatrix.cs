using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>Some columns of a narrow matrix, for one call of a product: where its groups lie, and what comes out.</summary>
internal ref struct NarrowColumns
{
    /// <summary>The first group.</summary>
    public ref byte Groups;

    /// <summary>Bytes from a group to the next.</summary>
    public nint GroupBytes;

    /// <summary>Inputs of each column.</summary>
    public int Inputs;

    /// <summary>
    /// Whether <see cref="FiniteFloat16Widening{T}"/> serves all halves: no weight or scale is an infinity or NaN, and no scale is subnormal. Processors
    /// multiply subnormal numbers slowly: blocks with such scales took 1.9 times as long (Zen 5).
    /// </summary>
    public bool HasPlainHalves;

    /// <summary>Panels of 16 columns; the last group may have fewer than four.</summary>
    public nint Panels;

    /// <summary>The bias of the first column.</summary>
    public ref float Bias;

    /// <summary>The scale of the first column, where a column has one scale.</summary>
    public ref float Scales;

    /// <summary>The sum of the weights of the first column, where a column has one scale.</summary>
    public ref float WeightSums;

    /// <summary>Groups, the last one included.</summary>
    public readonly nint Groups64
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Panels + NarrowLayout.GroupPanels - 1) / NarrowLayout.GroupPanels;
    }

    /// <summary>Columns of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly nint Width(nint group) => PanelLayout.PanelWidth * nint.Min(NarrowLayout.GroupPanels, Panels - (group * NarrowLayout.GroupPanels));

    /// <summary>A group's first byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ref byte Group(nint group) => ref Unsafe.Add(ref Groups, group * GroupBytes);
}
