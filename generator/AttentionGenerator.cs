using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
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
        IncrementalValueProvider<EquatableArray<string>> vectorTargets = context.AnalyzerConfigOptionsProvider
            .Select(static (options, _) => VectorTargetsOption.Read(options.GlobalOptions));
        IncrementalValueProvider<bool> tensors = context.CompilationProvider
            .Select(static (compilation, _) => TensorSupport.IsAvailable(compilation))
            .WithTrackingName(TrackingNames.Tensors);
        IncrementalValueProvider<ProjectSettings> project = vectorTargets.Combine(tensors)
            .Select(static (pair, _) => new ProjectSettings(pair.Left, pair.Right));
        IncrementalValueProvider<ImmutableArray<GeneratedFile>>[] shared =
        [
            Register<AttentionSpec>(context, project, KernelKind.Attention, AttentionParser.Parse, Of, AttentionEmitter.Emit),
            Register<LinearSpec>(context, project, KernelKind.Linear, LinearParser.Parse, Of, LinearEmitter.Emit),
            Register<AttentionSpec>(context, project, KernelKind.TransformerLayer, AttentionParser.ParseLayer, Of, AttentionEmitter.Emit),
            Register<LatentSpec>(context, project, KernelKind.LatentAttention, LatentParser.Parse, Of, LatentEmitter.Emit),
        ];
        IncrementalValuesProvider<GeneratedFile> products = shared
            .Aggregate(static (all, further) => all.Combine(further).Select(static (pair, _) => pair.Left.AddRange(pair.Right)))
            .SelectMany(static (files, _) => files.GroupBy(file => file.HintName).Select(same => same.First()))
            .WithTrackingName(TrackingNames.Products);
        context.RegisterSourceOutput(products, static (output, file) => Write(output, [file]));
        IncrementalValuesProvider<string> stacks = context.CompilationProvider
            .Select(static (compilation, _) => TensorSupport.RuntimeOfStacks(compilation))
            .SelectMany(static (alias, _) => alias is null ? ImmutableArray<string>.Empty : [alias]);
        context.RegisterSourceOutput(stacks, static (output, alias) => Write(output, [StackTensorEmitter.Write(alias)]));
    }

    private static AttentionSpec Of(AttentionSpec spec, ProjectSettings project) =>
        spec with { VectorTargets = project.VectorTargets, TakesTensors = project.TakesTensors };

    private static LinearSpec Of(LinearSpec spec, ProjectSettings project) =>
        spec with { VectorTargets = project.VectorTargets, TakesTensors = project.TakesTensors };

    private static LatentSpec Of(LatentSpec spec, ProjectSettings project) => spec with { VectorTargets = project.VectorTargets };

    /// <summary>Writes the files of every class of a kind; returns those that classes share.</summary>
    private static IncrementalValueProvider<ImmutableArray<GeneratedFile>> Register<TSpec>(
        IncrementalGeneratorInitializationContext context,
        IncrementalValueProvider<ProjectSettings> project,
        KernelKind kind,
        SpecParser<TSpec> parse,
        Func<TSpec, ProjectSettings, TSpec> of,
        Func<TSpec, IReadOnlyList<GeneratedFile>> emit)
        where TSpec : class
    {
        IncrementalValuesProvider<TSpec> specs = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                kind.AttributeName,
                static (node, _) => node is ClassDeclarationSyntax,
                (attributed, cancellationToken) => Parse(attributed, kind, parse, cancellationToken))
            .WithTrackingName(TrackingNames.Parsed)
            .Where(static spec => spec is not null)
            .Combine(project)
            .Select((pair, _) => of(pair.Left!, pair.Right))
            .WithTrackingName(TrackingNames.Specs);
        IncrementalValuesProvider<EquatableArray<GeneratedFile>> files = specs
            .Select((spec, _) => new EquatableArray<GeneratedFile>(emit(spec)))
            .WithTrackingName(TrackingNames.Files);
        context.RegisterSourceOutput(files, static (output, files) => Write(output, files.Where(file => !file.IsShared)));
        return files.SelectMany(static (files, _) => files.Where(file => file.IsShared)).Collect();
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

    private static void Write(SourceProductionContext output, IEnumerable<GeneratedFile> files)
    {
        foreach (GeneratedFile file in files)
        {
            output.CancellationToken.ThrowIfCancellationRequested();
            output.AddSource(file.HintName, SourceText.From(file.Text, Encoding.UTF8));
        }
    }
}
