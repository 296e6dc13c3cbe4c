namespace AttentionGen.Generator.Model;

/// <summary>
/// An expression of a user's scalar hook that vectors can compute lane by lane with the same bits: a tree of values that keeps nothing of Roslyn.
/// </summary>
internal abstract record VectorExpression
{
    /// <summary>What a lane holds.</summary>
    public required VectorElement Element { get; init; }

    /// <summary>A parameter of the hook: <c>score</c>, <c>head</c>, <c>query</c> or <c>key</c>.</summary>
    public sealed record Parameter(string Name) : VectorExpression;

    /// <summary>A literal or constant, as C# text.</summary>
    public sealed record Constant(string Text) : VectorExpression;

    /// <summary>A unary operator or a call of one argument, such as <c>-</c>, <c>!</c>, <c>Abs</c> or a conversion.</summary>
    public sealed record Unary(string Operation, VectorExpression Operand) : VectorExpression;

    /// <summary>A binary operator or a call of two arguments, such as <c>+</c>, <c>&lt;=</c>, <c>Min</c>.</summary>
    public sealed record Binary(string Operation, VectorExpression Left, VectorExpression Right) : VectorExpression;

    /// <summary><c>condition ? whenTrue : whenFalse</c>.</summary>
    public sealed record Conditional(VectorExpression Condition, VectorExpression WhenTrue, VectorExpression WhenFalse) : VectorExpression;
}

/// <summary>What a lane of a <see cref="VectorExpression"/> holds.</summary>
internal enum VectorElement
{
    Float,
    Int,
    Bool,
}
