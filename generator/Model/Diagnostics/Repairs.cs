using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace AttentionGen.Generator.Model;

/// <summary>
/// Changes of the attribute's arguments that mend a mistake. A message names them for the reader, and its arguments have them in
/// a few fixed forms; the analyzer sends them to the code fixes as properties of the diagnostic.
/// </summary>
internal static class Repairs
{
    private const string Prefix = "Repair";

    /// <summary>Such as <c>KvHeads = 2 or 4</c>, alone or within a list.</summary>
    private static readonly Regex Assignment = new(
        @"\b(?<name>[A-Z]\w*) = (?<value>[\w.-]+)(?: or (?<value>[\w-]+\.?[\w]*)\b(?! =))*", RegexOptions.CultureInvariant);

    private static readonly Regex Value = new(
        @"^(-?[0-9.]+([Ee][+-]?[0-9]+)?|[A-Za-z]+\.[A-Za-z0-9]+( \| [A-Za-z]+\.[A-Za-z0-9]+)*|true|false)$", RegexOptions.CultureInvariant);

    /// <summary>What mends a diagnostic, as its properties.</summary>
    /// <param name="id">The diagnostic.</param>
    /// <param name="argument">The argument it is about, or null for the whole attribute.</param>
    /// <param name="message">Its message's arguments.</param>
    public static ImmutableDictionary<string, string?> Of(string id, string? argument, IReadOnlyList<string> message)
    {
        IEnumerable<string> repairs = (id, argument) switch
        {
            ("AG0014" or "AG0015" or "AG0061" or "AG0062" or "AG0070", null) => Assignments(message[1]),
            ("AG0014" or "AG0015" or "AG0061" or "AG0062" or "AG0070", _) => Values(argument, message[1]),
            ("AG0016", not null) => Values(argument, message[2]).Append(argument),
            ("AG0017" or "AG0019", not null) => Values(argument, message[1]).Append(argument),
            ("AG0018", _) => Assignments(message[1]),
            ("AG0020", not null) => Values(argument, message[1]).Select(repair => $"{repair}f").Append(argument),
            ("AG0021", not null) => Values(argument, message[3]).Append(argument),
            ("AG0022", _) => message[2].StartsWith("remove ", StringComparison.Ordinal) ? ["Rotary RotaryDim RotaryBase"] : Assignments(message[2]),
            ("AG0023", not null) => [argument],
            ("AG0024", not null) => Assignments(message[2]).Append(Remove(argument, message, 3)),
            ("AG0025", _) => ["Rotary RotaryDim RotaryBase", "MemoryDim ValueInputDim"],
            ("AG0033" or "AG0045" or "AG0083", not null) => Values(argument, message[1]).Append(argument),
            ("AG0042", "RotaryScalingFactor") => Values(argument, message[1] == "1" ? "1" : ""),
            ("AG0034" or "AG0036" or "AG0037" or "AG1003", not null) => [argument],
            ("AG0035", _) => Assignments(message[0]),
            ("AG0038" or "AG0041", not null) => Values(argument, message[1]).Select(repair => $"{repair}f").Append(argument),
            ("AG0039", not null) => Values(argument, message[2]).Append(argument),
            ("AG0040", "RelativePositionMaxDistance") => Values(argument, message[2]),
            ("AG0044", _) => [$"{message[0]} {message[2]}"],
            ("AG0046", not null) => [$"{argument} = {message[1]} | MaskAxes.Key", argument],
            ("AG0047", not null) => Values(argument, message[2]),
            ("AG0048", not null) => [Remove(argument, message, 2), "BiasKeyValue ZeroKeyValue"],
            ("AG0049", not null) => [argument, "Ragged"],
            ("AG0050" or "AG0051", not null) => [argument, "MemoryDim ValueInputDim"],
            ("AG0052", not null) => message[2] switch
            {
                "remove SequenceLength" => [argument, "SequenceLength"],
                "add Causal = true" => [argument, "Causal = true"],
                _ => [argument],
            },
            ("AG0053", not null) => message[0] == argument ? [argument, "Gradients"] : [argument],
            ("AG0057", not null) => [Remove(argument, message, 2), "ScoreFunction SigmoidBias"],
            ("AG0072" or "AG0075", not null) => [argument],
            ("AG0076", not null) => [argument, "MemoryDim"],
            ("AG0079", not null) => Values(argument, message[2]),
            ("AG0073", not null) => [argument, "NormPlacement = NormPlacement.Pre"],
            ("AG0074", not null) => Values(argument, message[1]).Select(repair => $"{repair}f").Append(argument),
            ("AG0080", "RotaryFrequencies") or ("AG0084" or "AG0085", not null) => [argument],
            ("AG0082", not null) => [argument, message[1].Split(' ')[0]],
            ("AG0088", null) => Assignments(message[3]),
            ("AG0088", "QueryLatentDim") => Values(argument, message[3]).Append(argument),
            ("AG0088", _) => Values(argument, message[3]),
            ("AG0089", not null) => [argument],
            ("AG0026", not null) => Values(argument, message[2]),
            _ => [],
        };
        return repairs.Select((repair, index) => (Key: $"{Prefix}{index.ToString("D2", CultureInfo.InvariantCulture)}", repair))
            .ToImmutableDictionary(pair => pair.Key, pair => (string?)pair.repair);
    }

    /// <summary>The repairs that a diagnostic brings: a name with its new value, or names to remove.</summary>
    public static IEnumerable<(IReadOnlyList<string> Names, string? Value)> Read(ImmutableDictionary<string, string?> properties)
    {
        foreach (string key in properties.Keys.Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).OrderBy(key => key, StringComparer.Ordinal))
        {
            string[] parts = properties[key]!.Split([" = "], StringSplitOptions.None);
            yield return parts.Length == 2 ? ([parts[0]], parts[1]) : (parts[0].Split(' '), null);
        }
    }

    /// <summary>An argument goes, or keeps what a last argument of the message, which the reader is not shown, leaves of its combination.</summary>
    private static string Remove(string argument, IReadOnlyList<string> message, int remaining) =>
        message.Count > remaining ? $"{argument} = {message[remaining]}" : argument;

    private static IEnumerable<string> Values(string name, string values) => values
        .Split([" or "], StringSplitOptions.None)
        .Where(value => Value.IsMatch(value))
        .Select(value => $"{name} = {value}");

    private static IEnumerable<string> Assignments(string text) => Assignment.Matches(text).Cast<Match>()
        .SelectMany(match => match.Groups["value"].Captures.Cast<Capture>().Select(value => $"{match.Groups["name"].Value} = {value.Value}"));
}
