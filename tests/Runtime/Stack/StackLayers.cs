namespace AttentionGen.Tests.Runtime.Stack;

/// <summary>The smallest layer that has everything a stack deals with: half of its input, and what its attention adds.</summary>
/// <typeparam name="TKernel">The attention.</typeparam>
internal sealed class HalfLayer<TKernel>(TKernel attention) : ITransformerLayer<HalfLayer<TKernel>>
    where TKernel : class, IAttentionKernel<TKernel>
{
    public static TransformerLayerShape Shape { get; } = new() { Attention = TKernel.Shape, FeedForwardDim = 1 };

    public static bool IsAccelerated => TKernel.IsAccelerated;

    public static string Plan => TKernel.Plan;

    /// <summary>What happens when the layer is called, before it does anything.</summary>
    public Action? Inside { get; set; }

    public static HalfLayer<TKernel> Create(TransformerLayerWeights weights) => new(TKernel.Create(weights.Attention));

    /// <summary>Layers with weights of their own each.</summary>
    public static HalfLayer<TKernel>[] CreateMany(int count) =>
        [.. Enumerable.Range(0, count).Select(layer => new HalfLayer<TKernel>(TKernel.Create(AttentionWeights.Random(TKernel.Shape, seed: layer))))];

    public static long GetScratchBytes(int batch, int rows, int keys, int threads = 1) => TKernel.GetScratchBytes(batch, rows, keys, threads);

    public AttentionCache CreateCache(int capacity, int batch = 1) => attention.CreateCache(capacity, batch);

    public void Forward(in AttentionArguments arguments)
    {
        Inside?.Invoke();
        attention.Forward(in arguments);
        for (int index = 0; index < arguments.Output.Length; index++)
            arguments.Output[index] += 0.5f * arguments.Input[index];
    }
}

[AttentionConfig(Heads = 2, DModel = 8)]
internal sealed partial class PlainAttention;

[AttentionConfig(Heads = 2, DModel = 8, KeyLengths = true)]
internal sealed partial class PaddedAttention;

[AttentionConfig(Heads = 2, KvHeads = 1, DModel = 8, Causal = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class GlobalAttention;

/// <summary>The cache of a window is a ring of 512 keys.</summary>
[AttentionConfig(Heads = 2, DModel = 8, Causal = true, WindowLeft = 20, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class LocalAttention;

[AttentionConfig(Heads = 2, DModel = 8, Causal = true, Ragged = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class RaggedGlobalAttention;

[AttentionConfig(Heads = 2, DModel = 8, Causal = true, Ragged = true, WindowLeft = 20, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class RaggedLocalAttention;

[AttentionConfig(Heads = 2, DModel = 12, Causal = true)]
internal sealed partial class WiderAttention;

[AttentionConfig(Heads = 2, DModel = 8, Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class TellingAttention;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6)]
internal sealed partial class MemoryAttention;

[AttentionConfig(Heads = 2, DModel = 8, HeadMask = true)]
internal sealed partial class MaskedHeadsAttention;

[AttentionConfig(Heads = 4, DModel = 8, HeadMask = true)]
internal sealed partial class MoreMaskedHeadsAttention;
