using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using AttentionGen;
using AttentionGen.Tests.Compatibility;

// A user's program that must give the same bits with every AttentionGen until CHANGELOG.md says otherwise, on every processor with fused multiply-add. One
// line for each class: its name, a digest of all bits, and the largest error against float64.
Console.WriteLine($"fused multiply-add: {Fma.IsSupported || AdvSimd.IsSupported}");
Attentions.Calls<EncoderAttention>(null, (1, 1), (2, 33), (1, 270));
Attentions.Calls<CausalAttention>(null, (1, 1), (3, 70), (1, 513));
Attentions.Cached<CausalAttention>(40, 1, 1, 7, 260, 1);
Attentions.Calls<CrossAttention>(null, (1, 1), (2, 6), (3, 65));
Attentions.Cached<CrossAttention>(1, 20);
Attentions.Calls<ScoreAttention>(
    new() { ScoreModifier = (score, _, query, key) => (score * 0.75) - (0.01 * (query - key)) }, (1, 1), (2, 33), (1, 300));
Attentions.Calls<CoreAttention>(new() { MaskPredicate = CoreAttention.IsSeen }, (1, 1), (2, 33), (1, 300));
Attentions.Ragged<RaggedAttention>(0, 14, 19, 20, 20, 290);
Attentions.Calls<GatedAttention>(null, (1, 1), (2, 33), (1, 300));
Attentions.Cached<NarrowAttention>(300, 1, 17);
Attentions.Trained<TrainedAttention>(batch: 2, rows: 40);

Layers.Ragged<EncoderLayer>(0, 14, 19, 20, 20, 170);
Layers.Cached<CausalLayer>(19, 1, 1, 130);
Layers.Cached<DecoderLayer>(19, 1, 1);
Layers.Trained<TrainedLayer>(batch: 2, rows: 40);

Layers.Products<GatedLinear>(1, 2, 3, 13, 130);
Layers.Products<BFloat16Linear>(1, 3, 13);
Layers.Products<Int8Linear>(1, 4, 13, 70);
Layers.Products<Int4Linear>(1, 4, 13);
Layers.Products<TrainedLinear>(1, 3, 50);
