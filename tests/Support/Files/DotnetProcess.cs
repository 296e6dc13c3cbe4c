using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AttentionGen.Tests.Support;

/// <summary>Runs the <c>dotnet</c> that runs this process.</summary>
internal static class DotnetProcess
{
    /// <summary>Runs it to its end, whatever comes of it.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="isLeftOut">Which settings of this process must not reach the other one.</param>
    /// <param name="settings">Settings for the other one.</param>
    /// <param name="folder">Its folder; this process's where empty.</param>
    /// <returns>The exit code, the exact bytes of its standard output, and its standard error.</returns>
    public static (int ExitCode, byte[] Output, string Errors) Run(
        IEnumerable<string> arguments, Func<string, bool> isLeftOut, (string Name, string Value)[] settings, string folder = "")
    {
        // shared/Microsoft.NETCore.App/<version>/ is three folders below it.
        string program = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", program));
        var start = new ProcessStartInfo(host, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(isLeftOut).ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return (process.ExitCode, output.ToArray(), errors.Result);
    }

    /// <summary>Arguments that run a program beside the tests.</summary>
    public static IEnumerable<string> Beside(string assembly, IEnumerable<string> arguments) =>
        ["exec", Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), .. arguments];
}
