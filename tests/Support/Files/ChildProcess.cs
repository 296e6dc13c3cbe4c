using System.Text;

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
        // Settings of this process must not leak into a run that is to have none, or others.
        (int exitCode, byte[] output, string errors) = DotnetProcess.Run(DotnetProcess.Beside(program, arguments), IsJitSetting, settings);
        string[] lines = Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (exitCode, lines, errors);
    }

    private static bool IsJitSetting(string name)
    {
        string[] prefixes = ["DOTNET_Enable", "DOTNET_Jit", "DOTNET_Tiered", "DOTNET_TC_", "DOTNET_PreferredVectorBitWidth", "DOTNET_OSR"];
        return prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
    }
}
