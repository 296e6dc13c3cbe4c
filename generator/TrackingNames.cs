namespace AttentionGen.Generator;

/// <summary>Names of the pipeline's steps, by which tests look at the incremental cache.</summary>
internal static class TrackingNames
{
    /// <summary>What the parser made of each annotated class, null where it is invalid.</summary>
    public const string Parsed = nameof(Parsed);

    /// <summary>The legal specs.</summary>
    public const string Specs = nameof(Specs);

    /// <summary>Whether the project references the types of tensors.</summary>
    public const string Tensors = nameof(Tensors);
}
