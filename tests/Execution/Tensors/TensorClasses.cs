namespace AttentionGen.Tests.Execution.Tensors;

[AttentionConfig(Heads = 2, DModel = 8)]
internal sealed partial class TensorSelf;

[AttentionConfig(
    Heads = 2, DModel = 8, KeyLengths = true, KeyStarts = true, BooleanMask = MaskAxes.BatchHeadQueryKey, AdditiveMask = MaskAxes.QueryKey, HeadMask = true,
    Outputs = AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores | AttentionOutputs.LogSumExp)]
internal sealed partial class TensorMasks;

[AttentionConfig(Heads = 2, DModel = 8, Causal = true, BooleanMask = MaskAxes.BatchHeadQueryKey, AdditiveMask = MaskAxes.Key, MaskLength = true,
    Outputs = AttentionOutputs.AveragedProbabilities)]
internal sealed partial class TensorShortMasks;

[AttentionConfig(Heads = 2, KvHeads = 1, DModel = 8, Causal = true, PrefixLengths = true, Documents = true, Rotary = RotaryKind.HalfSplit, Positions = true)]
internal sealed partial class TensorCached;

[AttentionConfig(Heads = 2, DModel = 8, Causal = true, Ragged = true, KeyLengths = true, Documents = true, Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class TensorRagged;

[AttentionConfig(Heads = 2, HeadDim = 4, Projections = false, Ragged = true, Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class TensorRaggedCore;

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 4, ValueHeadDim = 6, Projections = false, Layout = HeadLayout.HeadsRows, KeyLengths = true,
    Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class TensorHeadsRows;

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 4, ValueHeadDim = 6, Projections = false, BooleanMask = MaskAxes.BatchKey)]
internal sealed partial class TensorRowsHeads;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, KeyLengths = true, AdditiveMask = MaskAxes.BatchHeadQueryKey)]
internal sealed partial class TensorCross;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, Ragged = true, KeyStarts = true)]
internal sealed partial class TensorRaggedCross;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, ValueInputDim = 5, Gradients = true)]
internal sealed partial class TensorValues;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, ValueInputDim = 5, Ragged = true)]
internal sealed partial class TensorRaggedValues;

[AttentionConfig(Heads = 2, DModel = 8, SequenceLength = 5, KeyLengths = true, OutputProjection = false)]
internal sealed partial class TensorFixed;

[AttentionConfig(Heads = 2, DModel = 8, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryTables = true)]
internal sealed partial class TensorTables;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, Gradients = true)]
internal sealed partial class TensorTrained;

[TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 20, Causal = true)]
internal sealed partial class TensorLayer;

[TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 20, Causal = true, MemoryDim = 12, MemoryLengths = true)]
internal sealed partial class TensorDecoder;

[LinearConfig(Inputs = 6, Outputs = 10, Gate = true, Residual = true)]
internal sealed partial class TensorLinear;

[LinearConfig(Inputs = 6, Outputs = 10, Gate = true, Gradients = true)]
internal sealed partial class TensorTrainedLinear;
