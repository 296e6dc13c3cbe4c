namespace AttentionGen.Generator.Model;

/// <summary>What a causal offset is without a cache; mirrors the runtime's enum of this name.</summary>
internal enum CausalAlignment
{
    TopLeft,
    BottomRight,
}

/// <summary>Which elements of a head are paired; mirrors the runtime's enum of this name.</summary>
internal enum RotaryKind
{
    None,
    HalfSplit,
    Interleaved,
}

/// <summary>How far loops are unrolled; mirrors the runtime's enum of this name.</summary>
internal enum Unrolling
{
    Auto,
    Full,
}

/// <summary>
/// A legal configuration with every default resolved. Immutable and equal by value: it is the key of the
/// incremental cache and all that the plan and the emitters ever see.
/// </summary>
internal sealed record AttentionSpec
{
    /// <summary>The class to extend: namespace, nesting, accessibility.</summary>
    public required TargetType Target { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int DModel { get; init; }

    /// <summary>Width of the rows that keys and values are projected from; <see cref="DModel"/> for self-attention.</summary>
    public required int MemoryDim { get; init; }

    public required bool IsCrossAttention { get; init; }

    public required bool QueryBias { get; init; }

    public required bool KeyBias { get; init; }

    public required bool ValueBias { get; init; }

    public required bool OutputBias { get; init; }

    public required bool Causal { get; init; }

    public required CausalAlignment CausalAlignment { get; init; }

    public required float Scale { get; init; }

    public required RotaryKind Rotary { get; init; }

    /// <summary>0 where <see cref="Rotary"/> is none.</summary>
    public required int RotaryDim { get; init; }

    public required double RotaryBase { get; init; }

    public required bool KeyLengths { get; init; }

    /// <summary>Query rows of a sequence, or 0 where they are free.</summary>
    public required int SequenceLength { get; init; }

    public required Unrolling Unrolling { get; init; }

    /// <summary>Whether there is a KV cache: causal self-attention of free length, or cross-attention that keeps its projected memory.</summary>
    public bool HasCache => IsCrossAttention || (Causal && SequenceLength == 0);

    /// <summary>Query heads that share one KV head.</summary>
    public int Group => Heads / KvHeads;

    public int QueryDim => Heads * HeadDim;

    public int KeyDim => KvHeads * HeadDim;
}
