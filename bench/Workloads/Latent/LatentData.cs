namespace AttentionGen.Bench.Workloads;

/// <summary>Seeded inputs and weights of latent attention.</summary>
internal sealed class LatentData : WorkloadData
{
    private const int Seed = 20_26;

    public LatentData(LatentWorkload workload)
    {
        Workload = workload;
        Weights = LatentAttentionWeights.Random(workload.Shape, Seed + workload.Seed);
        var random = new Random(Seed + workload.Seed);
        All = new float[(workload.CachedRows + workload.Rows) * workload.Shape.DModel];
        foreach (ref float value in All.AsSpan())
            value = 2 * random.NextSingle() - 1;
    }

    /// <inheritdoc/>
    public override LatentWorkload Workload { get; }

    public LatentAttentionWeights Weights { get; }

    /// <summary>[rows, DModel]: those of the cache, and those of the call.</summary>
    public float[] All { get; }

    /// <summary>Floats of the rows that are in the cache.</summary>
    public int Cached => Workload.CachedRows * Workload.Shape.DModel;

    /// <inheritdoc/>
    protected override double[] Reference() => ReferenceLatentAttention.Sequence(Workload.Shape, Weights, All, Workload.CachedRows);
}
