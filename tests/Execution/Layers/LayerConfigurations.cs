namespace AttentionGen.Tests.Execution.Layers;

/// <summary>All layers that are declared in this room.</summary>
internal static class LayerConfigurations
{
    public static IReadOnlyList<Type> Types { get; } =
    [
        typeof(BertLayer), typeof(PaddedLayer), typeof(SkippingLayer), typeof(Gpt2Layer), typeof(LlamaLayer), typeof(MistralLayer), typeof(GemmaLayer),
        typeof(GptJLayer), typeof(NeoXLayer), typeof(TinyBertLayer), typeof(ScaledLayer), typeof(LinearLayer), typeof(MarianLayer), typeof(T5Layer),
        typeof(GemmaDecoderLayer), typeof(FillingLayer),
        typeof(RefiningLayer), typeof(OddDecoderLayer), typeof(NarrowMistralLayer), typeof(NarrowMarianLayer),
    ];
}

// Layers as users write them: every placement of norms, every activation, gates and biases, and an attention of each kind.

/// <summary>BERT, MiniLM.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 256, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, Ragged = true)]
internal sealed partial class BertLayer;

/// <summary>The same for padded batches.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 256, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, KeyLengths = true)]
internal sealed partial class PaddedLayer;

/// <summary>The same where padding is skipped.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 256, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, KeyLengths = true,
    SkipPadding = true)]
internal sealed partial class SkippingLayer;

/// <summary>GPT-2.</summary>
[TransformerLayerConfig(Heads = 3, DModel = 48, FeedForwardDim = 192, Causal = true, Activation = Activation.GeluTanh)]
internal sealed partial class Gpt2Layer;

/// <summary>Llama; its feed-forward network fills no whole panels, as that of stories260K.</summary>
[TransformerLayerConfig(
    Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved, Norm = Norm.Rms, Activation = Activation.Silu,
    Gated = true,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false, GateBias = false, DownBias = false)]
internal sealed partial class LlamaLayer;

/// <summary>Mistral: a window, and so a cache that is a ring.</summary>
[TransformerLayerConfig(
    Heads = 4, KvHeads = 2, DModel = 32, FeedForwardDim = 80, Causal = true, WindowLeft = 20, Rotary = RotaryKind.HalfSplit, Norm = Norm.Rms,
    Activation = Activation.Silu, Gated = true)]
internal sealed partial class MistralLayer;

/// <summary>The same with keys and values in int8, and gated heads.</summary>
[TransformerLayerConfig(
    Heads = 4, KvHeads = 2, DModel = 32, FeedForwardDim = 80, Causal = true, WindowLeft = 20, Rotary = RotaryKind.HalfSplit, Norm = Norm.Rms,
    Activation = Activation.Silu, Gated = true, KeyValues = KeyValueFormat.Int8, OutputGate = true)]
internal sealed partial class NarrowMistralLayer;

/// <summary>Gemma 2: norms on both sides, capped scores.</summary>
[TransformerLayerConfig(
    Heads = 2, HeadDim = 32, DModel = 96, FeedForwardDim = 300, Causal = true, Softcap = 50, NormPlacement = NormPlacement.Both, Norm = Norm.Rms,
    Activation = Activation.GeluTanh, Gated = true,
    Ragged = true)]
internal sealed partial class GemmaLayer;

/// <summary>GPT-J: parallel branches; wide enough for two blocks of the depth.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 272, FeedForwardDim = 528, Causal = true, ParallelBranches = true, Activation = Activation.QuickGelu,
    GateBias = false, Gated = true)]
internal sealed partial class GptJLayer;

/// <summary>TinyBERT, whose 312 columns fill no whole panels; here 40.</summary>
[TransformerLayerConfig(Heads = 5, DModel = 40, FeedForwardDim = 150, NormPlacement = NormPlacement.Post, Ragged = true, OutputGate = true)]
internal sealed partial class TinyBertLayer;

/// <summary>GPT-NeoX: parallel branches, each with a norm of its own.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 256, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 4, ParallelBranches = true,
    ParallelNorms = true)]
internal sealed partial class NeoXLayer;

/// <summary>The first Transformer, with a scale of what branches add, and no bias anywhere.</summary>
[TransformerLayerConfig(
    Heads = 2, DModel = 32, FeedForwardDim = 20, Activation = Activation.Relu, NormPlacement = NormPlacement.Pre, NormBias = false, ResidualScale = 0.5f,
    UpBias = false, DownBias = false,
    Outputs = AttentionOutputs.Probabilities)]
internal sealed partial class ScaledLayer;

/// <summary>Two linear products, and a network wider than one strip.</summary>
[TransformerLayerConfig(Heads = 1, DModel = 16, FeedForwardDim = 600, Activation = Activation.None, NormPlacement = NormPlacement.Both, SequenceLength = 5)]
internal sealed partial class LinearLayer;
