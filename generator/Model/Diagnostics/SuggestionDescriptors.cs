using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>Suggestions for legal but slow configurations. Each has a help page in <c>docs/diagnostics</c>; a project may silence them.</summary>
internal static class SuggestionDescriptors
{
    public static readonly DiagnosticDescriptor EmptyLanes = Create(
        "AG1001", "The head dimension leaves vector lanes empty",
        "{0} is {1}, but the product with the probabilities works in panels of {2} columns: there each head takes the time of {3}, {4} % more. If you are free "
            + "to choose, {5} is faster.");

    public static readonly DiagnosticDescriptor RowsBeyondCache = Create(
        "AG1002", "The rows of a block outgrow the second-level cache",
        "Heads · HeadDim is {0}: the queries and output of only {1} rows take {2} KiB, more than a second-level cache of 1 MiB holds, so rows and weights come "
            + "from farther away. Up to {3} they stay there.");

    public static readonly DiagnosticDescriptor LongMethods = Create(
        "AG1003", "Unrolling writes methods that take the JIT long",
        "Unrolling.Full writes methods of up to {0} multiply-adds, but methods of {1} were the fastest: the first call waits for the JIT, and later calls gain "
            + "nothing. Remove Unrolling.");

    /// <summary>All of the above, in the order of their ids.</summary>
    public static readonly ImmutableArray<DiagnosticDescriptor> All = [EmptyLanes, RowsBeyondCache, LongMethods];

    private static DiagnosticDescriptor Create(string id, string title, string message) => new(
        id, title, message, "AttentionGen", DiagnosticSeverity.Info, isEnabledByDefault: true,
        helpLinkUri: $"https://github.com/attentiongen/attentiongen/blob/main/docs/diagnostics/{id}.md");
}
