namespace AttentionGen.Generator.Model;

// Which keys a query sees.
internal sealed partial record AttentionSpec
{
    public bool Causal { get; init; }

    public CausalAlignment CausalAlignment { get; init; }

    public bool KeyLengths { get; init; }

    public bool KeyStarts { get; init; }

    /// <summary>−1 where it is open, as is <see cref="WindowRight"/>.</summary>
    public int WindowLeft { get; init; } = -1;

    public int WindowRight { get; init; } = -1;

    public bool PrefixLengths { get; init; }

    /// <summary>0 for no chunks.</summary>
    public int ChunkSize { get; init; }

    public bool Documents { get; init; }

    public MaskAxes BooleanMask { get; init; }

    public MaskAxes AdditiveMask { get; init; }

    /// <summary>How many of the two masks are given to a call.</summary>
    public int DeclaredMasks => (BooleanMask != MaskAxes.None ? 1 : 0) + (AdditiveMask != MaskAxes.None ? 1 : 0);

    /// <summary>The user's mask predicate, or null.</summary>
    public MaskPredicateSpec? MaskPredicate { get; init; }

    public bool Ragged { get; init; }

    public bool SkipPadding { get; init; }

    /// <summary>Whether a rule other than causality and key lengths bounds the keys of a row, so that each row has a first key of its own.</summary>
    public bool HasRanges =>
        KeyStarts || WindowLeft >= 0 || WindowRight >= 0 || PrefixLengths || ChunkSize > 0 || Documents || MaskPredicate?.Range is not null;

    /// <summary>Whether a key between a row's first and last may be masked.</summary>
    public bool MasksInside =>
        DeclaredMasks > 0 || MaskPredicate is not null || ScoreModifier is not null;

    /// <summary>Whether the rows of a block may see different keys, so that a NaN of the output may come from a key that its row does not see.</summary>
    public bool MasksKeys => Causal || HasRanges || MasksInside;

    /// <summary>Whether the attention of a sequence needs more than its visible keys and a causal offset: each row then has a range of keys of its own.</summary>
    public bool UsesContext => HasRanges || ModifiesScores || Sinks || AppendedKeys > 0 || Outputs != AttentionOutputs.None;

    /// <summary>Keys before its position that a row of a cached call can see at most, or −1 where it may see all: a cache then holds only so many.</summary>
    public int CacheWindow
    {
        get
        {
            if (!HasCache || IsCrossAttention || !Causal || PrefixLengths || (Outputs & ~AttentionOutputs.LogSumExp) != 0)
                return -1;
            int chunk = ChunkSize > 0 ? ChunkSize - 1 : -1;
            return WindowLeft < 0 ? chunk : chunk < 0 ? WindowLeft : System.Math.Min(WindowLeft, chunk);
        }
    }
}

/// <summary>A static method of the user's class that the kernel calls.</summary>
/// <param name="Name">Name, escaped where it is a keyword.</param>
/// <param name="IsVector">Whether it takes eight keys at once.</param>
/// <param name="VectorBody">For a scalar method whose body is one expression that vectors can compute: that expression, else null.</param>
internal sealed record HookSpec(string Name, bool IsVector, VectorExpression? VectorBody);

/// <summary>A mask predicate and, where it declares one, the method that gives the visible range.</summary>
internal sealed record MaskPredicateSpec(HookSpec Method, string? Range);
