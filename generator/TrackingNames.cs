namespace AttentionGen.Generator;

/// <summary>Names of the pipeline's steps, by which tests look at the incremental cache.</summary>
internal static class TrackingNames
{
    /// <summary>What the parser made of each annotated class, null where it is invalid.</summary>
    public const string Parsed = nameof(Parsed);

    /// <summary>The legal specs.</summary>
    public const string Specs = nameof(Specs);

    /// <summary>The files of each class.</summary>
    public const string Files = nameof(Files);

    /// <summary>The files that classes share.</summary>
    public const string Products = nameof(Products);

    /// <summary>Whether the project references the types of tensors.</summary>
    public const string Tensors = nameof(Tensors);
}
