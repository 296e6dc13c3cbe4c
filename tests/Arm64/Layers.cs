namespace AttentionGen.Tests.Arm64;

/// <summary>BERT's form: norms after the sums, GELU by the error function.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 100, NormPlacement = NormPlacement.Post, KeyLengths = true)]
internal sealed partial class EncoderLayer;

/// <summary>Llama's form: RMS norms, rotary positions, a gate, no biases.</summary>
[TransformerLayerConfig(
    Heads = 4, KvHeads = 2, DModel = 48, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.HalfSplit, Norm = Norm.Rms, Activation = Activation.Silu,
    Gated = true, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false, GateBias = false, DownBias = false)]
internal sealed partial class GatedLayer;

/// <summary>A decoder's layer with norms on both sides, whose memory has another width.</summary>
[TransformerLayerConfig(
    Heads = 2, DModel = 32, FeedForwardDim = 70, Causal = true, NormPlacement = NormPlacement.Both, Activation = Activation.GeluTanh, ResidualScale = 0.5f,
    MemoryDim = 20)]
internal sealed partial class DecoderLayer;

/// <summary>A product whose columns fill no whole panels.</summary>
[LinearConfig(Inputs = 300, Outputs = 85, Activation = Activation.QuickGelu, Gate = true, Residual = true)]
internal sealed partial class GatedLinear;

/// <summary>BERT's form in int8 arithmetic.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 100, NormPlacement = NormPlacement.Post, Weights = WeightFormat.Int8)]
internal sealed partial class Int8Layer;

[LinearConfig(Inputs = 300, Outputs = 85, Weights = WeightFormat.Int8)]
internal sealed partial class Int8Linear;

[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Int8Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int8BlocksLinear;

[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Int4Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int4BlocksLinear;

/// <summary>Blocks that are widened.</summary>
[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Int4Blocks)]
internal sealed partial class WidenedLinear;

/// <summary>Half precision that is widened.</summary>
[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Float16)]
internal sealed partial class Float16Linear;
