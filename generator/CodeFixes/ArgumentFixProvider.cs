using System.Collections.Generic;
using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Simplification;

namespace AttentionGen.CodeFixes;

/// <summary>Changes the attribute's arguments as the analyzer proposes: the nearest legal values, or the removal of a setting.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class ArgumentFixProvider : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } =
        ["AG0014", "AG0015", "AG0016", "AG0017", "AG0018", "AG0019", "AG0020", "AG0021", "AG0022", "AG0023", "AG0024", "AG0025", "AG0026",
        "AG0033", "AG0034", "AG0035", "AG0036", "AG0037", "AG0038", "AG0039", "AG0040", "AG0041", "AG0042", "AG0044", "AG0045", "AG0046", "AG0047", "AG0048",
        "AG0049", "AG0050", "AG0051", "AG0052", "AG0053", "AG0057", "AG0061", "AG0062",
        "AG0070", "AG0072", "AG0073", "AG0074", "AG0075", "AG0076", "AG0079", "AG0080", "AG0082", "AG0083", "AG0084", "AG0085", "AG0088", "AG0089",
        "AG1003"];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (root?.FindNode(diagnostic.Location.SourceSpan).FirstAncestorOrSelf<AttributeSyntax>() is not { } attribute)
                continue;
            foreach (var (names, value) in Repairs.Read(diagnostic.Properties))
            {
                IReadOnlyList<AttributeArgumentSyntax> given = Find(attribute, names);
                if (value is null && given.Count == 0)
                    continue;
                string title = value is null ? $"Remove {names[0]}" : given.Count == 0 ? $"Add {names[0]} = {value}" : $"Change {names[0]} to {value}";
                context.RegisterCodeFix(
                    CodeAction.Create(title, cancellation => ApplyAsync(context.Document, attribute, names, value, cancellation), title), diagnostic);
            }
        }
    }

    private static async Task<Document> ApplyAsync(
        Document document, AttributeSyntax attribute, IReadOnlyList<string> names, string? value, CancellationToken cancellationToken)
    {
        SyntaxNode root = (await document.GetSyntaxRootAsync(cancellationToken).ConfigureAwait(false))!;
        SemanticModel model = (await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false))!;
        string alias = RuntimeAlias.Of(model.GetTypeInfo(attribute, cancellationToken).Type as INamedTypeSymbol, model.Compilation);
        IReadOnlyList<AttributeArgumentSyntax> given = Find(attribute, names);
        AttributeSyntax changed;
        if (value is null)
            changed = attribute.RemoveNodes(given, SyntaxRemoveOptions.KeepDirectives)!;
        else if (given.Count > 0)
            changed = attribute.ReplaceNode(given[0].Expression, Expression(value, alias).WithTriviaFrom(given[0].Expression));
        else
            changed = attribute.AddArgumentListArguments(Argument(names[0], Expression(value, alias)));
        return document.WithSyntaxRoot(root.ReplaceNode(attribute, changed));
    }

    private static IReadOnlyList<AttributeArgumentSyntax> Find(AttributeSyntax attribute, IReadOnlyList<string> names) =>
        [.. attribute.ArgumentList?.Arguments.Where(argument => names.Contains(argument.NameEquals?.Name.Identifier.ValueText)) ?? []];

    private static AttributeArgumentSyntax Argument(string name, ExpressionSyntax value) =>
        SyntaxFactory.AttributeArgument(SyntaxFactory.NameEquals(name), null, value).NormalizeWhitespace();

    /// <summary>A number or a truth value as it stands, members of an enum with as much of their names as the place needs.</summary>
    private static ExpressionSyntax Expression(string value, string alias)
    {
        if (!char.IsUpper(value[0]))
            return SyntaxFactory.ParseExpression(value);
        ExpressionSyntax full = SyntaxFactory.ParseExpression($"{alias}::AttentionGen.{value.Replace(" | ", $" | {alias}::AttentionGen.")}");
        // The simplifier shortens the nodes that are marked, and none within an operator that is.
        IEnumerable<SyntaxNode> members = full.DescendantNodesAndSelf(node => node is not MemberAccessExpressionSyntax)
            .Where(node => node is MemberAccessExpressionSyntax);
        return full.ReplaceNodes(members, (member, _) => member.WithAdditionalAnnotations(Simplifier.Annotation));
    }
}
