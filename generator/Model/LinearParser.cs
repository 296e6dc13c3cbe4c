using System;
using System.Threading;
using Microsoft.CodeAnalysis;
using static AttentionGen.Generator.Model.SettingReader;
using static AttentionGen.Generator.Model.ShapeLimits;

namespace AttentionGen.Generator.Model;

/// <summary>From symbols to the spec of one product. The generator and the analyzer share it.</summary>
internal static class LinearParser
{
    /// <inheritdoc cref="SpecParser{TSpec}"/>
    public static LinearSpec? Parse(
        INamedTypeSymbol type,
        AttributeData attribute,
        Compilation compilation,
        Action<Diagnostic>? report,
        CancellationToken cancellationToken)
    {
        var arguments = new AttributeArguments(attribute);
        var problems = new ProblemReporter(arguments, report, cancellationToken);
        ClassParser.Check(type, KernelKind.Linear, attribute, compilation, problems, cancellationToken);
        if (!arguments.AreWellFormed)
            return null;
        var settings = new SettingReader(arguments, problems);
        LinearShape shape = ShapeSettings.Read(settings, new LinearShape { Inputs = 0, Outputs = 0 });
        int inputs = settings.Required(DiagnosticDescriptors.LinearInputs, "Inputs", MaxFeedForwardDim, 384);
        int outputs = settings.Required(DiagnosticDescriptors.LinearOutputs, "Outputs", MaxOutputs, 384);
        if ((long)inputs * outputs > MaxArrayLength)
            settings.Report(DiagnosticDescriptors.WeightsTooLarge, "Outputs", "linear", Text((long)inputs * outputs), "Inputs · Outputs", "Outputs");
        NarrowParser.Check(settings, shape);
        GradientsParser.Check(settings, shape);
        var unrolling = settings.Enumeration<Unrolling>("Unrolling");
        return problems.Any ? null : new() { Class = ClassParser.Describe(type, compilation, cancellationToken), Shape = shape, Unrolling = unrolling };
    }
}
