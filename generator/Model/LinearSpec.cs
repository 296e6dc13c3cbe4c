namespace AttentionGen.Generator.Model;

/// <summary>
/// A legal configuration of one product with every default resolved: the class to extend and the shape. Immutable and equal by value: it is the key of
/// the incremental cache.
/// </summary>
internal sealed record LinearSpec
{
    /// <summary>The class to extend: namespace, nesting, accessibility.</summary>
    public required KernelClass Class { get; init; }

    /// <summary>What is computed.</summary>
    public required LinearShape Shape { get; init; }

    public Unrolling Unrolling { get; init; }

    /// <summary>Names of the vector targets that the project wants kernels for; empty for all.</summary>
    public EquatableArray<string> VectorTargets { get; init; }

    /// <summary>Whether the class gets forms of <c>Forward</c> that take tensors, because its project references them.</summary>
    public bool TakesTensors { get; init; }
}
