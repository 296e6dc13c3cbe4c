namespace AttentionGen.CompilerServices;

/// <summary>Where the gradients of a call lie in the scratch that all threads share. Without projections the heads' own are the caller's.</summary>
/// <param name="shape">What the kernel computes.</param>
/// <param name="rows">Rows of all sequences.</param>
/// <param name="keys">Keys of all sequences.</param>
/// <param name="sequences">Sequences.</param>
internal readonly struct BackwardLayout(AttentionShape shape, nint rows, nint keys, nint sequences)
{
    /// <summary>Rows of all sequences.</summary>
    public nint Rows { get; } = rows;

    /// <summary>Keys of all sequences.</summary>
    public nint Keys { get; } = keys;

    /// <summary>[rows, Heads · ValueHeadDim]: gradients of the joined heads.</summary>
    public static nint JoinedGradients => 0;

    /// <summary>[rows, Heads · HeadDim].</summary>
    public nint QueryGradients { get; } = shape.HasProjections ? rows * shape.JoinedDim : 0;

    /// <summary>[keys, KvHeads · HeadDim].</summary>
    public nint KeyGradients => QueryGradients + (shape.HasProjections ? Rows * shape.QueryDim : 0);

    /// <summary>[keys, KvHeads · ValueHeadDim].</summary>
    public nint ValueGradients => KeyGradients + (shape.HasProjections ? Keys * shape.KeyDim : 0);

    /// <summary>[sequences][KvHeads]: see <see cref="CompilerServices.SmallGradients"/>.</summary>
    public nint SmallGradients => ValueGradients + (shape.HasProjections ? Keys * shape.ValueDim : 0);

    /// <summary>Floats in all.</summary>
    public nint Floats => SmallGradients + (sequences * shape.KvHeads * new SmallGradients(shape).Floats);
}
