using AttentionGen.Tests.Generator;

namespace AttentionGen.Tests.Package;

/// <summary>A project that has the package's targets as a package reference would give them, in a folder of its own.</summary>
internal static class TemporaryProject
{
    /// <summary>The folder of <c>AttentionGen.props</c> and <c>AttentionGen.targets</c>.</summary>
    public static string Targets { get; } = Path.Combine(RepositoryRoot.Path, "runtime", "Package");

    /// <summary>Runs a target of the project, and deletes it.</summary>
    /// <param name="project">The name of the project's file.</param>
    /// <param name="text">Its text.</param>
    /// <param name="target">The target.</param>
    /// <param name="files">Paths and texts of further files.</param>
    public static (int ExitCode, string Output) Build(string project, string text, string target, params (string Path, string Text)[] files)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("attentiongen-targets");
        try
        {
            foreach ((string path, string content) in files.Append((project, text)))
            {
                string full = Path.Combine(folder.FullName, path);
                Directory.CreateDirectory(Path.GetDirectoryName(full)!);
                File.WriteAllText(full, content);
            }

            (int exitCode, string output, string errors) = DotnetCommand.TryRun(folder.FullName, [], "msbuild", "-nologo", $"-t:{target}");
            Assert.Empty(errors);
            return (exitCode, output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
