namespace AttentionGen.Bench.Workloads;

/// <summary>What <c>compare</c> measures.</summary>
internal static class WorkloadList
{
    public static IReadOnlyList<Workload> All { get; } =
    [
        Workload.Of<H4D128>("h4-d128-s16", rows: 16),
        Workload.Of<H4D128>("h4-d128-s64", rows: 64),
        Workload.Of<H12D384>("h12-d384-s32", rows: 32),
        Workload.Of<H12D384>("h12-d384-s128", rows: 128),
        Workload.Of<H8D512>("h8-d512-s16", rows: 16),
        Workload.Of<H8D512>("h8-d512-s128", rows: 128),
        Workload.Of<H8D512>("h8-d512-s512", rows: 512),
        Workload.Of<H8D512>("h8-d512-s2048", rows: 2048),
        Workload.Of<H12D768>("h12-d768-s128", rows: 128),
        Workload.Of<H12D768>("h12-d768-s512", rows: 512),

        Workload.Of<CausalH8D512>("causal-h8-d512-s128", rows: 128),
        Workload.Of<CausalH8D512>("causal-h8-d512-s512", rows: 512),
        Workload.Of<CausalH8D512>("causal-h8-d512-s2048", rows: 2048),

        Workload.Of<PaddedH12D384>("padded-h12-d384-b8", rows: 128, keyLengths: [128, 16, 96, 48, 112, 32, 80, 64]),
        Workload.Of<PaddedSkipH12D384>("padded-skip-h12-d384-b8", rows: 128, keyLengths: [128, 16, 96, 48, 112, 32, 80, 64]),
        Workload.Of<RaggedH12D384>("ragged-h12-d384-b8", rows: 128, keyLengths: [128, 16, 96, 48, 112, 32, 80, 64]),
        Workload.Of<CrossH8D512>("cross-h8-d512-q32-m512", rows: 32, memoryRows: 512),

        Workload.Of<WindowH8D512>("window256-h8-d512-s2048", rows: 2048),
        Workload.Of<WindowH8D512>("window256-h8-d512-s8192", rows: 8192),
        Workload.Of<FullH8D512>("full-h8-d512-s512", rows: 512),
        Workload.Of<ModifierH8D512>("modifier-h8-d512-s512", rows: 512, scoreModifier: ModifierH8D512.Modify),

        Workload.Of<DecodeH14D896>("decode-h14/2-d896-c512", rows: 1, cachedRows: 512),
        Workload.Of<DecodeH32D2048>("decode-h32/8-d2048-c1024", rows: 1, cachedRows: 1024),
        Workload.Of<DecodeH9D576>("decode-h9/3-d576-c256", rows: 1, cachedRows: 256),
    ];

    /// <summary>What <c>explain</c> knows too: kernels without projections, which no other subject has beside them.</summary>
    public static IReadOnlyList<Workload> Cores { get; } =
    [
        Workload.Of<CoreH8D64>("core-h8-d64-s512", rows: 512),
        Workload.Of<CausalCoreH14D64>("causal-core-h14/2-d64-s512", rows: 512),
        Workload.Of<CausalCoreH14D64>("decode-core-h14/2-d64-c512", rows: 1, cachedRows: 512),
        Workload.Of<ChangedCoreH14D64>("changed-core-h14/2-d64-s512", rows: 512),
        Workload.Of<ChangedCoreH14D64>("decode-changed-core-h14/2-d64-c512", rows: 1, cachedRows: 512),
    ];

    /// <summary>The workload of this name.</summary>
    public static Workload Find(string name) => All.First(workload => workload.Name == name);
}
