using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>
/// A selection in which every head count, head dimension and option meets several of the others, without the full product.
/// Names read h(eads), kv, d(head dim), m(odel), x(memory) and the options.
/// </summary>
internal static class GridConfigurations
{
    public static KernelSet All { get; } = new(
        properties: null,
        // Every head dimension, most head counts.
        ("h1-m1", new() { Heads = 1, DModel = 1 }),
        ("h3-d1", new() { Heads = 3, DModel = 3 }),
        ("h16-d1-nobias", new() { Heads = 16, DModel = 16, Biases = false }),
        ("h1-d3", new() { Heads = 1, DModel = 3 }),
        ("h5-d3-lengths", new() { Heads = 5, DModel = 15, KeyLengths = true }),
        ("h2-d4", new() { Heads = 2, DModel = 8 }),
        ("h7-d4-causal", new() { Heads = 7, DModel = 28, Causal = true }),
        ("h16-kv4-d4", new() { Heads = 16, KvHeads = 4, DModel = 64 }),
        ("h1-d8", new() { Heads = 1, DModel = 8 }),
        ("h4-d8-causal-lengths", new() { Heads = 4, DModel = 32, Causal = true, KeyLengths = true }),
        ("h9-kv3-d8-nobias", new() { Heads = 9, KvHeads = 3, DModel = 72, Biases = false }),
        ("h8-kv4-d8-interleaved", new() { Heads = 8, KvHeads = 4, DModel = 64, Causal = true, Rotary = RotaryKind.Interleaved, Biases = false }),
        ("h2-d10", new() { Heads = 2, DModel = 20 }),
        ("h6-kv2-d10-half6", new() { Heads = 6, KvHeads = 2, DModel = 60, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 6 }),
        ("h13-kv1-d10", new() { Heads = 13, KvHeads = 1, DModel = 130 }),
        ("h4-d16", new() { Heads = 4, DModel = 64 }),
        ("h8-kv2-d16-causal", new() { Heads = 8, KvHeads = 2, DModel = 128, Causal = true }),
        ("h12-d16-lengths", new() { Heads = 12, DModel = 192, KeyLengths = true }),
        ("h16-kv8-d16", new() { Heads = 16, KvHeads = 8, DModel = 256 }),
        ("h3-d20", new() { Heads = 3, DModel = 60 }),
        ("h5-kv1-d20-lengths", new() { Heads = 5, KvHeads = 1, DModel = 100, KeyLengths = true }),
        ("h10-d20-causal", new() { Heads = 10, DModel = 200, Causal = true, CausalAlignment = CausalAlignment.BottomRight }),
        ("h4-d32", new() { Heads = 4, DModel = 128 }),
        ("h12-d32-lengths", new() { Heads = 12, DModel = 384, KeyLengths = true }),
        ("h6-d40", new() { Heads = 6, DModel = 240 }),
        ("h8-kv2-d40-causal", new() { Heads = 8, KvHeads = 2, DModel = 320, Causal = true }),
        ("h1-d64", new() { Heads = 1, DModel = 64 }),
        ("h8-d64", new() { Heads = 8, DModel = 512 }),
        ("h8-d64-causal", new() { Heads = 8, DModel = 512, Causal = true }),
        ("h16-kv4-d64-m100", new() { Heads = 16, KvHeads = 4, HeadDim = 64, DModel = 100 }),
        ("h2-d80", new() { Heads = 2, DModel = 160 }),
        ("h4-kv2-d80-m96-half32", new() { Heads = 4, KvHeads = 2, HeadDim = 80, DModel = 96, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 32 }),
        ("h3-d96", new() { Heads = 3, DModel = 288 }),
        ("h8-d96-m50", new() { Heads = 8, HeadDim = 96, DModel = 50 }),
        ("h2-d128", new() { Heads = 2, DModel = 256 }),
        ("h8-kv1-d128-half", new() { Heads = 8, KvHeads = 1, HeadDim = 128, DModel = 128, Causal = true, Rotary = RotaryKind.HalfSplit }),
        ("h16-kv2-d128-m72-interleaved", new() { Heads = 16, KvHeads = 2, HeadDim = 128, DModel = 72, Rotary = RotaryKind.Interleaved }),
        ("h1-d256", new() { Heads = 1, DModel = 256 }),
        (
            "h4-kv1-d256-m64-half",
            new() { Heads = 4, KvHeads = 1, HeadDim = 256, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 1_000_000 }),
        ("h3-d256-m40", new() { Heads = 3, HeadDim = 256, DModel = 40, KeyLengths = true }),
        // Widths that are no multiple of 8 or 16.
        ("h7-d16-m113", new() { Heads = 7, HeadDim = 16, DModel = 113 }),
        ("h11-d8-m257", new() { Heads = 11, HeadDim = 8, DModel = 257, Causal = true }),
        ("h14-d32-m45", new() { Heads = 14, HeadDim = 32, DModel = 45 }),
        ("h15-kv5-d4", new() { Heads = 15, KvHeads = 5, DModel = 60, KeyLengths = true }),
        // Cross-attention.
        ("cross-h4-d16", new() { Heads = 4, DModel = 64, MemoryDim = 64 }),
        ("cross-h3-d10-x7", new() { Heads = 3, DModel = 30, MemoryDim = 7 }),
        ("cross-h8-d8-x100-lengths", new() { Heads = 8, DModel = 64, MemoryDim = 100, KeyLengths = true }),
        ("cross-h6-kv3-d20-m33-x65", new() { Heads = 6, KvHeads = 3, HeadDim = 20, DModel = 33, MemoryDim = 65 }),
        ("cross-h2-d128-m31-x1", new() { Heads = 2, HeadDim = 128, DModel = 31, MemoryDim = 1 }),
        ("cross-h16-d3-m17-x16", new() { Heads = 16, HeadDim = 3, DModel = 17, MemoryDim = 16 }),
        ("cross-h4-d64-m96-x40-causal", new() { Heads = 4, HeadDim = 64, DModel = 96, MemoryDim = 40, Causal = true }),
        (
            "cross-h4-d32-bottomright",
            new() { Heads = 4, HeadDim = 32, DModel = 40, MemoryDim = 24, Causal = true, CausalAlignment = CausalAlignment.BottomRight }),
        ("cross-h4-kv2-d20-bottomright-lengths", new() { Heads = 4, KvHeads = 2, HeadDim = 20, DModel = 40, MemoryDim = 24, Causal = true,
            CausalAlignment = CausalAlignment.BottomRight, KeyLengths = true }),
        ("cross-h1-d1-lengths", new() { Heads = 1, DModel = 1, MemoryDim = 1, KeyLengths = true }),
        ("cross-h5-d40-m21-x512-nobias", new() { Heads = 5, HeadDim = 40, DModel = 21, MemoryDim = 512, Biases = false }),
        ("cross-h12-kv4-d64-lengths", new() { Heads = 12, KvHeads = 4, HeadDim = 64, DModel = 96, MemoryDim = 80, KeyLengths = true }),
        ("cross-h3-d10-x7-v40", new() { Heads = 3, DModel = 30, MemoryDim = 7, ValueInputDim = 40 }),
        ("cross-h6-kv3-d20-m33-x65-v33-lengths", new() { Heads = 6, KvHeads = 3, HeadDim = 20, DModel = 33, MemoryDim = 65, ValueInputDim = 33,
            KeyLengths = true }),
        ("cross-h8-d8-x64-v64-bfloat16", new() { Heads = 8, DModel = 64, MemoryDim = 64, ValueInputDim = 64, Weights = WeightFormat.BFloat16 }),
        ("cross-h4-d16-x32-v544-int8", new() { Heads = 4, DModel = 64, MemoryDim = 32, ValueInputDim = 544, Weights = WeightFormat.Int8Blocks,
            KeyValues = KeyValueFormat.Int8 }),
        ("full-cross-h2-d8-x8-v5", new() { Heads = 2, DModel = 16, MemoryDim = 8, ValueInputDim = 5, Unrolling = Unrolling.Full }),
        ("cross-h4-d16-s7", new() { Heads = 4, DModel = 64, MemoryDim = 48, SequenceLength = 7 }),
        // One bias missing at a time.
        ("no-query-bias", new() { Heads = 2, DModel = 32, QueryBias = false }),
        ("no-key-bias", new() { Heads = 2, DModel = 40, KeyBias = false }),
        ("no-value-bias", new() { Heads = 4, DModel = 48, ValueBias = false }),
        ("no-output-bias", new() { Heads = 3, DModel = 24, OutputBias = false, KeyLengths = true }),
        // Scales.
        ("scale-1", new() { Heads = 4, DModel = 64, Scale = 1 }),
        ("scale-0.3", new() { Heads = 2, DModel = 20, Scale = 0.3f, Causal = true }),
        ("scale-3.5", new() { Heads = 8, DModel = 64, Scale = 3.5f }),
        // Rotary embeddings, whole and partial, causal and not.
        ("interleaved4-d10", new() { Heads = 3, DModel = 30, Rotary = RotaryKind.Interleaved, RotaryDim = 4 }),
        ("interleaved2-d3", new() { Heads = 4, DModel = 12, Rotary = RotaryKind.Interleaved, RotaryDim = 2, Causal = true }),
        ("interleaved-d32-base500000", new() { Heads = 4, KvHeads = 2, DModel = 128, Rotary = RotaryKind.Interleaved, RotaryBase = 500_000, Causal = true }),
        ("half32-d64", new() { Heads = 2, DModel = 128, Rotary = RotaryKind.HalfSplit, RotaryDim = 32 }),
        ("half2-d20-lengths", new() { Heads = 2, DModel = 40, Rotary = RotaryKind.HalfSplit, RotaryDim = 2, KeyLengths = true }),
        ("half-d16-causal-lengths", new() { Heads = 6, KvHeads = 3, DModel = 96, Rotary = RotaryKind.HalfSplit, Causal = true, KeyLengths = true }),
        // Fixed lengths.
        ("s1", new() { Heads = 2, DModel = 32, SequenceLength = 1 }),
        ("s5-causal", new() { Heads = 4, DModel = 40, SequenceLength = 5, Causal = true }),
        ("s16-h4-d32", new() { Heads = 4, DModel = 128, SequenceLength = 16 }),
        ("s64-half", new() { Heads = 4, KvHeads = 1, DModel = 64, SequenceLength = 64, Rotary = RotaryKind.HalfSplit }),
        ("s129-lengths", new() { Heads = 3, DModel = 60, SequenceLength = 129, KeyLengths = true }),
        ("s300-causal", new() { Heads = 2, DModel = 32, SequenceLength = 300, Causal = true }),
        // Bottom-right alignment of ragged sequences: the offset is negative.
        ("bottomright-lengths", new() { Heads = 4, DModel = 64, Causal = true, CausalAlignment = CausalAlignment.BottomRight, KeyLengths = true }),
        // Fully unrolled.
        ("full-h1-d4", new() { Heads = 1, DModel = 4, Unrolling = Unrolling.Full }),
        ("full-h2-d4-s5", new() { Heads = 2, DModel = 8, SequenceLength = 5, Unrolling = Unrolling.Full }),
        ("full-h4-d8-causal", new() { Heads = 4, DModel = 32, Causal = true, Unrolling = Unrolling.Full }),
        ("full-cross-h2-kv1-d8", new() { Heads = 2, KvHeads = 1, DModel = 16, MemoryDim = 8, Unrolling = Unrolling.Full }),
        ("full-h4-d16-lengths", new() { Heads = 4, DModel = 64, KeyLengths = true, Unrolling = Unrolling.Full }),
        ("full-h4-d32-s16", new() { Heads = 4, DModel = 128, SequenceLength = 16, Unrolling = Unrolling.Full }));

    /// <summary>Those that also run at lengths around the key blocks.</summary>
    public static TheoryData<string> Long { get; } =
    [
        "h7-d4-causal", "h4-d8-causal-lengths", "h13-kv1-d10", "h4-d16", "h8-kv2-d16-causal", "h12-d16-lengths", "h1-d64", "h3-d20",
        "h4-kv1-d256-m64-half", "h7-d16-m113", "cross-h8-d8-x100-lengths", "cross-h4-d64-m96-x40-causal", "cross-h4-d32-bottomright",
        "scale-3.5", "interleaved-d32-base500000", "half2-d20-lengths", "bottomright-lengths", "full-h4-d8-causal",
    ];
}
