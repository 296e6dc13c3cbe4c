namespace AttentionGen.Bench.Decode;

// A small Llama in every format: 12 layers of this kind, and a head for 32,000 tokens.

/// <summary>A layer in float32.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.Interleaved, RotaryBase = 10_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f)]
internal sealed partial class Float32Layer;

/// <summary>The head in float32.</summary>
[LinearConfig(Inputs = 576, Outputs = 32_000, Bias = false)]
internal sealed partial class Float32Head;

/// <summary>A layer in bfloat16.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.Interleaved, RotaryBase = 10_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f, Weights = WeightFormat.BFloat16)]
internal sealed partial class BFloat16Layer;

/// <summary>The head in bfloat16.</summary>
[LinearConfig(Inputs = 576, Outputs = 32_000, Bias = false, Weights = WeightFormat.BFloat16)]
internal sealed partial class BFloat16Head;

/// <summary>A layer in float16.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.Interleaved, RotaryBase = 10_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f, Weights = WeightFormat.Float16)]
internal sealed partial class Float16Layer;

/// <summary>The head in float16.</summary>
[LinearConfig(Inputs = 576, Outputs = 32_000, Bias = false, Weights = WeightFormat.Float16)]
internal sealed partial class Float16Head;

/// <summary>A layer in Q8_0.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.Interleaved, RotaryBase = 10_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f, Weights = WeightFormat.Int8Blocks)]
internal sealed partial class Int8BlocksLayer;

/// <summary>The head in Q8_0.</summary>
[LinearConfig(Inputs = 576, Outputs = 32_000, Bias = false, Weights = WeightFormat.Int8Blocks)]
internal sealed partial class Int8BlocksHead;

/// <summary>A layer in Q4_0.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.Interleaved, RotaryBase = 10_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f, Weights = WeightFormat.Int4Blocks)]
internal sealed partial class Int4BlocksLayer;

/// <summary>The head in Q4_0.</summary>
[LinearConfig(Inputs = 576, Outputs = 32_000, Bias = false, Weights = WeightFormat.Int4Blocks)]
internal sealed partial class Int4BlocksHead;

/// <summary>A layer in Q8_0 in int8 arithmetic.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.Interleaved, RotaryBase = 10_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f, Weights = WeightFormat.Int8Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int8DotLayer;

/// <summary>The head in Q8_0 in int8 arithmetic.</summary>
[LinearConfig(Inputs = 576, Outputs = 32_000, Bias = false, Weights = WeightFormat.Int8Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int8DotHead;

/// <summary>A layer in Q4_0 in int8 arithmetic.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.Interleaved, RotaryBase = 10_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f, Weights = WeightFormat.Int4Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int4DotLayer;

/// <summary>The head in Q4_0 in int8 arithmetic.</summary>
[LinearConfig(Inputs = 576, Outputs = 32_000, Bias = false, Weights = WeightFormat.Int4Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int4DotHead;
