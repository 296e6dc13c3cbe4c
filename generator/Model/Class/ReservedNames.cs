using System.Collections.Generic;

namespace AttentionGen.Generator.Model;

/// <summary>Members of the generated part. All are reserved, whatever the configuration, so that changing a setting never makes a user's member clash.</summary>
internal static class ReservedNames
{
    public static readonly IReadOnlyCollection<string> Members = new SortedSet<string>(System.StringComparer.Ordinal)
    {
        "Heads", "KvHeads", "HeadDim", "ValueHeadDim", "DModel", "MemoryDim", "SequenceLength",
        "Shape", "IsAccelerated", "Plan", "Create", "GetScratchBytes", "CreateCache", "ProjectMemory", "Forward", "Run",
        "packedWeights", "PathConstants", "Vector512Kernels", "Vector256Kernels", "Vector128Kernels",
    };

    /// <summary>Whether a type or a member of this name would clash with a generated member.</summary>
    public static bool Contains(string name) => ((SortedSet<string>)Members).Contains(name);
}
