using System.Text;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Package;

/// <summary>The <c>dotnet</c> that runs this process, as a user would call it.</summary>
internal static class DotnetCommand
{
    /// <summary>Runs it to its end and returns what it wrote; any other exit code than 0 fails the test.</summary>
    public static string Run(string folder, (string Name, string Value)[] settings, params string[] arguments)
    {
        (int exitCode, string output, string errors) = TryRun(folder, settings, arguments);
        Assert.True(exitCode == 0, $"dotnet {string.Join(" ", arguments)}: exit code {exitCode}\n{output}\n{errors}");
        return output;
    }

    /// <summary>Runs it to its end, whatever comes of it.</summary>
    public static (int ExitCode, string Output, string Errors) TryRun(string folder, (string Name, string Value)[] settings, params string[] arguments)
    {
        // What `dotnet test` sets for its own build must not reach this one, and no process stays behind that would keep the folder in use.
        (int exitCode, byte[] output, string errors) = DotnetProcess.Run(
            arguments,
            name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase),
            [("MSBUILDDISABLENODEREUSE", "1"), .. settings],
            folder);
        return (exitCode, Encoding.UTF8.GetString(output), errors);
    }
}
