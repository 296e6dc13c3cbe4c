using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AttentionGen.Tests.Generator;

/// <summary>A page of <c>docs/diagnostics</c>: its heading, an example that the diagnostic objects to, and the same example repaired.</summary>
internal sealed partial record HelpPage(string Id, string Title, string Language, string Before, string After)
{
    private const string Fence = "```";

    /// <summary>The folder of all pages.</summary>
    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "docs", "diagnostics");

    /// <summary>Reads a page, which has all its parts in their order, and no code but the two examples.</summary>
    public static HelpPage Read(string id)
    {
        string text = File.ReadAllText(Path.Combine(Folder, $"{id}.md"));
        Match page = Layout().Match(text);
        Assert.True(page.Success, $"{id}.md is not '# id: title', a sentence, '## Why', '## How to fix it', and '## Example' with 'Before:' and 'After:'.");
        Assert.Equal(2, Regex.Count(text, $"^{Fence}[a-z]+$", RegexOptions.Multiline));
        return new(page.Groups["id"].Value, page.Groups["title"].Value, page.Groups["language"].Value, page.Groups["before"].Value, page.Groups["after"].Value);
    }

    /// <summary>The properties of an example in MSBuild's XML.</summary>
    public static Dictionary<string, string> Properties(string example) =>
        XElement.Parse($"<PropertyGroup>{example}</PropertyGroup>").Elements().ToDictionary(property => property.Name.LocalName, property => property.Value);

    [GeneratedRegex(
        $"""
        \A\#\ (?<id>AG\d\d\d\d):\ (?<title>.+)\n\n
        (.+\n)+\n
        \#\#\ Why\n\n(?s:.+?)\n\n
        \#\#\ How\ to\ fix\ it\n\n(?s:.+?)\n\n
        \#\#\ Example\n\n
        Before:\n\n{Fence}(?<language>csharp|xml)\n(?<before>(?s:.+?)){Fence}\n\n
        After:\n\n{Fence}\k<language>\n(?<after>(?s:.+?)){Fence}\n\z
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Layout();
}
