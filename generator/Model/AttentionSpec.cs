namespace AttentionGen.Generator.Model;

/// <summary>
/// A legal configuration with every default resolved. Immutable and equal by value: it is the key of the
/// incremental cache and all that the plan and the emitters ever see.
/// </summary>
internal sealed partial record AttentionSpec
{
    /// <summary>The class to extend: namespace, nesting, accessibility.</summary>
    public required TargetType Target { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    /// <summary>Width of one head of values and of what a head gives.</summary>
    public int ValueHeadDim
    {
        get => field == 0 ? HeadDim : field;
        init;
    }

    /// <summary>Whether the block projects; without projections queries, keys and values come in and heads go out.</summary>
    public bool HasProjections { get; init; } = true;

    public HeadLayout Layout { get; init; }

    /// <summary>0 without projections, as is <see cref="MemoryDim"/>.</summary>
    public required int DModel { get; init; }

    /// <summary>Width of the rows that keys and values are projected from; <see cref="DModel"/> for self-attention.</summary>
    public required int MemoryDim { get; init; }

    public required bool IsCrossAttention { get; init; }

    public required bool QueryBias { get; init; }

    public required bool KeyBias { get; init; }

    public required bool ValueBias { get; init; }

    public required bool OutputBias { get; init; }

    /// <summary>Query rows of a sequence, or 0 where they are free.</summary>
    public int SequenceLength { get; init; }

    public required Unrolling Unrolling { get; init; }

    /// <summary>Whether there is a KV cache: causal self-attention of free length, cross-attention that keeps its projected memory, or a core of free length.</summary>
    public bool HasCache => HasProjections ? IsCrossAttention || (Causal && SequenceLength == 0) : SequenceLength == 0;

    /// <summary>Query heads that share one KV head.</summary>
    public int Group => Heads / KvHeads;

    public int QueryDim => Heads * HeadDim;

    public int KeyDim => KvHeads * HeadDim;

    public int ValueDim => KvHeads * ValueHeadDim;

    /// <summary>Width of the joined heads.</summary>
    public int JoinedDim => Heads * ValueHeadDim;

    /// <summary>Floats of an input row.</summary>
    public int InputDim => HasProjections ? DModel : QueryDim;

    /// <summary>Floats of an output row.</summary>
    public int OutputDim => HasProjections ? DModel : JoinedDim;
}
