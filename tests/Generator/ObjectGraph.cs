using System.Reflection;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Tests.Generator;

/// <summary>Walks everything that a value refers to.</summary>
internal static class ObjectGraph
{
    private static readonly Type[] Banned =
    [
        typeof(ISymbol), typeof(Compilation), typeof(SemanticModel), typeof(SyntaxNode), typeof(SyntaxTree),
        typeof(SyntaxReference), typeof(Location), typeof(Diagnostic), typeof(AttributeData), typeof(SyntaxToken), typeof(TypedConstant),
    ];

    /// <summary>The first object of the compiler's that would keep a whole compilation alive, or null.</summary>
    public static object? FindRoslynObject(object? root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var open = new Stack<object?>([root]);
        while (open.TryPop(out object? value))
        {
            if (value is null || value is string || value.GetType().IsPrimitive || value.GetType().IsEnum || !seen.Add(value))
                continue;
            if (Banned.Any(type => type.IsAssignableFrom(value.GetType())))
                return value;
            if (value is Array array)
            {
                foreach (object? item in array)
                    open.Push(item);
                continue;
            }

            for (Type? type = value.GetType(); type is not null; type = type.BaseType)
            {
                foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    if (!field.FieldType.IsPointer)
                        open.Push(field.GetValue(value));
                }
            }
        }

        return null;
    }
}
