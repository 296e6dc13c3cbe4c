namespace AttentionGen.Bench.Workloads;

/// <summary>Seeded inputs and weights of a layer.</summary>
internal sealed class LayerData : AttentionData
{
    public LayerData(LayerWorkload workload)
        : this(workload, TransformerLayerWeights.Random(workload.Layer, Seed + workload.Seed))
    {
    }

    private LayerData(LayerWorkload workload, TransformerLayerWeights weights)
        : base(workload, weights.Attention)
    {
        Workload = workload;
        LayerWeights = weights;
    }

    /// <inheritdoc/>
    public override LayerWorkload Workload { get; }

    public TransformerLayerWeights LayerWeights { get; }

    /// <inheritdoc/>
    protected override double[] Forward(AttentionShape shape, in AttentionArguments arguments, ReferenceCache? cache) =>
        ReferenceLayer.Forward(Workload.Layer with { Attention = shape }, LayerWeights, in arguments, cache).Output;
}
