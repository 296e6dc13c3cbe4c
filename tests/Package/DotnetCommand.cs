using System.Diagnostics;
using System.Runtime.InteropServices;

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
        // shared/Microsoft.NETCore.App/<version>/ is three folders below it.
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        var start = new ProcessStartInfo(host, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What `dotnet test` sets for its own build must not reach this one.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        // No process stays behind that would keep the folder in use.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
