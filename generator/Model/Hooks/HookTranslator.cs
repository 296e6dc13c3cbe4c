using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AttentionGen.Generator.Model;

/// <summary>
/// Translates the body of a scalar hook into an expression that vectors compute with the same bits in every lane. What it does not know
/// stays a method that is called for each lane.
/// </summary>
internal sealed class HookTranslator
{
    /// <summary>Larger bodies are called, so that kernels stay within what the JIT optimises.</summary>
    private const int MaxOperations = 256;

    private readonly INamedTypeSymbol type;
    private readonly IMethodSymbol method;
    private readonly Dictionary<ILocalSymbol, (VectorExpression Value, int Operations)> locals = new(SymbolEqualityComparer.Default);
    private int operations;

    private HookTranslator(INamedTypeSymbol type, IMethodSymbol method)
    {
        this.type = type;
        this.method = method;
    }

    /// <summary>The value of the method, or null where it has to be called.</summary>
    public static VectorExpression? Translate(INamedTypeSymbol type, IMethodSymbol method, Compilation compilation, CancellationToken cancellationToken)
    {
        IMethodSymbol body = method.PartialImplementationPart ?? method;
        SyntaxNode? syntax = body.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellationToken);
        if (syntax is null || compilation.GetSemanticModel(syntax.SyntaxTree).GetOperation(syntax, cancellationToken) is not IMethodBodyOperation operation)
            return null;
        IBlockOperation? block = operation.ExpressionBody ?? operation.BlockBody;
        return block is null ? null : new HookTranslator(type, body).Block(block);
    }

    /// <summary>Locals with initial values, and a return.</summary>
    private VectorExpression? Block(IBlockOperation block)
    {
        foreach (IOperation statement in block.Operations)
        {
            if (statement is IReturnOperation { ReturnedValue: { } value })
                return Value(value, always: true);
            if (statement is not IVariableDeclarationGroupOperation group)
                return null;
            foreach (IVariableDeclaratorOperation declarator in group.Declarations.SelectMany(declaration => declaration.Declarators))
            {
                int before = operations;
                if (declarator.Symbol.RefKind != RefKind.None || declarator.GetVariableInitializer()?.Value is not { } initial
                    || Value(initial, always: true) is not { } expression)
                    return null;
                locals[declarator.Symbol] = (expression, operations - before);
            }
        }

        return null;
    }

    /// <param name="always">Whether the method evaluates this whatever its arguments are, so that an exception of it is one of the method's.</param>
    private VectorExpression? Value(IOperation operation, bool always)
    {
        if (Element(operation.Type) is not { } element || ++operations > MaxOperations)
            return null;
        if (operation.ConstantValue is { HasValue: true, Value: { } constant })
            return HookArithmetic.Constant(constant, element);
        return operation switch
        {
            IParenthesizedOperation parenthesized => Value(parenthesized.Operand, always),
            IParameterReferenceOperation parameter => Parameter(parameter.Parameter, element),
            ILocalReferenceOperation { IsDeclaration: false } local => Local(local.Local),
            IFieldReferenceOperation field =>
                IsOwn(field.Field) ? new VectorExpression.Field(ClassParser.Escape(field.Field.Name)) { Element = element } : null,
            IArrayElementReferenceOperation lookup => always ? Lookup(lookup, element) : null,
            IConversionOperation conversion => Conversion(conversion, element, always),
            IUnaryOperation unary => Unary(unary, always),
            IBinaryOperation binary => Binary(binary, element, always),
            IConditionalOperation conditional => Conditional(conditional, element, always),
            IInvocationOperation call => HookFunctions.Call(call, element, argument => Value(argument, always)),
            _ => null,
        };
    }

    private VectorExpression? Parameter(IParameterSymbol parameter, VectorElement element)
    {
        if (!SymbolEqualityComparer.Default.Equals(parameter.ContainingSymbol, method))
            return null;
        // A mask predicate has no score. The probability of a probability modifier takes its place.
        int ordinal = parameter.Ordinal + (method.Parameters.Length == 4 ? 0 : 1);
        return new VectorExpression.Parameter((HookParameter)ordinal) { Element = element };
    }

    /// <summary>A local counts as often as it is used, since its value is repeated in the tree.</summary>
    private VectorExpression? Local(ILocalSymbol local)
    {
        if (!locals.TryGetValue(local, out (VectorExpression Value, int Operations) known))
            return null;
        operations += known.Operations;
        return operations > MaxOperations ? null : known.Value;
    }

    /// <summary>An index that all lanes share; other tables are read by calls.</summary>
    private VectorExpression? Lookup(IArrayElementReferenceOperation lookup, VectorElement element)
    {
        if (lookup.ArrayReference is not IFieldReferenceOperation field || !IsOwn(field.Field) || lookup.Indices.Length != 1)
            return null;
        return Value(lookup.Indices[0], always: true) is { Element: VectorElement.Int, IsUniform: true } index
            ? new VectorExpression.Lookup(ClassParser.Escape(field.Field.Name), index) { Element = element }
            : null;
    }

    private VectorExpression? Conversion(IConversionOperation conversion, VectorElement element, bool always)
    {
        if (conversion.OperatorMethod is not null || Value(conversion.Operand, always) is not { } operand)
            return null;
        return (operand.Element, element) switch
        {
            (VectorElement.Int, VectorElement.Float) => HookArithmetic.Unary(VectorOperation.ConvertToSingle, operand, element),
            // Saturating, as vectors are; checked ones throw.
            (VectorElement.Float, VectorElement.Int) when !conversion.IsChecked => HookArithmetic.Unary(VectorOperation.ConvertToInt32, operand, element),
            _ => operand.Element == element ? operand : null,
        };
    }

    private VectorExpression? Unary(IUnaryOperation unary, bool always)
    {
        if (unary.OperatorMethod is not null || unary.IsLifted || Value(unary.Operand, always) is not { } operand)
            return null;
        return unary.OperatorKind switch
        {
            UnaryOperatorKind.Plus => operand,
            UnaryOperatorKind.Minus => HookArithmetic.Negate(operand, unary.IsChecked),
            UnaryOperatorKind.Not or UnaryOperatorKind.BitwiseNegation => HookArithmetic.Unary(VectorOperation.Complement, operand, operand.Element),
            _ => null,
        };
    }

    private VectorExpression? Binary(IBinaryOperation binary, VectorElement element, bool always)
    {
        bool shortCircuit = binary.OperatorKind is BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr;
        if (binary.OperatorMethod is not null || binary.IsLifted
            || Value(binary.LeftOperand, always) is not { } left || Value(binary.RightOperand, always && !shortCircuit) is not { } right)
            return null;
        return HookArithmetic.Binary(binary.OperatorKind, left, right, element, binary.IsChecked);
    }

    private VectorExpression? Conditional(IConditionalOperation conditional, VectorElement element, bool always)
    {
        if (conditional.IsRef || conditional.WhenFalse is null || Value(conditional.Condition, always) is not { } condition
            || Value(conditional.WhenTrue, always: false) is not { } whenTrue || Value(conditional.WhenFalse, always: false) is not { } whenFalse)
            return null;
        return new VectorExpression.Conditional(condition, whenTrue, whenFalse) { Element = element };
    }

    /// <summary>Values that never change: JIT and vectors may read them as often as they like.</summary>
    private bool IsOwn(IFieldSymbol field) =>
        field is { IsStatic: true, IsReadOnly: true, IsVolatile: false } && SymbolEqualityComparer.Default.Equals(field.ContainingType, type)
        && field.GetAttributes().All(attribute => attribute.AttributeClass?.Name != "ThreadStaticAttribute");

    private static VectorElement? Element(ITypeSymbol? type) => type?.SpecialType switch
    {
        SpecialType.System_Single => VectorElement.Float,
        SpecialType.System_Int32 => VectorElement.Int,
        SpecialType.System_Boolean => VectorElement.Bool,
        _ => null,
    };
}
