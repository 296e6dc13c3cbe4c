using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.Bench.Measure;

/// <summary>What the processor says of itself.</summary>
internal static class Cpu
{
    private const string LinuxFile = "/proc/cpuinfo";
    private const string LinuxField = "model name";

    // Leaves of CPUID.
    private const uint IntelCaches = 4;
    private const uint ExtendedLeaves = 0x80000000;
    private const uint AmdFirstLevel = 0x80000005;
    private const uint AmdSecondLevel = 0x80000006;
    private const uint AmdCaches = 0x8000001D;
    private const int MaximalCaches = 16;
    private const int InstructionCache = 2;

    private static readonly Lazy<(int Level, long Bytes)[]> Caches = new(ReadCaches);

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

    /// <summary>The smallest cache that holds so many bytes, such as L2; empty where the processor does not tell.</summary>
    public static string LevelOf(long bytes)
    {
        (int Level, long Bytes)[] caches = Caches.Value;
        if (caches.Length == 0)
            return "";
        (int level, _) = caches.FirstOrDefault(cache => bytes <= cache.Bytes);
        return level == 0 ? "memory" : $"L{level}";
    }

    /// <summary>Data caches by the processor's own account.</summary>
    private static (int Level, long Bytes)[] ReadCaches()
    {
        if (!X86Base.IsSupported)
            return [];
        List<(int, long)> caches = ReadCaches(IntelCaches);
        uint last = (uint)X86Base.CpuId(unchecked((int)ExtendedLeaves), 0).Eax;
        if (caches.Count == 0 && last >= AmdCaches)
            caches = ReadCaches(AmdCaches);
        if (caches.Count == 0 && last >= AmdSecondLevel)
        {
            // The older form, which virtual machines pass on more often. Kibibytes, and units of 512 KiB.
            int first = X86Base.CpuId(unchecked((int)AmdFirstLevel), 0).Ecx;
            (_, _, int second, int third) = X86Base.CpuId(unchecked((int)AmdSecondLevel), 0);
            caches = [(1, (long)(first >>> 24) << 10), (2, (long)(second >>> 16) << 10), (3, (long)(third >>> 18) << 19)];
        }
        return [.. caches.Where(cache => cache.Item2 > 0).Order()];
    }

    private static List<(int Level, long Bytes)> ReadCaches(uint leaf)
    {
        var caches = new List<(int, long)>();
        for (int index = 0; index < MaximalCaches; index++)
        {
            (int eax, int ebx, int ecx, _) = X86Base.CpuId(unchecked((int)leaf), index);
            int type = eax & 0x1F;
            if (type == 0)
                break;
            if (type != InstructionCache)
                caches.Add(((eax >> 5) & 7, ((ebx >>> 22) + 1L) * (((ebx >> 12) & 0x3FF) + 1) * ((ebx & 0xFFF) + 1) * ((uint)ecx + 1L)));
        }
        return caches;
    }
}
