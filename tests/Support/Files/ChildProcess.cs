using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AttentionGen.Tests.Support;

/// <summary>The programs beside the tests, run with JIT settings that cannot be changed within a process.</summary>
internal static class ChildProcess
{
    /// <summary>Runs it to its end and returns the lines it wrote.</summary>
    public static string[] Run(string command, params (string Name, string Value)[] settings)
    {
        (int exitCode, string[] lines, string errors) = Start("AttentionGen.Tests.Child", [command], settings);
        string title = string.Join(" ", settings.Select(setting => $"{setting.Name}={setting.Value}"));
        Assert.True(exitCode == 0, $"{title}: exit code {exitCode}\n{string.Join("\n", lines)}\n{errors}");
        return lines;
    }

    /// <summary>Runs a program beside the tests to its end, whatever that is.</summary>
    public static (int ExitCode, string[] Lines, string Errors) Start(string program, string[] arguments, (string Name, string Value)[] settings)
    {
        // The dotnet that runs this process: shared/Microsoft.NETCore.App/<version>/ is three folders below it.
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        var start = new ProcessStartInfo(host, ["exec", Path.Combine(AppContext.BaseDirectory, program + ".dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Settings of this process must not leak into a run that is to have none, or others.
        foreach (string name in start.Environment.Keys.Where(name => IsJitSetting(name)).ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), errors.Result);
    }

    private static bool IsJitSetting(string name)
    {
        string[] prefixes = ["DOTNET_Enable", "DOTNET_Jit", "DOTNET_Tiered", "DOTNET_TC_", "DOTNET_PreferredVectorBitWidth", "DOTNET_OSR"];
        return prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
    }
}
