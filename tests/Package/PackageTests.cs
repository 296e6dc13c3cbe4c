using System.Globalization;
using System.IO.Compression;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using AttentionGen.Tests.Generator;

namespace AttentionGen.Tests.Package;

/// <summary>The package as its users meet it.</summary>
[Trait("Speed", "Slow")]
public sealed class PackageTests(PackageFixture package) : IClassFixture<PackageFixture>
{
    // float32 over chains of at most 64, on inputs and weights below 1.
    private const double Tolerance = 1e-6;

    [Fact]
    public void It_holds_the_runtime_the_analyzers_and_what_a_package_needs()
    {
        Assert.Equal(
            [
                "LICENSE",
                "README.md",
                "analyzers/dotnet/cs/AttentionGen.CodeFixes.dll",
                "analyzers/dotnet/cs/AttentionGen.Generator.dll",
                "buildTransitive/net10.0/AttentionGen.props",
                "buildTransitive/net10.0/AttentionGen.targets",
                "icon.png",
                "lib/net10.0/AttentionGen.dll",
                "lib/net10.0/AttentionGen.xml",
            ],
            Files(package.PackagePath));
        Assert.Equal(["lib/net10.0/AttentionGen.pdb"], Files(package.SymbolsPath));
    }

    [Fact]
    public void It_needs_no_other_package_and_names_its_licence_and_readme()
    {
        using ZipArchive archive = ZipFile.OpenRead(package.PackagePath);
        using Stream stream = archive.GetEntry("AttentionGen.nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

        Assert.Equal("AttentionGen", Value("id"));
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.Equal("icon.png", Value("icon"));
        Assert.NotEmpty(Value("description"));
        Assert.DoesNotContain(metadata.Descendants(), element => element.Name.LocalName == "dependency");
    }

    /// <summary>A user finds the source of a package: its repository, the commit, and what changed.</summary>
    [Fact]
    public void It_names_its_repository_and_commit()
    {
        using ZipArchive archive = ZipFile.OpenRead(package.PackagePath);
        using Stream stream = archive.GetEntry("AttentionGen.nuspec")!.Open();
        XElement[] metadata = [.. XDocument.Load(stream).Root!.Elements().Single().Elements()];
        const string Home = "https://github.com/attentiongen/attentiongen";
        Assert.Equal(Home, metadata.Single(element => element.Name.LocalName == "projectUrl").Value);
        Assert.EndsWith("CHANGELOG.md", metadata.Single(element => element.Name.LocalName == "releaseNotes").Value, StringComparison.Ordinal);
        XElement repository = metadata.Single(element => element.Name.LocalName == "repository");
        Assert.Equal(("git", Home), (repository.Attribute("type")?.Value, repository.Attribute("url")?.Value));
        // An archive of the source has no commit.
        if (Path.Exists(Path.Combine(RepositoryRoot.Path, ".git")))
            Assert.Matches("^[0-9a-f]{40}$", repository.Attribute("commit")?.Value);
    }

    /// <summary>The compiler marks what has the same bytes each time; tests/Package/reproduce compares them.</summary>
    [Theory]
    [InlineData("lib/net10.0/AttentionGen.dll")]
    [InlineData("analyzers/dotnet/cs/AttentionGen.Generator.dll")]
    [InlineData("analyzers/dotnet/cs/AttentionGen.CodeFixes.dll")]
    public void Its_assemblies_are_deterministic(string path)
    {
        using ZipArchive archive = ZipFile.OpenRead(package.PackagePath);
        using var image = new MemoryStream();
        using (Stream stream = archive.GetEntry(path)!.Open())
            stream.CopyTo(image);
        image.Position = 0;
        using var reader = new PEReader(image);
        Assert.Contains(reader.ReadDebugDirectory(), entry => entry.Type == DebugDirectoryEntryType.Reproducible);
    }

    [Fact]
    public void Its_readme_is_the_repository_s_with_links_that_lead_somewhere_from_anywhere()
    {
        using ZipArchive archive = ZipFile.OpenRead(package.PackagePath);
        using var reader = new StreamReader(archive.GetEntry("README.md")!.Open());
        string packed = reader.ReadToEnd();
        string[] links = [.. System.Text.RegularExpressions.Regex.Matches(packed, @"\]\(([^)]*)\)").Select(match => match.Groups[1].Value)];
        Assert.True(links.Length > 10, $"only {links.Length} links");
        Assert.All(links, link => Assert.StartsWith("https://", link));
        string[] repositories =
            ["https://github.com/attentiongen/attentiongen/blob/main/", "https://raw.githubusercontent.com/attentiongen/attentiongen/main/"];
        foreach (string repository in repositories)
        {
            string[] own = [.. links.Where(link => link.StartsWith(repository, StringComparison.Ordinal))];
            Assert.NotEmpty(own);
            Assert.All(own, link => Assert.True(Path.Exists(Path.Combine(RepositoryRoot.Path, link[repository.Length..])), link));
        }
        Assert.Equal(
            File.ReadAllText(Path.Combine(RepositoryRoot.Path, "README.md")).TrimEnd(),
            repositories.Aggregate(packed, (text, repository) => text.Replace(repository, "", StringComparison.Ordinal)).TrimEnd());
    }

    [Fact]
    public void Consumers_build_without_a_warning() =>
        Assert.Matches(@"\n\s+0 Warning\(s\)", package.BuildOutput);

    [Theory]
    [InlineData("Alias")]
    [InlineData("App")]
    [InlineData("Strict")]
    public void A_consumer_computes_what_the_reference_does(string name)
    {
        string[] lines = package.RunConsumer(name);
        Assert.Equal($"accelerated {TestKernel.IsAccelerated}", lines[0]);
        Assert.InRange(Error(lines[1]), 0, Tolerance);
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public void Classes_of_one_name_are_told_apart()
    {
        string[] lines = package.RunConsumer("Names");
        Assert.Equal(["First.Block 32", "Second.Block 48", "Models.Encoder+Block 64", "Block 16"], lines.Select(line => line[..line.LastIndexOf(' ')]));
        Assert.All(lines, line => Assert.InRange(Error(line), 0, Tolerance));
    }

    [Theory]
    // A library passes the targets on to the program that is published.
    [InlineData("App", "-p:RuntimeIdentifier=linux-x64", "x86-64-v3")]
    [InlineData("Names", "-p:RuntimeIdentifier=linux-x64", "x86-64-v3")]
    [InlineData("Names", "-p:RuntimeIdentifier=linux-arm64", "")]
    // Of a library for several frameworks, in the build for each, and not in the outer one.
    [InlineData("Library", "-p:RuntimeIdentifier=linux-x64", "")]
    [InlineData("Library", "-p:RuntimeIdentifier=linux-x64;TargetFramework=net10.0", "x86-64-v3")]
    public void Native_programs_get_the_instruction_set_of_the_fast_path(string name, string properties, string expected) =>
        Assert.Equal(expected, package.PropertyOf(name, "IlcInstructionSet", "-p:PublishAot=true", properties));

    /// <summary>The first build wrote them beside the project's own files, where the second finds them.</summary>
    [Fact]
    public void Generated_files_in_the_project_are_not_compiled_as_its_own()
    {
        Assert.NotEmpty(package.BuildOutput);
        string[] files = package.FilesOf("Emitted", "Generated");
        // Members, numbers, four vector targets, and three products for each of these.
        Assert.Equal(6 + 12, files.Length);
        Assert.All(files, file => Assert.Contains("AttentionGen.Generator", file));
        Assert.Matches(@"\n\s+0 Warning\(s\)", package.BuildOne("Emitted", "-c", "Release", "--no-incremental"));
    }

    [Theory]
    [InlineData("Debug", 1)]
    [InlineData("Release", 0)]
    public void A_file_based_program_is_told_that_it_is_slow(string configuration, int warnings)
    {
        string output = package.BuildOne("FileBased/FileBased.cs", "-c", configuration);
        Assert.Equal(warnings, output.Split("warning AG2002: This file-based program is compiled without optimisation").Length - 1);
        Assert.Equal(warnings, output.Split(": warning ").Length - 1);
    }

    [Fact]
    public void A_project_in_FSharp_is_told_that_its_attribute_does_nothing()
    {
        string output = package.BuildOne("FSharp", "-c", "Release");
        Assert.Contains("warning AG2003: AttentionConfig in Block.fs does nothing", output);
        Assert.Matches(@"\n\s+1 Warning\(s\)", output);
    }

    [Fact]
    public void Older_frameworks_are_refused()
    {
        string errors = package.RestoreOnly("Older");
        Assert.Contains("NU1202", errors, StringComparison.Ordinal);
        Assert.Contains("net10.0", errors, StringComparison.Ordinal);
    }

    /// <summary>Paths of all files but those that every package has.</summary>
    private static IEnumerable<string> Files(string path)
    {
        using ZipArchive archive = ZipFile.OpenRead(path);
        return [.. archive.Entries.Select(entry => entry.FullName)
            .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal)
                && name != "[Content_Types].xml" && !name.EndsWith(".nuspec", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    private static double Error(string line) => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
}

/// <summary>Tells whether the fast path runs here.</summary>
[AttentionConfig(Heads = 1, DModel = 16)]
internal sealed partial class TestKernel;
