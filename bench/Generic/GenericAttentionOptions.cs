namespace AttentionGen.Generic;

/// <summary>Which elements of a head a rotary embedding pairs.</summary>
public enum GenericRotary
{
    /// <summary>No rotary embedding.</summary>
    None,

    /// <summary>Pairs (i, i + RotaryDim/2).</summary>
    HalfSplit,

    /// <summary>Pairs (2i, 2i + 1).</summary>
    Interleaved,
}

/// <summary>The shape of a <see cref="GenericAttention"/>, known at run time only.</summary>
public sealed record GenericAttentionOptions
{
    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of input and output rows.</summary>
    public required int DModel { get; init; }

    /// <summary>Number of key/value heads; 0 means <see cref="Heads"/>.</summary>
    public int KvHeads { get; init; }

    /// <summary>Width of one head; 0 means <see cref="DModel"/> / <see cref="Heads"/>.</summary>
    public int HeadDim { get; init; }

    /// <summary>Width of the memory rows of cross-attention; 0 means <see cref="DModel"/>.</summary>
    public int MemoryDim { get; init; }

    /// <summary>Whether query i sees key j only when <c>j &lt;= i + cached keys</c>.</summary>
    public bool Causal { get; init; }

    /// <summary>Factor of the scores; 0 means <c>1/√HeadDim</c>.</summary>
    public float Scale { get; init; }

    /// <summary>Rotary embedding of queries and keys.</summary>
    public GenericRotary Rotary { get; init; }

    /// <summary>Leading dimensions of a head that are rotated; 0 means all.</summary>
    public int RotaryDim { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public double RotaryBase { get; init; } = 10_000;

    /// <summary>Positions that the rotary table covers.</summary>
    public int MaxPositions { get; init; } = 2048;

    /// <summary>The same options with every default filled in.</summary>
    /// <exception cref="ArgumentException">A value is out of range, or one does not divide another.</exception>
    internal GenericAttentionOptions Resolve()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Heads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(DModel);
        ArgumentOutOfRangeException.ThrowIfNegative(KvHeads);
        ArgumentOutOfRangeException.ThrowIfNegative(HeadDim);
        ArgumentOutOfRangeException.ThrowIfNegative(MemoryDim);
        ArgumentOutOfRangeException.ThrowIfNegative(RotaryDim);
        ArgumentOutOfRangeException.ThrowIfNegative(Scale);
        int kvHeads = KvHeads == 0 ? Heads : KvHeads;
        if (Heads % kvHeads != 0)
            throw new ArgumentException($"Heads must be a multiple of KvHeads, but {Heads} is not a multiple of {kvHeads}.");
        if (HeadDim == 0 && DModel % Heads != 0)
            throw new ArgumentException($"DModel must be a multiple of Heads where HeadDim is not given, but {DModel} is not a multiple of {Heads}.");
        int headDim = HeadDim == 0 ? DModel / Heads : HeadDim;
        int rotaryDim = Rotary == GenericRotary.None ? 0 : RotaryDim == 0 ? headDim : RotaryDim;
        if (rotaryDim % 2 != 0 || rotaryDim > headDim)
            throw new ArgumentException($"RotaryDim must be even and at most HeadDim ({headDim}), but is {rotaryDim}.");
        return this with
        {
            KvHeads = kvHeads,
            HeadDim = headDim,
            MemoryDim = MemoryDim == 0 ? DModel : MemoryDim,
            Scale = Scale == 0 ? 1 / MathF.Sqrt(headDim) : Scale,
            RotaryDim = rotaryDim,
        };
    }
}
