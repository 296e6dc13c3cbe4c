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

    /// <summary>What its attention reads beside them, where rows have ranges of their own.</summary>
    public AttendContext Context;
}
