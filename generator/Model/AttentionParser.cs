using System;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>From symbols to the spec of an attention block. The generator and the analyzer share it.</summary>
internal static class AttentionParser
{
    /// <summary>The spec of an annotated class, or null where anything is wrong with it.</summary>
    /// <param name="report">Takes each diagnostic; null where nobody wants them.</param>
    public static AttentionSpec? Parse(
        INamedTypeSymbol type,
        AttributeData attribute,
        Compilation compilation,
        Action<Diagnostic>? report,
        CancellationToken cancellationToken)
    {
        var arguments = new AttributeArguments(attribute);
        var problems = new ProblemReporter(arguments, report, cancellationToken);
        ClassParser.Check(type, KernelKind.Attention, attribute, compilation, problems, cancellationToken);
        (HookSpec? modifier, MaskPredicateSpec? predicate) = HookParser.Parse(type, compilation, problems, cancellationToken);
        AttentionSpec? spec = arguments.AreWellFormed
            ? ConfigurationParser.Parse(new(arguments, problems), ClassParser.Describe(type, compilation, cancellationToken), modifier, predicate)
            : null;
        if (spec is { Shape.Learns: false })
            ClassParser.CheckWithoutWeights(type, problems);
        return problems.Any ? null : spec;
    }
}
