using System;

#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

public sealed partial record AttentionShape
{
    /// <summary>Whether query i sees key j only if <c>j &lt;= i + offset</c>.</summary>
    public bool Causal { get; init; }

    /// <summary>The offset in a call without a cache.</summary>
    public CausalAlignment CausalAlignment { get; init; }

    /// <summary>Whether each sequence has its own key length.</summary>
    public bool KeyLengths { get; init; }

    /// <summary>Whether each sequence has its own first key.</summary>
    public bool KeyStarts { get; init; }

    /// <summary>The number of keys before its own position that a query sees, or −1 for all.</summary>
    public int WindowLeft { get; init; } = -1;

    /// <summary>The number of keys after its own position that a query sees, or −1 for all.</summary>
    public int WindowRight { get; init; } = -1;

    /// <summary>Whether each sequence has a prefix that every query sees.</summary>
    public bool PrefixLengths { get; init; }

    /// <summary>The number of positions in a chunk of block-local attention, or 0 for none.</summary>
    public int ChunkSize { get; init; }

    /// <summary>Whether a sequence packs several documents.</summary>
    public bool Documents { get; init; }

    /// <summary>Axes of the boolean mask.</summary>
    public MaskAxes BooleanMask { get; init; }

    /// <summary>Axes of the additive mask.</summary>
    public MaskAxes AdditiveMask { get; init; }

    /// <summary>Whether calls say how many keys their masks have; the others are masked.</summary>
    public bool MaskLength { get; init; }

    /// <summary>Whether the class has a mask predicate.</summary>
    public bool HasMaskPredicate { get; init; }

    /// <summary>Whether a score modifier, a probability modifier or a mask predicate is called.</summary>
    internal bool CallsHooks => HasScoreModifier || HasProbabilityModifier || HasMaskPredicate;

    /// <summary>Whether sequences follow each other without padding.</summary>
    public bool Ragged { get; init; }

    /// <summary>Whether rows beyond a sequence's own length are neither read nor computed.</summary>
    public bool SkipPadding { get; init; }

    /// <summary>
    /// The largest number of keys before its position that a row of a cached call can see, or −1 if a row may see all. With a limit, a cache holds
    /// only this many keys, and the keys of the rows that a step appends.
    /// </summary>
    public int CacheWindow
    {
        get
        {
            // A prefix is seen from everywhere, and probabilities and scores are given for all keys.
            if (!HasCache || IsCrossAttention || !Causal || PrefixLengths || (Outputs & ~AttentionOutputs.LogSumExp) != 0)
                return -1;
            int chunk = ChunkSize > 0 ? ChunkSize - 1 : -1;
            return WindowLeft < 0 ? chunk : chunk < 0 ? WindowLeft : Math.Min(WindowLeft, chunk);
        }
    }
}
