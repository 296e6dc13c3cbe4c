using System;
using System.Globalization;
using System.Linq;

namespace AttentionGen.Generator.Model;

/// <summary>Between which numbers an int of a hook lies. The runtime refuses sequences in which a position were ±2³⁰ or more.</summary>
internal readonly record struct IntRange(long Min, long Max)
{
    private const long MaxPosition = ShapeLimits.MaxHookLength;
    private const int MaxHead = ShapeLimits.MaxHeads - 1;

    private static readonly IntRange All = new(int.MinValue, int.MaxValue);

    /// <summary>Whether an int holds every number of the range.</summary>
    public bool Fits => Min >= int.MinValue && Max <= int.MaxValue;

    public IntRange Negate() => new(-Max, -Min);

    /// <summary>Of the value as it wraps around.</summary>
    public static IntRange Of(VectorExpression expression)
    {
        IntRange range = expression switch
        {
            VectorExpression.Constant { Text: "int.MinValue" } => new(int.MinValue, int.MinValue),
            VectorExpression.Constant constant => new(Parse(constant.Text), Parse(constant.Text)),
            VectorExpression.Parameter { Which: HookParameter.Head } => new(0, MaxHead),
            VectorExpression.Parameter { Which: HookParameter.Query } => new(-MaxPosition, MaxPosition),
            VectorExpression.Parameter => new(0, MaxPosition),
            VectorExpression.Unary { Operation: VectorOperation.Negate } unary => Of(unary.Operand).Negate(),
            VectorExpression.Unary { Operation: VectorOperation.Abs } unary => Of(unary.Operand).Abs(),
            VectorExpression.Binary binary => Exact(binary),
            VectorExpression.Conditional conditional => Union(Of(conditional.WhenTrue), Of(conditional.WhenFalse)),
            _ => All,
        };
        return range.Fits ? range : All;
    }

    /// <summary>Of the mathematical result, which an int may not hold.</summary>
    public static IntRange Exact(VectorExpression.Binary binary)
    {
        IntRange left = Of(binary.Left), right = Of(binary.Right);
        return binary.Operation switch
        {
            VectorOperation.Add => new(left.Min + right.Min, left.Max + right.Max),
            VectorOperation.Subtract => new(left.Min - right.Max, left.Max - right.Min),
            VectorOperation.Multiply => Hull(left.Min * right.Min, left.Min * right.Max, left.Max * right.Min, left.Max * right.Max),
            VectorOperation.Divide or VectorOperation.DivideByPowerOfTwo => new(Math.Min(left.Min, 0), Math.Max(left.Max, 0)),
            VectorOperation.Remainder => new(left.Min < 0 ? 1 - right.Max : 0, right.Max - 1),
            VectorOperation.Min => new(Math.Min(left.Min, right.Min), Math.Min(left.Max, right.Max)),
            VectorOperation.Max => new(Math.Max(left.Min, right.Min), Math.Max(left.Max, right.Max)),
            VectorOperation.And when left.Min >= 0 || right.Min >= 0 =>
                new(0, left.Min < 0 ? right.Max : right.Min < 0 ? left.Max : Math.Min(left.Max, right.Max)),
            VectorOperation.ShiftRight => new(left.Min >> (int)right.Min, left.Max >> (int)right.Min),
            _ => All,
        };
    }

    private IntRange Abs() => new(Min <= 0 && Max >= 0 ? 0 : Math.Min(Math.Abs(Min), Math.Abs(Max)), Math.Max(Math.Abs(Min), Math.Abs(Max)));

    private static IntRange Union(IntRange one, IntRange other) => new(Math.Min(one.Min, other.Min), Math.Max(one.Max, other.Max));

    private static IntRange Hull(params long[] values) => new(values.Min(), values.Max());

    private static long Parse(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
