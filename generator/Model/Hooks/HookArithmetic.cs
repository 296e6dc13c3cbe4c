using System.Globalization;
using Microsoft.CodeAnalysis.Operations;

namespace AttentionGen.Generator.Model;

/// <summary>
/// Builds the operators of hooks. Vectors never throw, so whatever a scalar operator may refuse (overflow in checked code, division by zero)
/// is only built where ranges show that it cannot happen.
/// </summary>
internal static class HookArithmetic
{
    public static VectorExpression? Constant(object value, VectorElement element) => (value, element) switch
    {
        (float number, VectorElement.Float) => new VectorExpression.Constant(Text(number)) { Element = element },
        (int number, VectorElement.Int) => Int(number),
        (bool truth, VectorElement.Bool) => new VectorExpression.Constant(truth ? "true" : "false") { Element = element },
        _ => null,
    };

    public static VectorExpression Int(int value) => new VectorExpression.Constant(
        value == int.MinValue ? "int.MinValue" : value.ToString(CultureInfo.InvariantCulture)) { Element = VectorElement.Int };

    /// <summary>The value of an int or float constant.</summary>
    public static double Number(VectorExpression.Constant constant) => constant.Text switch
    {
        "int.MinValue" => int.MinValue,
        "float.NaN" => double.NaN,
        "float.PositiveInfinity" => double.PositiveInfinity,
        "float.NegativeInfinity" => double.NegativeInfinity,
        _ => double.Parse(constant.Text.TrimEnd('f'), CultureInfo.InvariantCulture),
    };

    public static VectorExpression Unary(VectorOperation operation, VectorExpression operand, VectorElement element) =>
        new VectorExpression.Unary(operation, operand) { Element = element };

    public static VectorExpression? Negate(VectorExpression operand, bool isChecked) =>
        operand.Element == VectorElement.Bool || (isChecked && operand.Element == VectorElement.Int && !IntRange.Of(operand).Negate().Fits)
            ? null
            : Unary(VectorOperation.Negate, operand, operand.Element);

    public static VectorExpression Make(VectorOperation operation, VectorExpression left, VectorExpression right, VectorElement element) =>
        new VectorExpression.Binary(operation, left, right) { Element = element };

    public static VectorExpression? Binary(BinaryOperatorKind kind, VectorExpression left, VectorExpression right, VectorElement element, bool isChecked)
    {
        bool shift = kind is BinaryOperatorKind.LeftShift or BinaryOperatorKind.RightShift or BinaryOperatorKind.UnsignedRightShift;
        if (left.Element != right.Element || (shift && right is not VectorExpression.Constant))
            return null;
        return (kind, left.Element) switch
        {
            (BinaryOperatorKind.Add, VectorElement.Float or VectorElement.Int) => Checked(Make(VectorOperation.Add, left, right, element), isChecked),
            (BinaryOperatorKind.Subtract, VectorElement.Float or VectorElement.Int) => Checked(Make(VectorOperation.Subtract, left, right, element), isChecked),
            (BinaryOperatorKind.Multiply, VectorElement.Float or VectorElement.Int) => Checked(Make(VectorOperation.Multiply, left, right, element), isChecked),
            (BinaryOperatorKind.Divide, VectorElement.Float) => Make(VectorOperation.Divide, left, right, element),
            (BinaryOperatorKind.Divide, VectorElement.Int) => Divide(left, right),
            (BinaryOperatorKind.Remainder, VectorElement.Int) => Remainder(left, right),
            (BinaryOperatorKind.And or BinaryOperatorKind.ConditionalAnd, VectorElement.Int or VectorElement.Bool) =>
                Make(VectorOperation.And, left, right, element),
            (BinaryOperatorKind.Or or BinaryOperatorKind.ConditionalOr, VectorElement.Int or VectorElement.Bool) =>
                Make(VectorOperation.Or, left, right, element),
            (BinaryOperatorKind.ExclusiveOr, VectorElement.Int or VectorElement.Bool) => Make(VectorOperation.Xor, left, right, element),
            (BinaryOperatorKind.LeftShift, VectorElement.Int) => Shift(VectorOperation.ShiftLeft, left, right),
            (BinaryOperatorKind.RightShift, VectorElement.Int) => Shift(VectorOperation.ShiftRight, left, right),
            (BinaryOperatorKind.UnsignedRightShift, VectorElement.Int) => Shift(VectorOperation.ShiftRightUnsigned, left, right),
            (BinaryOperatorKind.Equals, _) => Make(VectorOperation.Equals, left, right, element),
            (BinaryOperatorKind.NotEquals, _) => Unary(VectorOperation.Complement, Make(VectorOperation.Equals, left, right, element), element),
            (BinaryOperatorKind.LessThan, VectorElement.Float or VectorElement.Int) => Make(VectorOperation.LessThan, left, right, element),
            (BinaryOperatorKind.LessThanOrEqual, VectorElement.Float or VectorElement.Int) => Make(VectorOperation.LessThanOrEqual, left, right, element),
            (BinaryOperatorKind.GreaterThan, VectorElement.Float or VectorElement.Int) => Make(VectorOperation.GreaterThan, left, right, element),
            (BinaryOperatorKind.GreaterThanOrEqual, VectorElement.Float or VectorElement.Int) => Make(VectorOperation.GreaterThanOrEqual, left, right, element),
            _ => null,
        };
    }

    private static VectorExpression? Checked(VectorExpression result, bool isChecked) =>
        isChecked && result.Element == VectorElement.Int && !IntRange.Exact((VectorExpression.Binary)result).Fits ? null : result;

    /// <summary>By a positive constant, as anything else may throw; a power of two by shifts.</summary>
    private static VectorExpression? Divide(VectorExpression left, VectorExpression right)
    {
        if (Positive(right) is not { } divisor)
            return null;
        if ((divisor & (divisor - 1)) != 0)
            return Make(VectorOperation.Divide, left, right, VectorElement.Int);
        int bits = 0;
        while (1 << bits != divisor)
            bits++;
        return bits == 0
            ? left
            : Make(IntRange.Of(left).Min < 0 ? VectorOperation.DivideByPowerOfTwo : VectorOperation.ShiftRight, left, Int(bits), VectorElement.Int);
    }

    private static VectorExpression? Remainder(VectorExpression left, VectorExpression right)
    {
        if (Positive(right) is not { } divisor)
            return null;
        return (divisor & (divisor - 1)) == 0 && IntRange.Of(left).Min >= 0
            ? Make(VectorOperation.And, left, Int(divisor - 1), VectorElement.Int)
            : Make(VectorOperation.Remainder, left, right, VectorElement.Int);
    }

    /// <summary>C# takes the lowest five bits of the count.</summary>
    private static VectorExpression Shift(VectorOperation operation, VectorExpression left, VectorExpression count) =>
        Make(operation, left, Int((int)IntRange.Of(count).Min & 31), VectorElement.Int);

    private static int? Positive(VectorExpression expression) =>
        expression is VectorExpression.Constant && IntRange.Of(expression).Min is > 0 and var value ? (int)value : null;

    /// <summary>Shortest text that gives the same bits; a framework's own text for −0 loses the sign.</summary>
    private static string Text(float value)
    {
        if (float.IsNaN(value))
            return "float.NaN";
        if (float.IsInfinity(value))
            return value > 0 ? "float.PositiveInfinity" : "float.NegativeInfinity";
        return value == 0 ? (1 / value < 0 ? "-0f" : "0f") : value.ToString("G9", CultureInfo.InvariantCulture) + "f";
    }
}
