using AttentionGen.Tests.Generator;

namespace AttentionGen.Tests.Package;

/// <summary>Packs the package, and builds the consumers outside the repository from it and from nothing else. Done once, when first asked for.</summary>
public sealed class PackageFixture : IDisposable
{
    private readonly Lazy<string> folder;
    private readonly Lazy<string> build;

    public PackageFixture()
    {
        folder = new(Pack);
        build = new(Build);
    }

    /// <summary>The one package.</summary>
    public string PackagePath => Assert.Single(Directory.GetFiles(Path.Combine(folder.Value, "packed"), "*.nupkg"));

    /// <summary>Its symbols.</summary>
    public string SymbolsPath => Assert.Single(Directory.GetFiles(Path.Combine(folder.Value, "packed"), "*.snupkg"));

    /// <summary>What building the consumers wrote.</summary>
    public string BuildOutput => build.Value;

    /// <summary>Runs a consumer and returns the lines it wrote.</summary>
    public string[] RunConsumer(string name)
    {
        Assert.NotEmpty(BuildOutput);
        string program = Path.Combine(folder.Value, name, "bin", "Release", "net10.0", $"{name}.dll");
        return DotnetCommand.Run(folder.Value, [], "exec", program).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>A property of a consumer that was built, as the build sees it with these arguments.</summary>
    public string PropertyOf(string name, string property, params string[] arguments)
    {
        Assert.NotEmpty(BuildOutput);
        return DotnetCommand.Run(Path.Combine(folder.Value, name), [], ["msbuild", $"-getProperty:{property}", .. arguments]).Trim();
    }

    /// <summary>
    /// Builds a project or a file-based program of the consumers' folder, and returns what that wrote. Nothing is left in the user's own folders.
    /// </summary>
    public string BuildOne(string path, params string[] arguments)
    {
        // A folder that is not there yet is none for .NET.
        (string, string) artifacts = ("XDG_DATA_HOME", Directory.CreateDirectory(Path.Combine(folder.Value, "artifacts")).FullName);
        return DotnetCommand.Run(folder.Value, [.. Cache, artifacts], ["build", path, .. arguments]);
    }

    /// <summary>The files of a consumer's folder.</summary>
    public string[] FilesOf(string name, string subfolder) => Directory.GetFiles(Path.Combine(folder.Value, name, subfolder), "*", SearchOption.AllDirectories);

    /// <summary>What NuGet writes where it cannot restore a consumer.</summary>
    public string RestoreOnly(string name)
    {
        (int exitCode, string output, _) = DotnetCommand.TryRun(Path.Combine(folder.Value, name), Cache, "restore");
        Assert.NotEqual(0, exitCode);
        return output;
    }

    public void Dispose()
    {
        if (folder.IsValueCreated)
            Directory.Delete(folder.Value, recursive: true);
    }

    private static string Pack()
    {
        string temporary = Directory.CreateTempSubdirectory("attentiongen-consumers").FullName;
        string source = Path.Combine(RepositoryRoot.Path, "tests", "Package", "Consumers");
        foreach (string path in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(temporary, Path.GetRelativePath(source, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }

        // The tests reference all that goes in, so that it is built already, as they are: bin/<configuration>/net10.0/.
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string project = Path.Combine(RepositoryRoot.Path, "runtime", "AttentionGen.csproj");
        DotnetCommand.Run(RepositoryRoot.Path, [], "pack", project, "--no-build", "-c", configuration, "-o", Path.Combine(temporary, "packed"));
        return temporary;
    }

    private string Build() => DotnetCommand.Run(folder.Value, Cache, "build", "Consumers.slnx", "-c", "Release");

    /// <summary>A cache of its own: a package of this version from an earlier run must not be used.</summary>
    private (string Name, string Value)[] Cache => [("NUGET_PACKAGES", Path.Combine(folder.Value, "cache"))];
}
