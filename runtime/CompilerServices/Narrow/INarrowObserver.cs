namespace AttentionGen.CompilerServices;

/// <summary>Which product of a class.</summary>
internal enum ProductRole
{
    /// <summary>Queries, or gates of heads, of the input.</summary>
    Input,

    /// <summary>Keys and values.</summary>
    Memory,

    /// <summary>Values of an input of their own.</summary>
    ValueInput,

    /// <summary>The output of the joined heads.</summary>
    Output,

    /// <summary>The first products of a feed-forward network.</summary>
    Up,

    /// <summary>Its last product.</summary>
    Down,

    /// <summary>The product of a class that has no other.</summary>
    Single,
}

/// <summary>Is told when a product of narrow weights begins and ends: these products are no kernels of a class, and are measured here.</summary>
internal interface INarrowObserver
{
    /// <summary>A product begins.</summary>
    void Begin();

    /// <summary>It ends.</summary>
    /// <param name="role">Which product.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="panels">Panels of 16 columns.</param>
    /// <param name="weights">The matrix.</param>
    void End(ProductRole role, nint rows, nint panels, PackedMatrix weights);
}
