using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.CodeAnalysis.Formatting;

namespace AttentionGen.CodeFixes;

/// <summary>
/// Changes a member that stands in the way: a constructor that packs no weights, a required member, or a modifier or mask predicate that is of an instance,
/// names a range that does not serve, or that nothing calls. The diagnostic points at it.
/// </summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class MemberFixProvider : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["AG0010", "AG0012", "AG0029", "AG0031", "AG0032"];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if ((diagnostic.AdditionalLocations.FirstOrDefault() ?? diagnostic.Location) is not { SourceTree: { } tree } location
                || context.Document.Project.Solution.GetDocument(tree) is not { } document
                || (await tree.GetRootAsync(context.CancellationToken).ConfigureAwait(false))
                    .FindNode(location.SourceSpan)
                    .FirstAncestorOrSelf<MemberDeclarationSyntax>() is not { } member)
                continue;
            SemanticModel? model = await document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
            if (model is null || Choose(diagnostic.Id, member, model, SyntaxGenerator.GetGenerator(document)) is not (string title, { } changed))
                continue;
            context.RegisterCodeFix(CodeAction.Create(title, cancellation => ApplyAsync(document, member, changed, cancellation), title), diagnostic);
        }
    }

    private static (string Title, SyntaxNode Changed)? Choose(string id, MemberDeclarationSyntax member, SemanticModel model, SyntaxGenerator generator)
    {
        if (id == "AG0029")
        {
            return member is MethodDeclarationSyntax { TypeParameterList: null } method && !method.Modifiers.Any(SyntaxKind.StaticKeyword)
                ? ("Make it static", generator.WithModifiers(method, generator.GetModifiers(method).WithIsStatic(true)))
                : null;
        }

        if (id == "AG0031")
        {
            return Mark(member, model, "MaskPredicateAttribute")?.ArgumentList is { } list
                && list.Arguments.FirstOrDefault(argument => argument.NameEquals?.Name.Identifier.ValueText == "Range") is { } range
                ? ("Remove Range", list.Arguments.Count == 1 ? member.RemoveNode(list, SyntaxRemoveOptions.KeepDirectives)!
                    : member.RemoveNode(range, SyntaxRemoveOptions.KeepDirectives)!)
                : null;
        }

        if (id == "AG0032")
            return (Mark(member, model, "ScoreModifierAttribute") ?? Mark(member, model, "ProbabilityModifierAttribute")
                ?? Mark(member, model, "MaskPredicateAttribute")) is { } mark
                ? ($"Remove [{mark.Name}]", Remove(member, mark))
                : null;

        if (id == "AG0012")
        {
            SyntaxToken required = member.Modifiers.FirstOrDefault(modifier => modifier.IsKind(SyntaxKind.RequiredKeyword));
            return required == default ? null : ("Remove 'required'", member.WithModifiers(member.Modifiers.Remove(required)));
        }

        // A constructor that has the weights can hand them on; one that calls the base class with arguments has other business.
        if (member is not ConstructorDeclarationSyntax constructor
            || constructor.ParameterList.Parameters.Count < 2
            || constructor.Initializer?.ArgumentList.Arguments.Count > 0
            || constructor.ParameterList.Parameters.FirstOrDefault(parameter => IsWeights(parameter, model)) is not { } weights)
            return null;
        ConstructorInitializerSyntax initializer = SyntaxFactory.ConstructorInitializer(
            SyntaxKind.ThisConstructorInitializer,
            SyntaxFactory.ArgumentList([SyntaxFactory.Argument(SyntaxFactory.IdentifierName(weights.Identifier.WithoutTrivia()))]));
        return (
            $"Call the generated constructor: this({weights.Identifier.Text})",
            constructor.WithInitializer(initializer).WithAdditionalAnnotations(Formatter.Annotation));
    }

    private static bool IsWeights(ParameterSyntax parameter, SemanticModel model) =>
        model.GetDeclaredSymbol(parameter)?.Type.ToDisplayString() is "AttentionGen.AttentionWeights" or "AttentionGen.TransformerLayerWeights";

    private static AttributeSyntax? Mark(MemberDeclarationSyntax member, SemanticModel model, string name) => member.AttributeLists
        .SelectMany(list => list.Attributes)
        .FirstOrDefault(attribute => model.GetTypeInfo(attribute).Type?.ToDisplayString() == $"AttentionGen.{name}");

    /// <summary>The member without an attribute, and without the brackets that held it alone.</summary>
    private static MemberDeclarationSyntax Remove(MemberDeclarationSyntax member, AttributeSyntax attribute)
    {
        SyntaxNode removed = attribute.Parent is AttributeListSyntax { Attributes.Count: 1 } list ? list : attribute;
        return member.RemoveNode(removed, SyntaxRemoveOptions.KeepDirectives)!.WithLeadingTrivia(member.GetLeadingTrivia());
    }

    private static async Task<Document> ApplyAsync(Document document, SyntaxNode member, SyntaxNode changed, CancellationToken cancellationToken)
    {
        SyntaxNode root = (await document.GetSyntaxRootAsync(cancellationToken).ConfigureAwait(false))!;
        return document.WithSyntaxRoot(root.ReplaceNode(member, changed));
    }
}
