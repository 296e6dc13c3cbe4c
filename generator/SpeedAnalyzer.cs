using System.Collections.Immutable;
using System.Threading;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AttentionGen.Generator;

/// <summary>Suggests where a legal configuration will be slow, by the plan that the generator would follow.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SpeedAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => SuggestionDescriptors.All;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (KernelKind.Attention.IsReferenced(start.Compilation))
                start.RegisterSymbolAction(static symbol => Analyze(symbol), SymbolKind.NamedType);
        });
    }

    private static void Analyze(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        CancellationToken cancellationToken = context.CancellationToken;
        if (KernelKind.Of(type) is not { HasHooks: true } kind || kind.FindAttribute(type) is not { } attribute)
            return;
        SpecParser<AttentionSpec> parse = kind == KernelKind.TransformerLayer ? AttentionParser.ParseLayer : AttentionParser.Parse;
        if (parse(type, attribute, context.Compilation, report: null, cancellationToken) is not { } spec)
            return;
        var arguments = new AttributeArguments(attribute);
        foreach (SpeedAdvice advice in SpeedAdvice.For(AttentionPlan.CreateAll(spec)))
        {
            DiagnosticDescriptor descriptor = Descriptor(advice.Reason);
            string[] numbers = [.. advice.Numbers];
            context.ReportDiagnostic(Diagnostic.Create(
                descriptor, arguments.Locate(advice.Setting, cancellationToken), null, Repairs.Of(descriptor.Id, advice.Setting, numbers), numbers));
        }
    }

    private static DiagnosticDescriptor Descriptor(SpeedReason reason) => reason switch
    {
        SpeedReason.EmptyLanes => SuggestionDescriptors.EmptyLanes,
        SpeedReason.RowsBeyondCache => SuggestionDescriptors.RowsBeyondCache,
        _ => SuggestionDescriptors.LongMethods,
    };
}
