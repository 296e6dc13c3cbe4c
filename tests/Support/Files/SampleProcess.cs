using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AttentionGen.Tests.Support;

/// <summary>Runs a sample as its user would: as a process, with arguments.</summary>
internal static class SampleProcess
{
    /// <summary>Its exit code, the exact bytes of its standard output, and its standard error.</summary>
    public static (int ExitCode, byte[] Output, string Error) Run(string assembly, params ReadOnlySpan<string> arguments)
    {
        // The dotnet that runs this process: shared/Microsoft.NETCore.App/<version>/ is three folders below it.
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        var start = new ProcessStartInfo(host)
        {
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll") },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return (process.ExitCode, output.ToArray(), error.Result);
    }
}
