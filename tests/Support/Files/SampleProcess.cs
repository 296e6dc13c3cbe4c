namespace AttentionGen.Tests.Support;

/// <summary>Runs a sample as its user would: as a process, with arguments.</summary>
internal static class SampleProcess
{
    /// <summary>Its exit code, the exact bytes of its standard output, and its standard error.</summary>
    public static (int ExitCode, byte[] Output, string Error) Run(string assembly, params ReadOnlySpan<string> arguments) =>
        DotnetProcess.Run(DotnetProcess.Beside(assembly, [.. arguments]), _ => false, []);
}
