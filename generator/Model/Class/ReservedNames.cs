using System;
using System.Collections.Generic;
using System.Linq;

namespace AttentionGen.Generator.Model;

/// <summary>
/// Members of generated parts. All of a kind are reserved, whatever the configuration, so that changing a setting never makes a user's member clash.
/// </summary>
internal static class ReservedNames
{
    /// <summary>What every kind has.</summary>
    private static readonly string[] Common =
    [
        "Shape", "IsAccelerated", "Plan", "Create", "GetScratchBytes", "Forward", "Run", "packedWeights", "PathConstants",
        "Vector512Kernels", "Vector256Kernels", "NeonKernels", "Vector128Kernels",
    ];

    /// <summary>Names of an attention block.</summary>
    public static IReadOnlyCollection<string> Attention { get; } =
        Set("Heads", "KvHeads", "HeadDim", "ValueHeadDim", "DModel", "MemoryDim", "ValueInputDim", "SequenceLength", "CreateCache", "ProjectMemory",
            "RotaryLength", "WithRotaryLength", "CreateActivations", "Backward", "Pack",
            "ScoreStride", "HeadStride", "JoinedDim", "SoftmaxState");

    /// <summary>Names of one product.</summary>
    public static IReadOnlyCollection<string> Linear { get; } = Set("Inputs", "Outputs", "Backward", "Pack");

    /// <summary>Names of a Transformer layer.</summary>
    public static IReadOnlyCollection<string> TransformerLayer { get; } = Set(
        [.. Attention, "FeedForwardDim", "MemoryConstants", "Vector512MemoryKernels", "Vector256MemoryKernels", "NeonMemoryKernels", "Vector128MemoryKernels"]);

    /// <summary>Names of a block of latent attention.</summary>
    public static IReadOnlyCollection<string> LatentAttention { get; } = Set(
        "Heads", "HeadDim", "RotaryDim", "ValueHeadDim", "LatentDim", "QueryLatentDim", "DModel", "CreateCache", "Parts", "block", "ExpandedAttention",
        "AbsorbedAttention", "QueryDown", "QueryUp", "KeyValueDown", "KeyUp", "ValueUp", "Absorption", "HeadValue", "OutputProjection");

    /// <summary>Names of any kind.</summary>
    public static IReadOnlyCollection<string> Members { get; } = Set([.. Attention, .. TransformerLayer, .. Linear, .. LatentAttention]);

    private static SortedSet<string> Set(params string[] own) => new(Common.Concat(own), StringComparer.Ordinal);
}
