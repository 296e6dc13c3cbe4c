using System.Text.RegularExpressions;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes generated text for a place where simple names mean something of the user's own: each is written in full.</summary>
internal static class FullNames
{
    // Comments and strings stay as they are; what follows a dot or a colon is not looked up, and names of the user's own carry an @.
    private static readonly Regex Name = new(
        $"""//.*|"(?:[^"\\\n]|\\.)*"|(?<![\w.:@])(?:(?<alias>{string.Join("|", FrameworkNames.Aliases.Keys)})::|(?<type>{string.Join("|", FrameworkNames.Types.Keys)})(?!\w))""",
        RegexOptions.CultureInvariant);

    private static readonly Regex Alias = new(@"^using \w+ = .*\n", RegexOptions.Multiline | RegexOptions.CultureInvariant);

    /// <summary>The same file in full names. What is imported stays: vectors have extension methods.</summary>
    public static GeneratedFile Write(GeneratedFile file, string runtimeAlias) =>
        file with { Text = Name.Replace(Alias.Replace(file.Text, ""), match => InFull(match, runtimeAlias)) };

    private static string InFull(Match match, string runtimeAlias) =>
        match.Groups["alias"].Success ? $"{runtimeAlias}::{FrameworkNames.Aliases[match.Groups["alias"].Value]}."
        : match.Groups["type"].Success ? $"global::{FrameworkNames.Types[match.Value]}"
        : match.Value;
}
