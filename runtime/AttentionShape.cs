namespace AttentionGen;

/// <summary>What an attention kernel computes, with every default resolved: the run-time image of <see cref="AttentionConfigAttribute"/>.</summary>
public sealed record AttentionShape
{
    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads; divides <see cref="Heads"/>. Query head h reads KV head <c>h / (Heads/KvHeads)</c>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of input and output rows.</summary>
    public required int DModel { get; init; }

    /// <summary>Width of the rows that keys and values are projected from: <see cref="DModel"/> for self-attention.</summary>
    public required int MemoryDim { get; init; }

    /// <summary>Whether keys and values come from a memory of their own.</summary>
    public bool IsCrossAttention { get; init; }

    /// <summary>Whether the query projection adds a bias.</summary>
    public bool QueryBias { get; init; } = true;

    /// <summary>Whether the key projection adds a bias.</summary>
    public bool KeyBias { get; init; } = true;

    /// <summary>Whether the value projection adds a bias.</summary>
    public bool ValueBias { get; init; } = true;

    /// <summary>Whether the output projection adds a bias.</summary>
    public bool OutputBias { get; init; } = true;

    /// <summary>Whether query i sees key j only when <c>j &lt;= i + offset</c>.</summary>
    public bool Causal { get; init; }

    /// <summary>What the causal offset is without a cache.</summary>
    public CausalAlignment CausalAlignment { get; init; }

    /// <summary>Factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>Rotary position embedding of queries and keys.</summary>
    public RotaryKind Rotary { get; init; }

    /// <summary>How many leading dimensions of a head are rotated; 0 where <see cref="Rotary"/> is <see cref="RotaryKind.None"/>.</summary>
    public int RotaryDim { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public double RotaryBase { get; init; } = 10_000;

    /// <summary>Whether each sequence has its own key length.</summary>
    public bool KeyLengths { get; init; }

    /// <summary>Number of query rows of a sequence, or 0 where it is free.</summary>
    public int SequenceLength { get; init; }

    /// <summary>Whether the kernel has a KV cache: causal self-attention of free length, or cross-attention that remembers its projected memory.</summary>
    public bool HasCache => IsCrossAttention || (Causal && SequenceLength == 0);

    /// <summary>Width of the projected queries, <c>Heads · HeadDim</c>.</summary>
    public int QueryDim => Heads * HeadDim;

    /// <summary>Width of the projected keys, and of the projected values: <c>KvHeads · HeadDim</c>.</summary>
    public int KeyDim => KvHeads * HeadDim;
}
