using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>Axes of tensors whose lengths a call tells. An axis of a fixed length is that length, so these are negative.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TensorAxis
{
    /// <summary>Sequences.</summary>
    public const int Batch = -1;

    /// <summary>Query rows.</summary>
    public const int Rows = -2;

    /// <summary>Keys that a mask tells of, cached ones among them.</summary>
    public const int Keys = -3;

    /// <summary>Keys that the caller gives to a kernel without projections.</summary>
    public const int NewKeys = -4;

    /// <summary>Rows of a memory.</summary>
    public const int MemoryRows = -5;

    /// <summary>Keys of a mask that may have fewer than there are.</summary>
    public const int MaskLength = -6;

    /// <summary>Lines of tables of cosines and sines.</summary>
    public const int Positions = -7;

    internal static string Name(int axis) => axis switch
    {
        Batch => "batch",
        Rows => "rows",
        Keys or NewKeys => "keys",
        MemoryRows => "memory rows",
        MaskLength => "maskLength",
        Positions => "positions",
        _ => throw new ArgumentOutOfRangeException(nameof(axis), axis, $"axis is {axis}; expected {Positions} to {Batch}."),
    };
}
