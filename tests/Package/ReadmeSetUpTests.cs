using System.Text.RegularExpressions;
using System.Xml.Linq;
using AttentionGen.Tests.Docs;
using AttentionGen.Tests.Generator;

namespace AttentionGen.Tests.Package;

/// <summary>The README's way to a project of one's own, command by command. The package is packed already, and nothing is asked of a public feed.</summary>
[Trait("Speed", "Slow")]
public sealed partial class ReadmeSetUpTests(PackageFixture package) : IClassFixture<PackageFixture>
{
    private static string Version => XDocument.Load(Path.Combine(RepositoryRoot.Path, "Directory.Build.props")).Descendants("Version").Single().Value;

    [Fact]
    public void Its_commands_make_a_project_that_runs_the_first_example()
    {
        string[] commands = Snippet.Blocks("README.md", "").Single(
            block => block.Contains("dotnet add package", StringComparison.Ordinal)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        DirectoryInfo home = Directory.CreateTempSubdirectory("attentiongen-demo");
        try
        {
            string folder = home.CreateSubdirectory("attentiongen").FullName;
            (string, string)[] settings = [("NUGET_PACKAGES", Path.Combine(home.FullName, "cache"))];
            foreach (string command in commands)
            {
                string[] words = command.Split(' ');
                if (words[0] == "cd")
                    folder = Path.GetFullPath(Path.Combine(folder, words[1]));
                else if (words[..2] is ["dotnet", "pack"])
                    CopyPackage(Path.GetFullPath(Path.Combine(folder, words[^1])));
                else
                    DotnetCommand.Run(folder, settings, words[1..]);
                if (command == "dotnet new nugetconfig")
                    RemoveSources(Path.Combine(folder, "nuget.config"));
            }

            Assert.Contains($"<PackageReference Include=\"AttentionGen\" Version=\"{Version}\" />", File.ReadAllText(Path.Combine(folder, "Demo.csproj")));
            File.WriteAllText(Path.Combine(folder, "Program.cs"), Snippet.Read("README.md").First().Code);
            string output = DotnetCommand.Run(folder, settings, "run", "-c", "Release");
            Assert.StartsWith("Self-attention: 8 heads of 64, DModel 512", output);
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public void Pages_name_the_version_of_the_build()
    {
        string[] pages = ["README.md", "docs/diagnostics/AG2002.md"];
        string[] named =
            [.. pages.SelectMany(page => Named().Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, page)))).Select(match => match.Groups[1].Value)];
        Assert.Equal(4, named.Length);
        Assert.All(named, version => Assert.Equal(Version, version));
    }

    private void CopyPackage(string folder)
    {
        Directory.CreateDirectory(folder);
        File.Copy(package.PackagePath, Path.Combine(folder, Path.GetFileName(package.PackagePath)));
    }

    /// <summary>The one that the template has is public.</summary>
    private static void RemoveSources(string config)
    {
        XDocument document = XDocument.Load(config);
        document.Descendants("packageSources").Single().Elements("add").Remove();
        document.Save(config);
    }

    [GeneratedRegex("""AttentionGen(?: --version |" Version="|@)(\d+\.\d+\.\d+)""")]
    private static partial Regex Named();
}
