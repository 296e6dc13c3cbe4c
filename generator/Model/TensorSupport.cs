using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttentionGen.Generator.Model;

/// <summary>Whether classes of a project get forms of <c>Forward</c> that take tensors. The generator itself knows the types of tensors by name only.</summary>
internal static class TensorSupport
{
    /// <summary>The namespace of the types, with its assembly's name.</summary>
    public const string Namespace = "System.Numerics.Tensors";

    private const string Stack = "AttentionGen.TransformerStack";

    /// <summary>
    /// Whether the project sees the types, and its language has what keeps arrays and spans on the forms that take spans: priorities of overloads. Before
    /// version 10 the types were experimental, which is an error where generated text names them.
    /// </summary>
    public static bool IsAvailable(Compilation compilation) =>
        compilation is CSharpCompilation { LanguageVersion: >= LanguageVersion.CSharp13 }
        && IsUsable($"{Namespace}.TensorSpan`1", compilation)
        && IsUsable($"{Namespace}.ReadOnlyTensorSpan`1", compilation);

    /// <summary>The alias under which a project sees stacks of layers, null where they do not take tensors.</summary>
    public static string? RuntimeOfStacks(Compilation compilation)
    {
        if (!IsAvailable(compilation))
            return null;
        ImmutableArray<INamedTypeSymbol> stacks = compilation.GetTypesByMetadataName(Stack);
        return stacks.Length == 1 ? RuntimeAlias.Of(stacks[0], compilation) : null;
    }

    private static bool IsUsable(string name, Compilation compilation) =>
        compilation.GetTypeByMetadataName(name) is { DeclaredAccessibility: Accessibility.Public } type
        && RuntimeAlias.Of(type, compilation) == RuntimeAlias.Global
        && !IsExperimental(type) && !IsExperimental(type.ContainingModule) && !IsExperimental(type.ContainingAssembly);

    private static bool IsExperimental(ISymbol symbol) => symbol.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "ExperimentalAttribute");
}
