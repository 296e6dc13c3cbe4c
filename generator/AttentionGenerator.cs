using System.Text;
using System.Threading;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AttentionGen.Generator;

/// <summary>Writes the kernels of every class annotated with <c>AttentionConfig</c>. Each class is a value of its own: an edit regenerates only what it changes.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class AttentionGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<AttentionSpec> specs = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                AttentionParser.AttributeName,
                static (node, _) => node is ClassDeclarationSyntax,
                static (attributed, cancellationToken) => Parse(attributed, cancellationToken))
            .WithTrackingName(TrackingNames.Parsed)
            .Where(static spec => spec is not null)
            .Select(static (spec, _) => spec!)
            .WithTrackingName(TrackingNames.Specs);
        context.RegisterSourceOutput(specs, static (output, spec) => Write(output, spec));
    }

    private static AttentionSpec? Parse(GeneratorAttributeSyntaxContext attributed, CancellationToken cancellationToken)
    {
        // Parts of one class that carry the attribute twice are the compiler's error; they must not write one file twice.
        if (attributed.TargetSymbol is not INamedTypeSymbol type
            || AttentionParser.FindAttribute(type) is not { ApplicationSyntaxReference: { } reference } attribute
            || reference.SyntaxTree != attributed.TargetNode.SyntaxTree
            || !attributed.TargetNode.Span.Contains(reference.Span))
            return null;
        return AttentionParser.Parse(type, attribute, attributed.SemanticModel.Compilation, report: null, cancellationToken);
    }

    private static void Write(SourceProductionContext output, AttentionSpec spec)
    {
        foreach (GeneratedFile file in AttentionEmitter.Emit(spec))
        {
            output.CancellationToken.ThrowIfCancellationRequested();
            output.AddSource(file.HintName, SourceText.From(file.Text, Encoding.UTF8));
        }
    }
}
