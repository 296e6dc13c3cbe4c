using System.Runtime.Intrinsics;

namespace AttentionGen.Bench.Workloads;

[AttentionConfig(Heads = 4, DModel = 128)]
internal sealed partial class H4D128;

[AttentionConfig(Heads = 12, DModel = 384)]
internal sealed partial class H12D384;

[AttentionConfig(Heads = 8, DModel = 512)]
internal sealed partial class H8D512;

/// <summary>The same as far unrolled as the JIT's limits go.</summary>
[AttentionConfig(Heads = 8, DModel = 512, Unrolling = Unrolling.Full)]
internal sealed partial class FullH8D512;

[AttentionConfig(Heads = 12, DModel = 768)]
internal sealed partial class H12D768;

[AttentionConfig(Heads = 8, DModel = 512, Causal = true)]
internal sealed partial class CausalH8D512;

[AttentionConfig(Heads = 12, DModel = 384, KeyLengths = true)]
internal sealed partial class PaddedH12D384;

[AttentionConfig(Heads = 12, DModel = 384, KeyLengths = true, SkipPadding = true)]
internal sealed partial class PaddedSkipH12D384;

[AttentionConfig(Heads = 12, DModel = 384, Ragged = true)]
internal sealed partial class RaggedH12D384;

[AttentionConfig(Heads = 8, DModel = 512, MemoryDim = 512)]
internal sealed partial class CrossH8D512;

/// <summary>The self-attention of a DETR encoder: positions are added to what queries and keys come from.</summary>
[AttentionConfig(Heads = 8, DModel = 256, MemoryDim = 256, ValueInputDim = 256)]
internal sealed partial class DetrH8D256;

/// <summary>The attention of samples/Train with one head.</summary>
[AttentionConfig(Heads = 1, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class TrainH1D64;

/// <summary>With two heads.</summary>
[AttentionConfig(Heads = 2, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class TrainH2D64;

/// <summary>With four heads.</summary>
[AttentionConfig(Heads = 4, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class TrainH4D64;

/// <summary>With eight heads.</summary>
[AttentionConfig(Heads = 8, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class TrainH8D64;

/// <summary>One layer of Qwen2.5-0.5B.</summary>
[AttentionConfig(Heads = 14, KvHeads = 2, DModel = 896, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 1_000_000, OutputBias = false)]
internal sealed partial class DecodeH14D896;

/// <summary>One layer of Llama-3.2-1B.</summary>
[AttentionConfig(
    Heads = 32, KvHeads = 8, DModel = 2048, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 500_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false)]
internal sealed partial class DecodeH32D2048;

/// <summary>One layer of SmolLM2-135M.</summary>
[AttentionConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 100_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false)]
internal sealed partial class DecodeH9D576;

/// <summary>No projections: queries, keys and values come in, heads go out.</summary>
[AttentionConfig(Heads = 8, HeadDim = 64, Projections = false)]
internal sealed partial class CoreH8D64;

/// <summary>The same, causal, with grouped queries and a cache.</summary>
[AttentionConfig(Heads = 14, KvHeads = 2, HeadDim = 64, Projections = false, Causal = true)]
internal sealed partial class CausalCoreH14D64;

/// <summary>The same with all that is done to given heads: another layout, normalisation, rotary embedding.</summary>
[AttentionConfig(
    Heads = 14, KvHeads = 2, HeadDim = 64, Projections = false, Causal = true, Layout = HeadLayout.HeadsRows,
    QueryKeyNorm = QueryKeyNorm.Rms, Rotary = RotaryKind.HalfSplit, RotaryBase = 1_000_000)]
internal sealed partial class ChangedCoreH14D64;

/// <summary>Decoding with long contexts, keys and values in each format.</summary>
[AttentionConfig(Heads = 8, KvHeads = 2, HeadDim = 64, Projections = false, Causal = true)]
internal sealed partial class CoreH8D64Float32;

[AttentionConfig(Heads = 8, KvHeads = 2, HeadDim = 64, Projections = false, Causal = true, KeyValues = KeyValueFormat.BFloat16)]
internal sealed partial class CoreH8D64BFloat16;

[AttentionConfig(Heads = 8, KvHeads = 2, HeadDim = 64, Projections = false, Causal = true, KeyValues = KeyValueFormat.Float16)]
internal sealed partial class CoreH8D64Float16;

[AttentionConfig(Heads = 8, KvHeads = 2, HeadDim = 64, Projections = false, Causal = true, KeyValues = KeyValueFormat.Int8)]
internal sealed partial class CoreH8D64Int8;

[AttentionConfig(Heads = 8, HeadDim = 64, Projections = false, Causal = true)]
internal sealed partial class MultiHeadD64Float32;

[AttentionConfig(Heads = 8, HeadDim = 64, Projections = false, Causal = true, KeyValues = KeyValueFormat.BFloat16)]
internal sealed partial class MultiHeadD64BFloat16;

[AttentionConfig(Heads = 8, HeadDim = 64, Projections = false, Causal = true, KeyValues = KeyValueFormat.Int8)]
internal sealed partial class MultiHeadD64Int8;

/// <summary>Each row sees itself and the 255 rows before it.</summary>
[AttentionConfig(Heads = 8, DModel = 512, Causal = true, WindowLeft = 255)]
internal sealed partial class WindowH8D512;

/// <summary>A bias of the user's own: a table by distance, eight buckets of 32 positions.</summary>
[AttentionConfig(Heads = 8, DModel = 512)]
internal sealed partial class ModifierH8D512
{
    private static Vector256<float> Biases => Vector256.Create(0f, -0.1f, -0.25f, -0.4f, -0.6f, -0.8f, -1f, -1.25f);

    [ScoreModifier]
    private static Vector256<float> DistanceBuckets(Vector256<float> scores, int head, int query, Vector256<int> keys)
    {
        Vector256<int> distance = Vector256.Abs(keys - Vector256.Create(query));
        return scores + Vector256.ShuffleNative(Biases, Vector256.Min(distance >> 5, Vector256.Create(7)));
    }

    /// <summary>The same for one score, in double precision.</summary>
    public static double Modify(double score, int head, int query, int key) => score + Biases[Math.Min(Math.Abs(key - query) >> 5, 7)];
}

/// <summary>Probabilities are squared, so that keys are passed over twice.</summary>
[AttentionConfig(Heads = 8, DModel = 512)]
internal sealed partial class SquaresH8D512
{
    [ProbabilityModifier]
    private static float Square(float probability, int head, int query, int key) => probability * probability;
}
