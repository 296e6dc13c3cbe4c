using System;
using System.Linq;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AttentionGen.Generator.Model;

/// <summary>
/// The property <c>AttentionGenVectorTargets</c> of the user's project. The package's targets refuse a name that is no vector target (AG2004), and
/// pass the names on with commas, since a semicolon begins a comment in the file in which the compiler gets properties.
/// </summary>
internal static class VectorTargetsOption
{
    public const string Key = "build_property._AttentionGenVectorTargets";

    /// <summary>The names, in one order whatever the project's; empty for all vector targets.</summary>
    public static EquatableArray<string> Read(AnalyzerConfigOptions options) => new(!options.TryGetValue(Key, out string? value) ? [] : value
        .Split(',')
        .Select(name => name.Trim())
        .Where(name => name.Length > 0)
        .Distinct()
        .OrderBy(name => name, StringComparer.Ordinal));
}
