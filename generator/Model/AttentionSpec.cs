namespace AttentionGen.Generator.Model;

/// <summary>
/// A legal configuration with every default resolved: the class to extend, the shape, and what only the generator needs to know.
/// Immutable and equal by value: it is the key of the incremental cache and all that the plan and the emitters ever see.
/// </summary>
internal sealed partial record AttentionSpec
{
    /// <summary>The class to extend: namespace, nesting, accessibility.</summary>
    public required KernelClass Class { get; init; }

    /// <summary>What the kernel computes.</summary>
    public required AttentionShape Shape { get; init; }

    /// <summary>The Transformer layer around the attention, whose attention is <see cref="Shape"/>; null for an attention block alone.</summary>
    public TransformerLayerShape? Layer { get; init; }

    /// <summary>The user's score modifier, or null.</summary>
    public HookSpec? ScoreModifier { get; init; }

    /// <summary>The user's probability modifier, or null.</summary>
    public HookSpec? ProbabilityModifier { get; init; }

    /// <summary>The user's mask predicate, or null.</summary>
    public MaskPredicateSpec? MaskPredicate { get; init; }

    public Unrolling Unrolling { get; init; }

    /// <summary>Names of the vector targets that the project wants kernels for; empty for all.</summary>
    public EquatableArray<string> VectorTargets { get; init; }

    /// <summary>Whether the class gets forms of <c>Forward</c> that take tensors, because its project references them.</summary>
    public bool TakesTensors { get; init; }
}

/// <summary>A static method of the user's class that the kernel calls.</summary>
/// <param name="Name">Name, escaped where it is a keyword.</param>
/// <param name="IsVector">Whether it takes eight keys at once.</param>
/// <param name="VectorBody">For a scalar method whose body is one expression that vectors can compute: that expression, else null.</param>
internal sealed record HookSpec(string Name, bool IsVector, VectorExpression? VectorBody)
{
    /// <summary>Whether it is called for one key after the other, as vectors cannot compute it.</summary>
    public bool IsScalar => !IsVector && VectorBody is null;
}

/// <summary>The hooks of a class, each null where it has none.</summary>
internal sealed record HookSpecs(HookSpec? ScoreModifier, HookSpec? ProbabilityModifier, MaskPredicateSpec? MaskPredicate);

/// <summary>A mask predicate and, where it declares one, the method that gives the visible range.</summary>
internal sealed record MaskPredicateSpec(HookSpec Method, string? Range);
