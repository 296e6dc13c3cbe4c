namespace AttentionGen.Bench.Workloads;

/// <summary>What <c>compare</c> measures.</summary>
internal static class WorkloadList
{
    public static IReadOnlyList<Workload> All { get; } =
    [
        AttentionWorkload.Of<H4D128>("h4-d128-s16", rows: 16),
        AttentionWorkload.Of<H4D128>("h4-d128-s64", rows: 64),
        AttentionWorkload.Of<H12D384>("h12-d384-s32", rows: 32),
        AttentionWorkload.Of<H12D384>("h12-d384-s128", rows: 128),
        AttentionWorkload.Of<H8D512>("h8-d512-s16", rows: 16),
        AttentionWorkload.Of<H8D512>("h8-d512-s128", rows: 128),
        AttentionWorkload.Of<H8D512>("h8-d512-s512", rows: 512),
        AttentionWorkload.Of<H8D512>("h8-d512-s2048", rows: 2048),
        AttentionWorkload.Of<H12D768>("h12-d768-s128", rows: 128),
        AttentionWorkload.Of<H12D768>("h12-d768-s512", rows: 512),

        AttentionWorkload.Of<CausalH8D512>("causal-h8-d512-s128", rows: 128),
        AttentionWorkload.Of<CausalH8D512>("causal-h8-d512-s512", rows: 512),
        AttentionWorkload.Of<CausalH8D512>("causal-h8-d512-s2048", rows: 2048),

        AttentionWorkload.Of<PaddedH12D384>("padded-h12-d384-b8", rows: 128, keyLengths: [128, 16, 96, 48, 112, 32, 80, 64]),
        AttentionWorkload.Of<PaddedSkipH12D384>("padded-skip-h12-d384-b8", rows: 128, keyLengths: [128, 16, 96, 48, 112, 32, 80, 64]),
        AttentionWorkload.Of<RaggedH12D384>("ragged-h12-d384-b8", rows: 128, keyLengths: [128, 16, 96, 48, 112, 32, 80, 64]),
        AttentionWorkload.Of<CrossH8D512>("cross-h8-d512-q32-m512", rows: 32, memoryRows: 512),
        AttentionWorkload.Of<DetrH8D256>("detr-h8-d256-q850-m850", rows: 850, memoryRows: 850),

        AttentionWorkload.Of<WindowH8D512>("window256-h8-d512-s2048", rows: 2048),
        AttentionWorkload.Of<WindowH8D512>("window256-h8-d512-s8192", rows: 8192),
        AttentionWorkload.Of<FullH8D512>("full-h8-d512-s512", rows: 512),
        AttentionWorkload.Of<ModifierH8D512>("modifier-h8-d512-s512", rows: 512, scoreModifier: ModifierH8D512.Modify),
        AttentionWorkload.Of<SquaresH8D512>("squares-h8-d512-s512", rows: 512) with { ProbabilityModifier = (share, _, _, _) => share * share },

        AttentionWorkload.Of<DecodeH14D896>("decode-h14/2-d896-c512", rows: 1, cachedRows: 512),
        AttentionWorkload.Of<DecodeH32D2048>("decode-h32/8-d2048-c1024", rows: 1, cachedRows: 1024),
        AttentionWorkload.Of<DecodeH9D576>("decode-h9/3-d576-c256", rows: 1, cachedRows: 256),

        AttentionWorkload.Of<CoreH8D64Float32>("decode-core-h8/2-d64-c8192-float32", rows: 1, cachedRows: 8192),
        AttentionWorkload.Of<CoreH8D64BFloat16>("decode-core-h8/2-d64-c8192-bfloat16", rows: 1, cachedRows: 8192),
        AttentionWorkload.Of<CoreH8D64Float16>("decode-core-h8/2-d64-c8192-float16", rows: 1, cachedRows: 8192),
        AttentionWorkload.Of<CoreH8D64Int8>("decode-core-h8/2-d64-c8192-int8", rows: 1, cachedRows: 8192),
        AttentionWorkload.Of<MultiHeadD64Float32>("decode-core-h8-d64-c8192-float32", rows: 1, cachedRows: 8192),
        AttentionWorkload.Of<MultiHeadD64BFloat16>("decode-core-h8-d64-c8192-bfloat16", rows: 1, cachedRows: 8192),
        AttentionWorkload.Of<MultiHeadD64Int8>("decode-core-h8-d64-c8192-int8", rows: 1, cachedRows: 8192),

        LayerWorkload.OfLayer<BertLayerH12D384>("layer-bert-h12-d384-f1536-s128", rows: 128),
        LayerWorkload.OfLayer<LlamaLayerH9D576>("layer-llama-h9/3-d576-f1536-s128", rows: 128),
        LayerWorkload.OfLayer<LlamaLayerH9D576>("decode-layer-llama-h9/3-d576-f1536-c256", rows: 1, cachedRows: 256),
        LayerWorkload.OfLayer<LlamaLayerH8D64>("decode-layer-llama-h8/4-d64-f172-c256", rows: 1, cachedRows: 256),

        LatentWorkload.Of<LatentH16D2048>("latent-h16-d2048-s128", rows: 128),
        LatentWorkload.Of<LatentH16D2048>("decode-latent-h16-d2048-c512", rows: 1, cachedRows: 512),
        LatentWorkload.Of<LatentH16D2048>("decode-latent-h16-d2048-c4096", rows: 1, cachedRows: 4096),

        LinearWorkload.Of<FeedForwardUp384>("linear-384-1536-gelu-s128", rows: 128),
        LinearWorkload.Of<FeedForwardDown384>("linear-1536-384-s128", rows: 128),
        LinearWorkload.Of<FeedForwardUp384>("linear-384-1536-gelu-s1", rows: 1),
        LinearWorkload.Of<FeedForwardDown384>("linear-1536-384-s1", rows: 1),
        LinearWorkload.Of<LanguageModelHead576>("linear-576-49152-s1", rows: 1),

        ModelWorkload.Of("minilm-b1-s16", () => SentenceBatches.OneOf(16)),
        ModelWorkload.Of("minilm-b1-s128", () => SentenceBatches.OneOf(128)),
        ModelWorkload.Of("minilm-b32-mixed", SentenceBatches.Mixed),
        ModelWorkload.Of("minilm-b32-sorted", SentenceBatches.Sorted),
        ModelWorkload.OfInt8("minilm-int8-b1-s16", () => SentenceBatches.OneOf(16)),
        ModelWorkload.OfInt8("minilm-int8-b1-s128", () => SentenceBatches.OneOf(128)),
        ModelWorkload.OfInt8("minilm-int8-b32-mixed", SentenceBatches.Mixed),
        ModelWorkload.OfInt8("minilm-int8-b32-sorted", SentenceBatches.Sorted),
    ];

    /// <summary>What <c>explain</c> knows too: layers with narrow weights, which <c>compare</c> has as whole models.</summary>
    public static IReadOnlyList<AttentionWorkload> NarrowLayers { get; } =
    [
        LayerWorkload.OfLayer<BertInt8LayerH12D384>("layer-bert-int8-h12-d384-f1536-s128", rows: 128),
        LayerWorkload.OfLayer<LlamaNarrowLayerH9D576>("layer-llama-narrow-h9/3-d576-f1536-s128", rows: 128),
    ];

    /// <summary>What <c>explain</c> knows too: kernels without projections, which no other subject has beside them.</summary>
    public static IReadOnlyList<AttentionWorkload> Cores { get; } =
    [
        AttentionWorkload.Of<CoreH8D64>("core-h8-d64-s512", rows: 512),
        AttentionWorkload.Of<CausalCoreH14D64>("causal-core-h14/2-d64-s512", rows: 512),
        AttentionWorkload.Of<CausalCoreH14D64>("decode-core-h14/2-d64-c512", rows: 1, cachedRows: 512),
        AttentionWorkload.Of<ChangedCoreH14D64>("changed-core-h14/2-d64-s512", rows: 512),
        AttentionWorkload.Of<ChangedCoreH14D64>("decode-changed-core-h14/2-d64-c512", rows: 1, cachedRows: 512),
    ];

    /// <summary>What <c>explain</c> knows too: the attention of samples/Train, a sequence of its task, with each number of heads.</summary>
    public static IReadOnlyList<AttentionWorkload> Training { get; } =
    [
        AttentionWorkload.Of<TrainH1D64>("train-h1-d64-s48", rows: 48),
        AttentionWorkload.Of<TrainH2D64>("train-h2-d64-s48", rows: 48),
        AttentionWorkload.Of<TrainH4D64>("train-h4-d64-s48", rows: 48),
        AttentionWorkload.Of<TrainH8D64>("train-h8-d64-s48", rows: 48),
    ];

    /// <summary>The workload of this name.</summary>
    public static Workload Find(string name) => All.First(workload => workload.Name == name);
}
