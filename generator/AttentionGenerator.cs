using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AttentionGen.Generator;

/// <summary>Writes the kernels of every annotated class. Each class is a value of its own: an edit regenerates only what it changes.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class AttentionGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        Register<AttentionSpec>(
            context, KernelKind.Attention, AttentionParser.Parse, static (spec, targets) => spec with { VectorTargets = targets }, AttentionEmitter.Emit);
        Register<LinearSpec>(
            context, KernelKind.Linear, LinearParser.Parse, static (spec, targets) => spec with { VectorTargets = targets }, LinearEmitter.Emit);
        Register<AttentionSpec>(
            context,
            KernelKind.TransformerLayer,
            AttentionParser.ParseLayer,
            static (spec, targets) => spec with { VectorTargets = targets },
            AttentionEmitter.Emit);
    }

    private static void Register<TSpec>(
        IncrementalGeneratorInitializationContext context,
        KernelKind kind,
        SpecParser<TSpec> parse,
        Func<TSpec, EquatableArray<string>, TSpec> withVectorTargets,
        Func<TSpec, IReadOnlyList<GeneratedFile>> emit)
        where TSpec : class
    {
        IncrementalValueProvider<EquatableArray<string>> vectorTargets = context.AnalyzerConfigOptionsProvider
            .Select(static (options, _) => VectorTargetsOption.Read(options.GlobalOptions));
        IncrementalValuesProvider<TSpec> specs = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                kind.AttributeName,
                static (node, _) => node is ClassDeclarationSyntax,
                (attributed, cancellationToken) => Parse(attributed, kind, parse, cancellationToken))
            .WithTrackingName(TrackingNames.Parsed)
            .Where(static spec => spec is not null)
            .Combine(vectorTargets)
            .Select((pair, _) => withVectorTargets(pair.Left!, pair.Right))
            .WithTrackingName(TrackingNames.Specs);
        context.RegisterSourceOutput(specs, (output, spec) => Write(output, emit(spec)));
    }

    private static TSpec? Parse<TSpec>(
        GeneratorAttributeSyntaxContext attributed, KernelKind kind, SpecParser<TSpec> parse, CancellationToken cancellationToken)
        where TSpec : class
    {
        // Parts of one class that carry the attribute twice are the compiler's error; they must not write one file twice.
        if (attributed.TargetSymbol is not INamedTypeSymbol type
            || kind.FindAttribute(type) is not { ApplicationSyntaxReference: { } reference } attribute
            || reference.SyntaxTree != attributed.TargetNode.SyntaxTree
            || !attributed.TargetNode.Span.Contains(reference.Span))
            return null;
        return parse(type, attribute, attributed.SemanticModel.Compilation, report: null, cancellationToken);
    }

    private static void Write(SourceProductionContext output, IReadOnlyList<GeneratedFile> files)
    {
        foreach (GeneratedFile file in files)
        {
            output.CancellationToken.ThrowIfCancellationRequested();
            output.AddSource(file.HintName, SourceText.From(file.Text, Encoding.UTF8));
        }
    }
}
