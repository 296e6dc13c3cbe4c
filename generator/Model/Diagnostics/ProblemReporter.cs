using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>
/// Collects what is wrong with one annotated class. The generator only asks whether anything is; the analyzer
/// gives a sink, and only then are locations looked up.
/// </summary>
internal sealed class ProblemReporter(AttributeArguments arguments, Action<Diagnostic>? sink, CancellationToken cancellationToken)
{
    /// <summary>Whether anything was reported.</summary>
    public bool Any { get; private set; }

    /// <summary>Refuses the class for a reason that is reported on another of its attributes.</summary>
    public void Refuse() => Any = true;

    /// <summary>Reports on the whole attribute.</summary>
    public void Report(DiagnosticDescriptor descriptor, params string[] messageArguments) =>
        ReportOn(descriptor, null, null, messageArguments);

    /// <summary>Reports on a named argument of the attribute, or on the whole of it where that argument is missing.</summary>
    public void ReportOn(DiagnosticDescriptor descriptor, string? argument, IEnumerable<Location>? related, params string[] messageArguments)
    {
        Any = true;
        if (sink is null)
            return;
        string? given = argument is not null && arguments.Has(argument) ? argument : null;
        sink(Diagnostic.Create(
            descriptor, arguments.Locate(argument, cancellationToken), related, Repairs.Of(descriptor.Id, given, messageArguments), messageArguments));
    }

    /// <summary>Reports on a member of the class.</summary>
    public void ReportAt(DiagnosticDescriptor descriptor, ISymbol member, params string[] messageArguments)
    {
        Any = true;
        sink?.Invoke(Diagnostic.Create(descriptor, member.Locations.FirstOrDefault(), messageArguments));
    }
}
