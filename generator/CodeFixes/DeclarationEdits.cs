using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttentionGen.CodeFixes;

/// <summary>Edits of a type's declaration that Roslyn's own generator of syntax does not offer.</summary>
internal static class DeclarationEdits
{
    /// <summary>The same type as a class.</summary>
    public static SyntaxNode ToClass(TypeDeclarationSyntax declaration)
    {
        SyntaxToken last = declaration is RecordDeclarationSyntax record && record.ClassOrStructKeyword != default
            ? record.ClassOrStructKeyword
            : declaration.Keyword;
        SyntaxToken keyword = SyntaxFactory.Token(declaration.Keyword.LeadingTrivia, SyntaxKind.ClassKeyword, last.TrailingTrivia);
        // What a struct may be and a class may not.
        var modifiers = SyntaxFactory.TokenList(
            declaration.Modifiers.Where(modifier => !modifier.IsKind(SyntaxKind.ReadOnlyKeyword) && !modifier.IsKind(SyntaxKind.RefKeyword)));
        return SyntaxFactory.ClassDeclaration(
            declaration.AttributeLists, modifiers, keyword, declaration.Identifier, declaration.TypeParameterList, declaration.ParameterList,
            declaration.BaseList,
            declaration.ConstraintClauses, declaration.OpenBraceToken, declaration.Members, declaration.CloseBraceToken, declaration.SemicolonToken);
    }

    /// <summary>The same type without a primary constructor.</summary>
    public static SyntaxNode RemoveParameterList(TypeDeclarationSyntax declaration) => declaration.ParameterList is { } list
        ? declaration.WithIdentifier(declaration.Identifier.WithTrailingTrivia(list.GetTrailingTrivia())).WithParameterList(null)
        : declaration;
}
