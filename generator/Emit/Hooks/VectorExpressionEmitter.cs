using System;
using System.Collections.Generic;
using System.Globalization;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes a vector expression as C#. What is used more than once gets a local.</summary>
/// <param name="prefix">Begins the names of its locals.</param>
internal sealed class VectorExpressionEmitter(
    CodeWriter writer, VectorTarget target, string type, string scores, string head, string query, string firstKey, string prefix)
{
    private readonly Dictionary<VectorExpression, int> uses = [];
    private readonly Dictionary<VectorExpression, string> names = [];

    /// <summary>Writes the locals, and gives what follows from them.</summary>
    /// <param name="nested">Whether a member access is applied to it.</param>
    public string Write(VectorExpression expression, bool nested)
    {
        Count(expression);
        return Text(expression, nested);
    }

    private void Count(VectorExpression expression)
    {
        uses[expression] = uses.TryGetValue(expression, out int count) ? count + 1 : 1;
        if (count > 0)
            return;
        switch (expression)
        {
            case VectorExpression.Unary unary:
                Count(unary.Operand);
                break;
            case VectorExpression.Binary binary:
                Count(binary.Left);
                if (binary.Operation is VectorOperation.DivideByPowerOfTwo or VectorOperation.Remainder
                    or VectorOperation.ClampLow or VectorOperation.ClampHigh)
                    Count(binary.Left);
                Count(binary.Right);
                break;
            case VectorExpression.Conditional conditional:
                Count(conditional.Condition);
                Count(conditional.WhenTrue);
                Count(conditional.WhenFalse);
                break;
            case VectorExpression.Lookup lookup:
                Count(lookup.Index);
                break;
        }
    }

    /// <param name="nested">Whether an operator or a member access is applied to it.</param>
    private string Text(VectorExpression expression, bool nested = true)
    {
        if (names.TryGetValue(expression, out string? known))
            return known;
        string text = Compute(expression);
        if (uses[expression] == 1 || expression is VectorExpression.Constant or VectorExpression.Parameter { Which: HookParameter.Score })
            return nested && IsOperator(expression) ? $"({text})" : text;
        string name = CodeWriter.Invariant($"{prefix}_{names.Count}");
        writer.Line($"{target.VectorType}<{(expression.Element == VectorElement.Float ? "float" : "int")}> {name} = {text};");
        names.Add(expression, name);
        return name;
    }

    private static bool IsOperator(VectorExpression expression) => expression switch
    {
        VectorExpression.Parameter { Which: HookParameter.Key } => true,
        VectorExpression.Unary unary => unary.Operation is VectorOperation.Negate or VectorOperation.Complement,
        VectorExpression.Binary binary => Sign(binary.Operation) is not null,
        _ => false,
    };

    private string Compute(VectorExpression expression) => expression switch
    {
        VectorExpression.Parameter { Which: HookParameter.Score } => scores,
        VectorExpression.Parameter { Which: HookParameter.Head } => $"{target.VectorType}.Create({head})",
        VectorExpression.Parameter { Which: HookParameter.Query } => $"{target.VectorType}.Create({query})",
        VectorExpression.Parameter => $"{target.VectorType}.Create({firstKey}) + {target.VectorType}<int>.Indices",
        VectorExpression.Constant { Element: VectorElement.Bool } constant => $"{target.VectorType}<int>.{(constant.Text == "true" ? "AllBitsSet" : "Zero")}",
        VectorExpression.Constant constant => $"{target.VectorType}.Create({constant.Text})",
        VectorExpression.Field { Element: VectorElement.Bool } field => $"{target.VectorType}.Create({type}.{field.Name} ? -1 : 0)",
        VectorExpression.Field field => $"{target.VectorType}.Create({type}.{field.Name})",
        VectorExpression.Lookup { Element: VectorElement.Bool } lookup => $"{target.VectorType}.Create({type}.{lookup.Array}[{Index(lookup.Index)}] ? -1 : 0)",
        VectorExpression.Lookup lookup => $"{target.VectorType}.Create({type}.{lookup.Array}[{Index(lookup.Index)}])",
        VectorExpression.Unary unary => Unary(unary),
        VectorExpression.Binary binary => Binary(binary),
        VectorExpression.Conditional conditional => Conditional(conditional),
        _ => throw new InvalidOperationException($"{expression} cannot be written."),
    };

    /// <summary>All lanes hold the same index, so the first will do.</summary>
    private string Index(VectorExpression index) => index switch
    {
        VectorExpression.Parameter { Which: HookParameter.Head } => head,
        VectorExpression.Parameter => query,
        VectorExpression.Constant constant => constant.Text,
        _ => $"{Text(index)}.ToScalar()",
    };

    private string Unary(VectorExpression.Unary unary)
    {
        string operand = Text(unary.Operand, nested: unary.Operation is VectorOperation.Negate or VectorOperation.Complement);
        return unary.Operation switch
        {
            VectorOperation.Negate => $"-{operand}",
            VectorOperation.Complement => $"~{operand}",
            _ => $"{target.VectorType}.{unary.Operation}({operand})",
        };
    }

    private string Binary(VectorExpression.Binary binary)
    {
        string left = Text(binary.Left, nested: IsOperator(binary));
        switch (binary.Operation)
        {
            case VectorOperation.ShiftLeft or VectorOperation.ShiftRight or VectorOperation.ShiftRightUnsigned:
                return $"{left} {Sign(binary.Operation)} {Literal(binary.Right)}";
            case VectorOperation.DivideByPowerOfTwo:
                // Negative numbers get 2ⁿ − 1 first, as C# rounds towards zero.
                int bits = int.Parse(Literal(binary.Right), CultureInfo.InvariantCulture);
                return $"({left} + (({left} >> 31) >>> {32 - bits})) >> {bits}";
        }

        string right = Text(binary.Right, nested: IsOperator(binary));
        string name = target.VectorType;
        return binary.Operation switch
        {
            VectorOperation.Remainder => $"{left} - (({left} / {right}) * {right})",
            VectorOperation.ClampLow => $"{name}.ConditionalSelect({name}.LessThan({left}, {right}), {right}, {left})",
            VectorOperation.ClampHigh => $"{name}.ConditionalSelect({name}.GreaterThan({left}, {right}), {right}, {left})",
            { } operation when Sign(operation) is { } sign => $"{left} {sign} {right}",
            _ when binary is { Element: VectorElement.Bool, Left.Element: VectorElement.Float } => $"{name}.{binary.Operation}({left}, {right}).AsInt32()",
            _ => $"{name}.{binary.Operation}({left}, {right})",
        };
    }

    private static string Literal(VectorExpression constant) => ((VectorExpression.Constant)constant).Text;

    /// <summary>The C# operator, or null where it is a method.</summary>
    private static string? Sign(VectorOperation operation) => operation switch
    {
        VectorOperation.Add => "+",
        VectorOperation.Subtract => "-",
        VectorOperation.Multiply => "*",
        VectorOperation.Divide => "/",
        VectorOperation.And => "&",
        VectorOperation.Or => "|",
        VectorOperation.Xor => "^",
        VectorOperation.ShiftLeft => "<<",
        VectorOperation.ShiftRight or VectorOperation.DivideByPowerOfTwo => ">>",
        VectorOperation.ShiftRightUnsigned => ">>>",
        VectorOperation.Remainder => "-",
        _ => null,
    };

    private string Conditional(VectorExpression.Conditional conditional)
    {
        string condition = conditional.Element == VectorElement.Float
            ? $"{Text(conditional.Condition)}.AsSingle()"
            : Text(conditional.Condition, nested: false);
        return $"{target.VectorType}.ConditionalSelect({condition}, {Text(conditional.WhenTrue, nested: false)}, {Text(conditional.WhenFalse, nested: false)})";
    }
}
