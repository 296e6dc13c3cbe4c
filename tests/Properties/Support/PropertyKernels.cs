using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Properties;

/// <summary>Tiny kernels that between them have every parameter that <c>Forward</c> can have, with and without a cache.</summary>
internal static class PropertyKernels
{
    public static KernelSet All { get; } = new(
        ("plain", new() { Heads = 2, DModel = 8 }),
        ("masks", new()
        {
            Heads = 2, DModel = 8, KeyLengths = true, KeyStarts = true, BooleanMask = MaskAxes.BatchHeadQueryKey, AdditiveMask = MaskAxes.QueryKey,
            HeadMask = true,
            Outputs = AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores | AttentionOutputs.LogSumExp,
        }),
        ("short-masks", new()
        {
            Heads = 2, DModel = 8, Causal = true, BooleanMask = MaskAxes.BatchHeadQueryKey, AdditiveMask = MaskAxes.Key, MaskLength = true,
            Outputs = AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores,
        }),
        ("cached", new() { Heads = 2, KvHeads = 1, DModel = 8, Causal = true, PrefixLengths = true, Documents = true, Rotary = RotaryKind.HalfSplit,
            Positions = true, HeadMask = true }),
        ("window", new() { Heads = 2, DModel = 8, Causal = true, WindowLeft = 20, KeyLengths = true }),
        ("ragged", new() { Heads = 2, DModel = 8, Causal = true, Ragged = true, KeyLengths = true, Documents = true, Outputs = AttentionOutputs.LogSumExp }),
        ("ragged-core", new() { Heads = 2, HeadDim = 4, Projections = false, Ragged = true, Outputs = AttentionOutputs.LogSumExp }),
        ("core", new() { Heads = 4, KvHeads = 2, HeadDim = 4, ValueHeadDim = 6, Projections = false, Layout = HeadLayout.HeadsRows, KeyLengths = true,
            Outputs = AttentionOutputs.LogSumExp }),
        ("cross", new() { Heads = 2, DModel = 8, MemoryDim = 6, KeyLengths = true, AdditiveMask = MaskAxes.BatchHeadQueryKey }),
        ("ragged-cross", new() { Heads = 2, DModel = 8, MemoryDim = 6, Ragged = true, KeyStarts = true }),
        ("cross-values", new() { Heads = 2, DModel = 8, MemoryDim = 6, ValueInputDim = 5, KeyLengths = true, HeadMask = true }),
        ("ragged-cross-values", new() { Heads = 2, KvHeads = 1, DModel = 8, MemoryDim = 6, ValueInputDim = 7, Ragged = true,
            Outputs = AttentionOutputs.LogSumExp }),
        ("fixed", new() { Heads = 2, DModel = 8, SequenceLength = 5, KeyLengths = true, SkipPadding = true }));
}
