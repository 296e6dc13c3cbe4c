namespace AttentionGen.Generator.Model;

/// <summary>
/// An expression of a user's scalar hook that vectors can compute lane by lane with the same bits: a tree of values that keeps nothing of Roslyn.
/// </summary>
internal abstract record VectorExpression
{
    /// <summary>What a lane holds.</summary>
    public required VectorElement Element { get; init; }

    /// <summary>Whether all lanes hold the same, as it depends neither on the score nor on the key.</summary>
    public abstract bool IsUniform { get; }

    /// <summary>A parameter of the hook.</summary>
    public sealed record Parameter(HookParameter Which) : VectorExpression
    {
        public override bool IsUniform => Which is HookParameter.Head or HookParameter.Query;
    }

    /// <summary>A literal or constant, as C# text.</summary>
    public sealed record Constant(string Text) : VectorExpression
    {
        public override bool IsUniform => true;
    }

    /// <summary>A static read-only field of the user's class.</summary>
    public sealed record Field(string Name) : VectorExpression
    {
        public override bool IsUniform => true;
    }

    /// <summary>An element of a static read-only array of the user's class.</summary>
    public sealed record Lookup(string Array, VectorExpression Index) : VectorExpression
    {
        public override bool IsUniform => Index.IsUniform;
    }

    public sealed record Unary(VectorOperation Operation, VectorExpression Operand) : VectorExpression
    {
        public override bool IsUniform => Operand.IsUniform;
    }

    public sealed record Binary(VectorOperation Operation, VectorExpression Left, VectorExpression Right) : VectorExpression
    {
        public override bool IsUniform => Left.IsUniform && Right.IsUniform;
    }

    /// <summary><c>condition ? whenTrue : whenFalse</c>.</summary>
    public sealed record Conditional(VectorExpression Condition, VectorExpression WhenTrue, VectorExpression WhenFalse) : VectorExpression
    {
        public override bool IsUniform => Condition.IsUniform && WhenTrue.IsUniform && WhenFalse.IsUniform;
    }
}

/// <summary>What a lane of a <see cref="VectorExpression"/> holds.</summary>
internal enum VectorElement
{
    Float,
    Int,

    /// <summary>All bits set or none.</summary>
    Bool,
}

/// <summary>Parameters of a hook, whatever the user calls them.</summary>
internal enum HookParameter
{
    Score,
    Head,
    Query,
    Key,
}

/// <summary>Operations whose vector form gives the bits of the scalar one in every lane.</summary>
internal enum VectorOperation
{
    Negate,
    Complement,
    Abs,
    Sqrt,
    Floor,
    Ceiling,
    Round,
    Truncate,
    ConvertToInt32,
    ConvertToSingle,
    Add,
    Subtract,
    Multiply,
    Divide,

    /// <summary>By 2ⁿ, rounding towards zero; the right side is the constant n.</summary>
    DivideByPowerOfTwo,

    /// <summary>Of a division by a constant, with the sign of the left side.</summary>
    Remainder,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
    ShiftRightUnsigned,
    Min,
    Max,

    /// <summary>The left side, or the right one where that is greater; keeps zeros' signs and NaN as Math.Clamp does.</summary>
    ClampLow,

    /// <summary>The left side, or the right one where that is less.</summary>
    ClampHigh,
    Equals,
    LessThan,
    LessThanOrEqual,
    GreaterThan,
    GreaterThanOrEqual,
}
