using System;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>From symbols to the spec of one kind of class, or null where anything is wrong with it.</summary>
/// <param name="type">The annotated class.</param>
/// <param name="attribute">Its attribute.</param>
/// <param name="compilation">What the class is part of.</param>
/// <param name="report">Takes each diagnostic; null where nobody wants them.</param>
/// <param name="cancellationToken">Ends the parser.</param>
internal delegate TSpec? SpecParser<out TSpec>(
    INamedTypeSymbol type,
    AttributeData attribute,
    Compilation compilation,
    Action<Diagnostic>? report,
    CancellationToken cancellationToken)
    where TSpec : class;
