using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttentionGen.Generator.Model;

/// <summary>Where the runtime's namespaces are looked up. A project may reference the runtime under an extern alias alone.</summary>
internal static class RuntimeAlias
{
    /// <summary>The alias of a project that says nothing else.</summary>
    public const string Global = "global";

    /// <summary>The alias of the assembly that the attribute comes from, escaped where it is a keyword.</summary>
    public static string Of(INamedTypeSymbol? attributeClass, Compilation compilation)
    {
        IAssemblySymbol? runtime = attributeClass?.ContainingAssembly;
        ImmutableArray<string> aliases = runtime is null ? default : compilation.GetMetadataReference(runtime)?.Properties.Aliases ?? default;
        if (aliases.IsDefaultOrEmpty || aliases.Contains(Global))
            return Global;
        return SyntaxFacts.GetKeywordKind(aliases[0]) == SyntaxKind.None ? aliases[0] : $"@{aliases[0]}";
    }
}
