namespace AttentionGen.Bench.Training;

/// <summary>The attention block of the original Transformer's base model, trainable.</summary>
[AttentionConfig(Heads = 8, DModel = 512, Gradients = true)]
internal sealed partial class TrainedBlock;

/// <summary>A pre-norm layer of the same width, trainable.</summary>
[TransformerLayerConfig(
    Heads = 8, DModel = 512, FeedForwardDim = 2048, Activation = Activation.Gelu, Norm = Norm.Layer, NormPlacement = NormPlacement.Pre, Gradients = true)]
internal sealed partial class TrainedLayer;
