namespace AttentionGen.CompilerServices;

/// <summary>What the gradients of one KV head of a sequence are computed in: scratch of a thread.</summary>
internal ref struct HeadGradients
{
    /// <summary>[keys of a block][HeadDim].</summary>
    public ref float Keys;

    /// <summary>[keys of a block][ValueHeadDim].</summary>
    public ref float Values;

    /// <summary>The values of a block in panels of keys, for the kernel of the scores.</summary>
    public ref float ValuesAsKeys;

    /// <summary>The keys of a block in panels of values, for the kernel of the values.</summary>
    public ref float KeysAsValues;

    /// <summary>[a query block][width in whole panels]: what that kernel gives.</summary>
    public ref float Heads;

    /// <summary>[keys of a block][HeadDim].</summary>
    public ref float KeyGradients;

    /// <summary>[keys of a block][ValueHeadDim].</summary>
    public ref float ValueGradients;

    /// <summary>[rows · group][ValueHeadDim]: gradients of the joined heads.</summary>
    public ref float Joined;

    /// <summary>[rows · group]: products of the joined heads and their gradients.</summary>
    public ref float Deltas;

    /// <summary>[rows · group][HeadDim].</summary>
    public ref float QueryGradients;

    /// <summary>[a run of rows][score stride].</summary>
    public ref float Probabilities;

    /// <summary>[a run of rows][score stride]: gradients of probabilities, then of scores.</summary>
    public ref float Scores;

    /// <summary>[a run of rows][score stride]: scores before the cap, where there is one.</summary>
    public ref float Uncapped;

    /// <summary>[group][rows + keys]: gradients of scores by the distance of key and row, where there are buckets.</summary>
    public ref float Distances;

    /// <summary>Scratch of a product.</summary>
    public ref float Product;

    /// <summary>Gradients of small tensors that this head adds to; see <see cref="SmallGradients"/>.</summary>
    public ref float Small;

    /// <summary>Rows of the sequence that are computed, times the group.</summary>
    public nint Rows;

    /// <summary>Floats of all of it.</summary>
    public nint Floats;
}
