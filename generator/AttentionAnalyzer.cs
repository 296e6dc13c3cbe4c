using System.Collections.Immutable;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AttentionGen.Generator;

/// <summary>Says what is wrong with an annotated class, on its attribute. It judges by the generator's own parser.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AttentionAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => DiagnosticDescriptors.All;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        // The generator reads annotated classes in generated code too, so their mistakes must show.
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (!KernelKind.Attention.IsReferenced(start.Compilation))
                return;
            start.RegisterSymbolAction(static symbol => Analyze(symbol), SymbolKind.NamedType);
            start.RegisterSymbolAction(static symbol => AnalyzeMethod(symbol), SymbolKind.Method);
        });
    }

    private static void Analyze(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        Analyze<AttentionSpec>(type, KernelKind.Attention, AttentionParser.Parse, context);
        Analyze<LinearSpec>(type, KernelKind.Linear, LinearParser.Parse, context);
        Analyze<AttentionSpec>(type, KernelKind.TransformerLayer, AttentionParser.ParseLayer, context);
        Analyze<LatentSpec>(type, KernelKind.LatentAttention, LatentParser.Parse, context);
    }

    private static void Analyze<TSpec>(INamedTypeSymbol type, KernelKind kind, SpecParser<TSpec> parse, SymbolAnalysisContext context)
        where TSpec : class
    {
        if (kind.FindAttribute(type) is { } attribute)
            parse(type, attribute, context.Compilation, context.ReportDiagnostic, context.CancellationToken);
    }

    /// <summary>Hooks of classes that are not annotated, which nothing else looks at.</summary>
    private static void AnalyzeMethod(SymbolAnalysisContext context)
    {
        var method = (IMethodSymbol)context.Symbol;
        if (HookParser.MarkOf(method) is { } mark && KernelKind.Of(method.ContainingType) is not { HasHooks: true })
            context.ReportDiagnostic(
                Diagnostic.Create(DiagnosticDescriptors.HookWithoutConfig, method.Locations[0], method.Name, mark, method.ContainingType.Name));
    }
}
