using System;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>From symbols to the spec of an attention block, or of a Transformer layer around one. The generator and the analyzer share it.</summary>
internal static class AttentionParser
{
    /// <summary>The spec of an attention block, or null where anything is wrong with the class.</summary>
    /// <param name="report">Takes each diagnostic; null where nobody wants them.</param>
    public static AttentionSpec? Parse(
        INamedTypeSymbol type, AttributeData attribute, Compilation compilation, Action<Diagnostic>? report, CancellationToken cancellationToken) =>
        Parse(type, KernelKind.Attention, attribute, compilation, report, cancellationToken);

    /// <summary>The spec of a Transformer layer, or null where anything is wrong with the class.</summary>
    /// <param name="report">Takes each diagnostic; null where nobody wants them.</param>
    public static AttentionSpec? ParseLayer(
        INamedTypeSymbol type, AttributeData attribute, Compilation compilation, Action<Diagnostic>? report, CancellationToken cancellationToken) =>
        Parse(type, KernelKind.TransformerLayer, attribute, compilation, report, cancellationToken);

    private static AttentionSpec? Parse(
        INamedTypeSymbol type,
        KernelKind kind,
        AttributeData attribute,
        Compilation compilation,
        Action<Diagnostic>? report,
        CancellationToken cancellationToken)
    {
        var arguments = new AttributeArguments(attribute);
        var problems = new ProblemReporter(arguments, report, cancellationToken);
        ClassParser.Check(type, kind, attribute, compilation, problems, cancellationToken);
        HookSpecs hooks = HookParser.Parse(type, compilation, problems, cancellationToken);
        AttentionSpec? spec = arguments.AreWellFormed
            ? ConfigurationParser.Parse(
                new(arguments, problems), kind == KernelKind.TransformerLayer, ClassParser.Describe(type, compilation, cancellationToken), hooks)
            : null;
        if (spec is { Shape.Learns: false })
            ClassParser.CheckWithoutWeights(type, problems);
        return problems.Any ? null : spec;
    }
}
