using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>What the attention of one sequence reads beside queries, keys and values. What a class does not declare is not set.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct AttendContext
{
    /// <summary>Keys that are there and not masked by a length.</summary>
    public nint Visible;

    /// <summary>The position of row r is r + offset.</summary>
    public nint Offset;

    /// <summary>The first key that is not masked.</summary>
    public nint Start;

    /// <summary>Keys that every row sees.</summary>
    public nint Prefix;

    /// <summary>All keys of the sequence.</summary>
    public nint Keys;

    /// <summary>Keys that the masks have.</summary>
    public nint MaskLength;

    /// <summary>Query rows of the sequence.</summary>
    public nint Rows;

    /// <summary>The document of each key.</summary>
    public ref int Documents;

    /// <summary>The sequence's part of the boolean mask.</summary>
    public ref bool BooleanMask;

    /// <summary>The sequence's part of the additive mask.</summary>
    public ref float AdditiveMask;

    /// <summary>Floats of the distance biases of one head on each side of distance 0.</summary>
    public nint DistanceReach;

    /// <summary>The bias of distance 0 of the first head.</summary>
    public ref float DistanceBias;

    /// <summary>The sink's logit of each head.</summary>
    public ref float Sinks;

    /// <summary>One panel of keys for each KV head.</summary>
    public ref float AppendedKeys;

    /// <summary>Panels of 16 values for each KV head.</summary>
    public ref float AppendedValues;

    /// <summary>The sequence's part of the log-sum-exps.</summary>
    public ref float LogSumExp;

    /// <summary>The sequence's part of the probabilities.</summary>
    public ref float Probabilities;

    /// <summary>The sequence's part of the scores.</summary>
    public ref float Scores;
}
