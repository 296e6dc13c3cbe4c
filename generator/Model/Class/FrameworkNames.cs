using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>
/// Simple names by which generated text calls what it uses, and what they mean. A type, namespace or member of the user's that has such a
/// name may hide it where the class stands; then the text has full names instead.
/// </summary>
internal static class FrameworkNames
{
    /// <summary>No keyword: a type of that name comes first, wherever the class sees it. The text imports nothing that would come before.</summary>
    private const string NativeInteger = "nint";

    /// <summary>The same of the word that stands for the type of a local.</summary>
    private const string Var = "var";

    /// <summary>Simple name and full name of each type.</summary>
    public static readonly IReadOnlyDictionary<string, string> Types = new Dictionary<string, string>
    {
        ["ArgumentNullException"] = "System.ArgumentNullException",
        ["Math"] = "System.Math",
        [NativeInteger] = "System.IntPtr",
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
    private static readonly IReadOnlyList<string> Names = [.. Types.Keys, .. Aliases.Keys, "MethodImplAttribute", Var];

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
            || AreVisibleFromAfar(type, compilation, cancellationToken);
    }

    /// <summary>
    /// Types of outer namespaces and of global imports. They come before what the text imports only if the class is in no namespace. The compiler
    /// says what a name means at the class, so no other file is looked at. What the class's own file imports counts too, although the text does
    /// not see it: full names are right in any case.
    /// </summary>
    private static bool AreVisibleFromAfar(INamedTypeSymbol type, Compilation compilation, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> names = type.ContainingNamespace.IsGlobalNamespace ? Names : [NativeInteger, Var];
        foreach (SyntaxReference declaration in type.DeclaringSyntaxReferences)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SemanticModel model = compilation.GetSemanticModel(declaration.SyntaxTree);
            if (names.Any(name => model.LookupNamespacesAndTypes(declaration.Span.Start, name: name)
                    .Any(found => found is not INamespaceSymbol && IsAnother(found, name, type, compilation))))
                return true;
        }

        return false;
    }

    private static bool IsAnother(ISymbol symbol, string name, INamedTypeSymbol type, Compilation compilation) =>
        (symbol is INamespaceSymbol or IAliasSymbol || compilation.IsSymbolAccessibleWithin(symbol, type))
        && !(Types.TryGetValue(name, out string? meant) && symbol.ContainingNamespace?.ToDisplayString() + "." + symbol.Name == meant)
        && symbol is not INamedTypeSymbol { Name: "MethodImplAttribute",
            ContainingNamespace: { Name: "CompilerServices", ContainingNamespace.Name: "Runtime" } };
}
