using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttentionGen.Generator.Model;

/// <summary>
/// Simple names by which generated text calls what it uses, and what they mean. A type, namespace or member of the user's that has such a
/// name may hide it where the class stands; then the text has full names instead.
/// </summary>
internal static class FrameworkNames
{
    /// <summary>Simple name and full name of each type.</summary>
    public static readonly IReadOnlyDictionary<string, string> Types = new Dictionary<string, string>
    {
        ["ArgumentNullException"] = "System.ArgumentNullException",
        ["Math"] = "System.Math",
        ["NotSupportedException"] = "System.NotSupportedException",
        ["ReadOnlySpan"] = "System.ReadOnlySpan",
        ["Span"] = "System.Span",
        ["MethodImpl"] = "System.Runtime.CompilerServices.MethodImpl",
        ["MethodImplOptions"] = "System.Runtime.CompilerServices.MethodImplOptions",
        ["Unsafe"] = "System.Runtime.CompilerServices.Unsafe",
        ["MemoryMarshal"] = "System.Runtime.InteropServices.MemoryMarshal",
        ["Vector128"] = "System.Runtime.Intrinsics.Vector128",
        ["Vector256"] = "System.Runtime.Intrinsics.Vector256",
        ["Vector512"] = "System.Runtime.Intrinsics.Vector512",
    };

    /// <summary>Aliases, each followed by <c>::</c> in the text, and their namespaces.</summary>
    public static readonly IReadOnlyDictionary<string, string> Aliases = new Dictionary<string, string>
    {
        ["Library"] = "AttentionGen",
        ["Services"] = "AttentionGen.CompilerServices",
    };

    /// <summary>The names and, as an attribute has two, the one that is not written.</summary>
    private static readonly IReadOnlyList<string> Names = [.. Types.Keys, .. Aliases.Keys, "MethodImplAttribute"];

    /// <summary>Whether it is one of the names.</summary>
    public static bool Contains(string name) => Types.ContainsKey(name) || Aliases.ContainsKey(name);

    /// <summary>Whether one of the names may mean something else inside a class.</summary>
    public static bool AreHidden(INamedTypeSymbol type, Compilation compilation, CancellationToken cancellationToken)
    {
        for (INamedTypeSymbol? outer = type; outer is not null; outer = outer.ContainingType)
        {
            for (INamedTypeSymbol? level = outer; level is { SpecialType: not SpecialType.System_Object }; level = level.BaseType)
            {
                if (Names.Any(name => level.GetMembers(name).Any(member => compilation.IsSymbolAccessibleWithin(member, type))))
                    return true;
            }
        }

        // What a namespace itself holds comes before what is imported into it.
        INamespaceSymbol? space = compilation.GetCompilationNamespace(type.ContainingNamespace);
        return space is not null && Names.Any(name => space.GetMembers(name).Any(member => IsAnother(member, name, type, compilation)))
            || type.ContainingNamespace.IsGlobalNamespace && ImportsHideThem(type, compilation, cancellationToken);
    }

    /// <summary>Global imports stand where the text's own do only if the class is in no namespace.</summary>
    private static bool ImportsHideThem(INamedTypeSymbol type, Compilation compilation, CancellationToken cancellationToken)
    {
        foreach (SyntaxTree tree in compilation.SyntaxTrees)
        {
            foreach (UsingDirectiveSyntax import in ((CompilationUnitSyntax)tree.GetRoot(cancellationToken)).Usings)
            {
                if (!import.GlobalKeyword.IsKind(SyntaxKind.GlobalKeyword))
                    continue;
                if (import.Alias is { Name.Identifier.ValueText: var alias })
                {
                    if (Names.Contains(alias))
                        return true;
                }
                else if (import.NamespaceOrType is { } imported
                    && compilation.GetSemanticModel(tree).GetSymbolInfo(imported, cancellationToken).Symbol is INamespaceOrTypeSymbol space
                    && Names.Any(name => space.GetMembers(name).Any(member => member is not INamespaceSymbol && IsAnother(member, name, type, compilation))))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsAnother(ISymbol symbol, string name, INamedTypeSymbol type, Compilation compilation) =>
        (symbol is INamespaceSymbol || compilation.IsSymbolAccessibleWithin(symbol, type))
        && !(Types.TryGetValue(name, out string? meant) && symbol.ContainingNamespace?.ToDisplayString() + "." + symbol.Name == meant)
        && symbol is not INamedTypeSymbol { Name: "MethodImplAttribute", ContainingNamespace: { Name: "CompilerServices", ContainingNamespace.Name: "Runtime" } };
}
