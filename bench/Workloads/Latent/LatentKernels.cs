namespace AttentionGen.Bench.Workloads;

/// <summary>The latent attention of DeepSeek V2 Lite.</summary>
[LatentAttentionConfig(
    Heads = 16, DModel = 2048, HeadDim = 192, RotaryDim = 64, ValueHeadDim = 128, LatentDim = 512, RotaryScaling = RotaryScaling.Yarn,
    RotaryScalingFactor = 40, RotaryOriginalLength = 4096, RotaryMscale = 0.707, RotaryMscaleAllDim = 0.707, Scale = 0.114721f)]
internal sealed partial class LatentH16D2048;
