namespace AttentionGen.Generator.Model;

/// <summary>
/// A legal configuration of a block of latent attention with every default resolved. Immutable and equal by value: it is the key of the incremental cache.
/// </summary>
internal sealed record LatentSpec
{
    /// <summary>The class to extend: namespace, nesting, accessibility.</summary>
    public required KernelClass Class { get; init; }

    /// <summary>What is computed.</summary>
    public required LatentAttentionShape Shape { get; init; }

    public Unrolling Unrolling { get; init; }

    /// <summary>Names of the vector targets that the project wants kernels for; empty for all.</summary>
    public EquatableArray<string> VectorTargets { get; init; }
}
