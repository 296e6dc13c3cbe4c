using System.Text.RegularExpressions;
using AttentionGen.Tests.Generator;

namespace AttentionGen.Tests.Docs;

/// <summary>Links between documents lead somewhere.</summary>
[Trait("Speed", "Slow")]
public sealed class LinkTests
{
    public static TheoryData<string> Pages =>
    [
        .. Directory.GetFiles(RepositoryRoot.Path, "*.md")
            .Concat(Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "docs"), "*.md", SearchOption.AllDirectories))
            .Append(Path.Combine(RepositoryRoot.Path, "tests", "README.md"))
            .Select(path => Path.GetRelativePath(RepositoryRoot.Path, path)),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_and_picture_of_a_page_exists(string page)
    {
        string path = Path.Combine(RepositoryRoot.Path, page);
        string text = Regex.Replace(File.ReadAllText(path), "^```.*?^```", "", RegexOptions.Singleline | RegexOptions.Multiline);
        string[] links = [.. Regex.Matches(text, @"\]\(([^)#]+)[^)]*\)").Select(match => match.Groups[1].Value)];
        Assert.All(
            links.Where(link => !link.StartsWith("http", StringComparison.Ordinal)),
            link => Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, link)), link));
    }
}
