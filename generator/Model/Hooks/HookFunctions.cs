using System;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AttentionGen.Generator.Model;

/// <summary>Library functions of hooks whose vector form has the same bits. Exponentials, logarithms and the like do not.</summary>
internal static class HookFunctions
{
    /// <summary>A call, or null where vectors do not know it.</summary>
    public static VectorExpression? Call(IInvocationOperation call, VectorElement element, Func<IOperation, VectorExpression?> translate)
    {
        IMethodSymbol function = call.TargetMethod;
        if (!function.IsStatic || !IsMathematics(function.ContainingType) || element == VectorElement.Bool)
            return null;
        VectorExpression?[] arguments = call.Arguments.OrderBy(argument => argument.Parameter?.Ordinal).Select(argument => translate(argument.Value)).ToArray();
        if (arguments.Any(argument => argument?.Element != element))
            return null;
        return arguments.Length switch
        {
            1 => OfOne(function.Name, arguments[0]!),
            2 => OfTwo(function.Name, arguments[0]!, arguments[1]!),
            3 when function.Name == "Clamp" && arguments[1] is VectorExpression.Constant low && arguments[2] is VectorExpression.Constant high =>
                Clamp(arguments[0]!, low, high),
            _ => null,
        };
    }

    private static VectorExpression? OfOne(string name, VectorExpression x) => name switch
    {
        // The least int has no absolute value, and Math.Abs throws.
        "Abs" => x.Element == VectorElement.Int && !IntRange.Of(x).Negate().Fits ? null : HookArithmetic.Unary(VectorOperation.Abs, x, x.Element),
        "Sqrt" => Rounding(VectorOperation.Sqrt, x),
        "Floor" => Rounding(VectorOperation.Floor, x),
        "Ceiling" => Rounding(VectorOperation.Ceiling, x),
        "Round" => Rounding(VectorOperation.Round, x),
        "Truncate" => Rounding(VectorOperation.Truncate, x),
        _ => null,
    };

    private static VectorExpression? OfTwo(string name, VectorExpression x, VectorExpression y) => name switch
    {
        "Min" => HookArithmetic.Make(VectorOperation.Min, x, y, x.Element),
        "Max" => HookArithmetic.Make(VectorOperation.Max, x, y, x.Element),
        _ => null,
    };

    private static VectorExpression? Rounding(VectorOperation operation, VectorExpression operand) =>
        operand.Element == VectorElement.Float ? HookArithmetic.Unary(operation, operand, VectorElement.Float) : null;

    /// <summary>Between constants, as Math.Clamp throws where they are the wrong way round.</summary>
    private static VectorExpression? Clamp(VectorExpression x, VectorExpression.Constant low, VectorExpression.Constant high)
    {
        (VectorOperation raise, VectorOperation lower) = x.Element == VectorElement.Int
            ? (VectorOperation.Max, VectorOperation.Min)
            : (VectorOperation.ClampLow, VectorOperation.ClampHigh);
        return HookArithmetic.Number(low) <= HookArithmetic.Number(high)
            ? HookArithmetic.Make(lower, HookArithmetic.Make(raise, x, low, x.Element), high, x.Element)
            : null;
    }

    private static bool IsMathematics(INamedTypeSymbol type) =>
        type.SpecialType is SpecialType.System_Single or SpecialType.System_Int32
        || (type is { Name: "Math" or "MathF", ContainingType: null, ContainingNamespace: { Name: "System", ContainingNamespace.IsGlobalNamespace: true } });
}
