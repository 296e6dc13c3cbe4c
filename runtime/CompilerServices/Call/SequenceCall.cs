namespace AttentionGen.CompilerServices;

/// <summary>One sequence of a call: the argument of every step of the path.</summary>
internal ref struct SequenceCall
{
    /// <summary>What the kernel object keeps.</summary>
    public PackedWeights Weights;

    /// <summary>The checked arguments: of the call, or where the batch is ragged of the sequence alone.</summary>
    public AttentionArguments Arguments;

    /// <summary>Their sizes.</summary>
    public ForwardDimensions Dimensions;

    /// <summary>Which sequence of <see cref="Arguments"/> it is.</summary>
    public nint Index;

    /// <summary>Where its keys and values lie.</summary>
    public KeyValuePanels Panels;

    /// <summary>The memory rows that come with the call, for the cross-attention of a layer; empty where a cache holds them projected.</summary>
    public ReadOnlySpan<float> MemoryRows;

    /// <summary>Where the keys and values of the memory lie.</summary>
    public KeyValuePanels MemoryPanels;

    /// <summary>Memory rows that are seen.</summary>
    public nint MemoryKeys;

    /// <summary>Where what the gradients need is kept; null references where nothing is.</summary>
    public SavedSequence Saved;

    /// <summary>What its attention reads beside them, where rows have ranges of their own.</summary>
    public AttendContext Context;
}
