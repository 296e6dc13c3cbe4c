using System.Collections.Immutable;
using System.Linq;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AttentionGen.Generator;

/// <summary>
/// Suppresses reports that a hook, or one of its parameters, is not used. The generator computes a hook in vectors, from its text, so that nothing calls it;
/// removing it, as an editor offers to, would change what the kernel computes.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HookSuppressor : DiagnosticSuppressor
{
    private static readonly SuppressionDescriptor Member = new("AG3001", "IDE0051", "The generator computes the method in vectors, from its text.");
    private static readonly SuppressionDescriptor Parameter = new("AG3002", "IDE0060", "The parameters of a modifier or mask predicate are fixed.");

    /// <inheritdoc/>
    public override ImmutableArray<SuppressionDescriptor> SupportedSuppressions { get; } = ImmutableArray.Create(Member, Parameter);

    /// <inheritdoc/>
    public override void ReportSuppressions(SuppressionAnalysisContext context)
    {
        foreach (Diagnostic diagnostic in context.ReportedDiagnostics)
        {
            if (diagnostic.Location.SourceTree is { } tree && IsOfHook(diagnostic.Location, tree, context))
                context.ReportSuppression(Suppression.Create(diagnostic.Id == Member.SuppressedDiagnosticId ? Member : Parameter, diagnostic));
        }
    }

    private static bool IsOfHook(Location location, SyntaxTree tree, SuppressionAnalysisContext context)
    {
        SyntaxNode node = tree.GetRoot(context.CancellationToken).FindNode(location.SourceSpan);
        return node.AncestorsAndSelf().OfType<MethodDeclarationSyntax>().FirstOrDefault() is { } declaration
            && context.GetSemanticModel(tree).GetDeclaredSymbol(declaration, context.CancellationToken) is IMethodSymbol method
            && HookParser.MarkOf(method) is not null
            && KernelKind.Of(method.ContainingType) is { HasHooks: true };
    }
}
