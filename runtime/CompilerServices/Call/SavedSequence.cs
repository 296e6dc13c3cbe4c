namespace AttentionGen.CompilerServices;

/// <summary>Where one sequence of a call keeps what the gradients need beside its panels of keys and values.</summary>
internal ref struct SavedSequence
{
    /// <summary>What is dropped of the probabilities.</summary>
    public Dropout Dropout;

    /// <summary>The number of the sequence in its batch.</summary>
    public int Sequence;

    /// <summary>The first row of the sequence, counted over the batch.</summary>
    public nint FirstRow;

    /// <summary>[KvHeads][rows · group][HeadDim]: queries as the scores read them, times the factor of the scores.</summary>
    public ref float Queries;

    /// <summary>[rows, Heads · ValueHeadDim].</summary>
    public ref float Joined;

    /// <summary>[KvHeads][rows · group]: the largest score of each row, in the unit of the softmax.</summary>
    public ref float Maxima;

    /// <summary>[KvHeads][rows · group]: the sum of the powers above the maximum; 0 where a row sees no key.</summary>
    public ref float Sums;

    /// <summary>[rows, Heads · HeadDim]: projected queries before their normalisation, where there is one.</summary>
    public ref float QueryHeads;

    /// <summary>[keys, KvHeads · HeadDim]: projected keys before their normalisation, where there is one.</summary>
    public ref float KeyHeads;
}
