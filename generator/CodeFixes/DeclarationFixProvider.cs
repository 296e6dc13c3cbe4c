using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;

namespace AttentionGen.CodeFixes;

/// <summary>Changes how the annotated class, or a type around it, is declared, in every part and file where that is needed.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class DeclarationFixProvider : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["AG0001", "AG0002", "AG0004", "AG0005", "AG0006", "AG0007", "AG0008"];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        SemanticModel? model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (root?.FindNode(diagnostic.Location.SourceSpan).FirstAncestorOrSelf<TypeDeclarationSyntax>() is not { } declaration
                || model?.GetDeclaredSymbol(declaration, context.CancellationToken) is not INamedTypeSymbol type
                || Choose(diagnostic.Id, type, context.CancellationToken) is not (string title, { } types, { } edit))
                continue;
            context.RegisterCodeFix(
                CodeAction.Create(title, cancellation => ApplyAsync(context.Document.Project.Solution, types, edit, cancellation), title), diagnostic);
        }
    }

    /// <summary>Which types are declared anew, and how; nothing where that would lose something of the user's.</summary>
    private static (string Title, IReadOnlyList<INamedTypeSymbol> Types, Func<SyntaxNode, SyntaxGenerator, SyntaxNode> Edit)? Choose(
        string id, INamedTypeSymbol type, CancellationToken cancellationToken) => id switch
    {
        "AG0001" => ($"Make '{type.Name}' partial", [type], Modify(modifiers => modifiers.WithPartial(true))),
        "AG0002" => ($"Make the types around '{type.Name}' partial", Around(type), Modify(modifiers => modifiers.WithPartial(true))),
        "AG0004" => ($"Make '{type.Name}' sealed, not static", [type], Modify(modifiers => modifiers.WithIsStatic(false).WithIsSealed(true))),
        "AG0005" => ($"Make '{type.Name}' sealed, not abstract", [type], Modify(modifiers => modifiers.WithIsAbstract(false).WithIsSealed(true))),
        "AG0006" => ("Make it internal, not file-local", [.. Around(type).Prepend(type).Where(level => level.IsFileLocal)], MakeInternal),
        "AG0007" => ($"Make '{type.Name}' a class", [type], (node, _) => DeclarationEdits.ToClass((TypeDeclarationSyntax)node)),
        "AG0008" when !HasPrimaryParameters(type, cancellationToken) =>
            ("Remove the primary constructor", [type], (node, _) => DeclarationEdits.RemoveParameterList((TypeDeclarationSyntax)node)),
        _ => null,
    };

    private static Func<SyntaxNode, SyntaxGenerator, SyntaxNode> Modify(Func<DeclarationModifiers, DeclarationModifiers> change) =>
        (node, generator) => generator.WithModifiers(node, change(generator.GetModifiers(node)));

    private static SyntaxNode MakeInternal(SyntaxNode node, SyntaxGenerator generator) =>
        generator.WithAccessibility(generator.WithModifiers(node, generator.GetModifiers(node).WithIsFile(false)), Accessibility.Internal);

    private static IReadOnlyList<INamedTypeSymbol> Around(INamedTypeSymbol type)
    {
        var levels = new List<INamedTypeSymbol>();
        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
            levels.Add(outer);
        return levels;
    }

    private static bool HasPrimaryParameters(INamedTypeSymbol type, CancellationToken cancellationToken) => type.DeclaringSyntaxReferences
        .Select(reference => reference.GetSyntax(cancellationToken))
        .OfType<TypeDeclarationSyntax>()
        .Any(declaration => declaration.ParameterList?.Parameters.Count > 0);

    private static async Task<Solution> ApplyAsync(
        Solution solution, IReadOnlyList<INamedTypeSymbol> types, Func<SyntaxNode, SyntaxGenerator, SyntaxNode> edit, CancellationToken cancellationToken)
    {
        var editor = new SolutionEditor(solution);
        foreach (SyntaxReference reference in types.SelectMany(type => type.DeclaringSyntaxReferences))
        {
            // A part in a generated file is not the user's to change.
            if (solution.GetDocument(reference.SyntaxTree) is not { } document || document is SourceGeneratedDocument)
                continue;
            DocumentEditor documentEditor = await editor.GetDocumentEditorAsync(document.Id, cancellationToken).ConfigureAwait(false);
            SyntaxNode declaration = await reference.GetSyntaxAsync(cancellationToken).ConfigureAwait(false);
            documentEditor.ReplaceNode(declaration, edit);
        }

        return editor.GetChangedSolution();
    }
}
