using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>A few configurations of every kind, for the tests that look at bits, masks, memory and threads.</summary>
internal static class SelectedConfigurations
{
    public static KernelSet All { get; } = new(
        properties: null,
        ("self", new() { Heads = 4, DModel = 64 }),
        ("self-odd", new() { Heads = 3, KvHeads = 1, HeadDim = 10, DModel = 27 }),
        ("self-wide", new() { Heads = 2, HeadDim = 96, DModel = 130 }),
        ("self-lengths", new() { Heads = 4, KvHeads = 2, DModel = 80, KeyLengths = true }),
        ("self-rotary", new() { Heads = 4, DModel = 128, Rotary = RotaryKind.HalfSplit, KeyLengths = true }),
        ("causal", new() { Heads = 4, DModel = 64, Causal = true }),
        ("causal-odd", new() { Heads = 5, HeadDim = 3, DModel = 19, Causal = true, KeyLengths = true }),
        ("causal-half", new() { Heads = 8, KvHeads = 2, HeadDim = 64, DModel = 96, Causal = true, Rotary = RotaryKind.HalfSplit }),
        (
            "causal-interleaved",
            new() { Heads = 6, KvHeads = 3, HeadDim = 20, DModel = 48, Causal = true, Rotary = RotaryKind.Interleaved, RotaryDim = 8, KeyLengths = true }),
        ("causal-full", new() { Heads = 2, DModel = 16, Causal = true, Unrolling = Unrolling.Full }),
        ("cross", new() { Heads = 4, DModel = 64, MemoryDim = 40 }),
        ("cross-lengths", new() { Heads = 6, KvHeads = 2, HeadDim = 20, DModel = 33, MemoryDim = 65, KeyLengths = true }),
        ("cross-causal", new() { Heads = 2, HeadDim = 32, DModel = 40, MemoryDim = 24, Causal = true, KeyLengths = true }),
        (
            "cross-bottomright",
            new() { Heads = 2, HeadDim = 32, DModel = 40, MemoryDim = 24, Causal = true, CausalAlignment = CausalAlignment.BottomRight, KeyLengths = true }),
        ("cross-values", new() { Heads = 6, KvHeads = 2, HeadDim = 20, ValueHeadDim = 12, DModel = 33, MemoryDim = 65, ValueInputDim = 40,
            KeyLengths = true }),
        ("causal-int8", new() { Heads = 8, KvHeads = 2, HeadDim = 64, DModel = 96, Causal = true, Rotary = RotaryKind.HalfSplit,
            KeyValues = KeyValueFormat.Int8 }),
        // The widest heads: one row of scores reads fewer panels at once, so that it stays in the slack.
        ("causal-widest", new() { Heads = 2, KvHeads = 1, HeadDim = 512, DModel = 48, Causal = true, Rotary = RotaryKind.Interleaved }),
        ("cross-widest-values", new() { Heads = 2, HeadDim = 500, ValueHeadDim = 512, DModel = 40, MemoryDim = 24, KeyValues = KeyValueFormat.Int8 }),
        ("causal-odd-bfloat16", new() { Heads = 5, HeadDim = 3, DModel = 19, Causal = true, KeyLengths = true, KeyValues = KeyValueFormat.BFloat16 }),
        ("cross-float16", new() { Heads = 6, KvHeads = 2, HeadDim = 20, ValueHeadDim = 72, DModel = 33, MemoryDim = 65, KeyLengths = true,
            KeyValues = KeyValueFormat.Float16 }));

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, (AttentionWeights Weights, IKernel Kernel)> Kernels = [];

    /// <summary>One kernel of each, shared by all tests as a program would share it.</summary>
    public static (AttentionWeights Weights, IKernel Kernel) Kernel(string name)
    {
        lock (Gate)
        {
            if (!Kernels.TryGetValue(name, out var entry))
            {
                IKernelType type = All.Type(name);
                AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 3);
                Kernels.Add(name, entry = (weights, type.Create(weights)));
            }

            return entry;
        }
    }

    /// <summary>A random call of the shared kernel.</summary>
    public static (AttentionCase Call, IKernel Kernel) Call(string name, int batch, int rows, int keys, int seed)
    {
        var (weights, kernel) = Kernel(name);
        return (AttentionCase.Create(kernel.Type.Shape, batch, rows, keys, seed, weights), kernel);
    }
}
