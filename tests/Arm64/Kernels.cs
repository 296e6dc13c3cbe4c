namespace AttentionGen.Tests.Arm64;

[AttentionConfig(Heads = 4, DModel = 64)]
internal sealed partial class PlainAttention;

[AttentionConfig(Heads = 6, KvHeads = 2, HeadDim = 20, DModel = 50, Causal = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class GroupedAttention;

[AttentionConfig(Heads = 3, HeadDim = 10, DModel = 33, KeyLengths = true)]
internal sealed partial class LengthsAttention;

[AttentionConfig(Heads = 3, HeadDim = 10, DModel = 33, MemoryDim = 21, KeyLengths = true)]
internal sealed partial class CrossAttention;

[AttentionConfig(Heads = 3, HeadDim = 10, DModel = 33, MemoryDim = 21, ValueInputDim = 40)]
internal sealed partial class ValueInputAttention;

[AttentionConfig(Heads = 3, HeadDim = 24, DModel = 48, Causal = true, WindowLeft = 20, Alibi = true)]
internal sealed partial class WindowAttention;

[AttentionConfig(Heads = 2, DModel = 32, BooleanMask = MaskAxes.QueryKey, AdditiveMask = MaskAxes.HeadQueryKey)]
internal sealed partial class MaskAttention;

[AttentionConfig(Heads = 2, DModel = 34, Softcap = 2, RelativePositionBuckets = 8, RelativePositionMaxDistance = 30)]
internal sealed partial class SoftcapAttention;

[AttentionConfig(Heads = 2, DModel = 32)]
internal sealed partial class ModifierAttention
{
    [ScoreModifier]
    public static float Modify(float score, int head, int query, int key) => key > query ? score : (score * 0.75f) - (0.01f * (query - key));

    [MaskPredicate]
    public static bool IsSeen(int head, int query, int key) => (key + head) % 3 != 0 || key == query;
}

[AttentionConfig(
    Heads = 4, KvHeads = 1, HeadDim = 16, ValueHeadDim = 12, DModel = 40, Causal = true, Sinks = true, BiasKeyValue = true, ZeroKeyValue = true,
    QueryKeyNorm = QueryKeyNorm.Rms, Rotary = RotaryKind.Interleaved, RotaryDim = 8, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4,
    RotaryOriginalLength = 64)]
internal sealed partial class SinksAttention;

[AttentionConfig(Heads = 2, DModel = 32, Causal = true, Ragged = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class RaggedAttention;

[AttentionConfig(
    Heads = 3, HeadDim = 17, ValueHeadDim = 9, Projections = false, Layout = HeadLayout.HeadsRows, QueryKeyNorm = QueryKeyNorm.Layer,
    Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities)]
internal sealed partial class CoreAttention;

[AttentionConfig(Heads = 2, KvHeads = 1, HeadDim = 256, DModel = 24)]
internal sealed partial class WideHeadAttention;

[AttentionConfig(Heads = 2, DModel = 6, Unrolling = Unrolling.Full)]
internal sealed partial class TinyAttention;

/// <summary>Large enough that two threads share its calls; the masks tell the keys that a cache holds apart.</summary>
[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 32, DModel = 160, Causal = true, BooleanMask = MaskAxes.QueryKey, AdditiveMask = MaskAxes.HeadQueryKey)]
internal sealed partial class SharedAttention
{
    [MaskPredicate]
    public static bool IsSeen(int head, int query, int key)
    {
        Meeting.Attend();
        return (key + head) % 5 != 0 || key == query;
    }
}

/// <summary>The same with a window, whose cache is a ring.</summary>
[AttentionConfig(
    Heads = 4, KvHeads = 2, HeadDim = 32, DModel = 160, Causal = true, WindowLeft = 40, Sinks = true, Rotary = RotaryKind.HalfSplit,
    BooleanMask = MaskAxes.QueryKey)]
internal sealed partial class RingAttention
{
    [MaskPredicate]
    public static bool IsSeen(int head, int query, int key) => SharedAttention.IsSeen(head, query, key);
}

/// <summary>Keys and values of 8 bits.</summary>
[AttentionConfig(Heads = 6, KvHeads = 2, HeadDim = 20, Projections = false, Causal = true, KeyValues = KeyValueFormat.Int8)]
internal sealed partial class Int8CacheAttention;

/// <summary>Keys and values in half precision.</summary>
[AttentionConfig(Heads = 6, KvHeads = 2, HeadDim = 20, Projections = false, Causal = true, KeyValues = KeyValueFormat.Float16)]
internal sealed partial class Float16CacheAttention;
