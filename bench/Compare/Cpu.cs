using System.Runtime.InteropServices;

namespace AttentionGen.Bench.Compare;

/// <summary>What the processor calls itself.</summary>
internal static class Cpu
{
    private const string LinuxFile = "/proc/cpuinfo";
    private const string LinuxField = "model name";

    public static string Name
    {
        get
        {
            string? name = File.Exists(LinuxFile)
                ? File.ReadLines(LinuxFile).FirstOrDefault(line => line.StartsWith(LinuxField, StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
                : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
            return $"{name ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores";
        }
    }
}
