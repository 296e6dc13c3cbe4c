using AttentionGen.Bench.Subjects;

namespace AttentionGen.Bench.Workloads;

/// <summary>A call of a whole Transformer layer.</summary>
internal sealed record LayerWorkload : AttentionWorkload
{
    public required TransformerLayerShape Layer { get; init; }

    /// <inheritdoc/>
    public override long RequiredBytes => base.RequiredBytes + (sizeof(float) * FeedForwardWeights);

    /// <inheritdoc/>
    public override double UsefulOperations => base.UsefulOperations + (2.0 * AllUsefulRows * FeedForwardWeights);

    /// <summary>Elements of the matrices of the feed-forward network.</summary>
    private long FeedForwardWeights => (Layer.Gated ? 3L : 2) * Layer.DModel * Layer.FeedForwardDim;

    public static LayerWorkload OfLayer<TLayer>(string name, int rows, int cachedRows = 0)
        where TLayer : class, ITransformerLayer<TLayer> => new()
        {
            Name = name,
            Layer = TLayer.Shape,
            Shape = TLayer.Shape.Attention,
            Kernel = typeof(TLayer),
            Plan = TLayer.Plan,
            CreateGenerated = () => new GeneratedLayerSubject<TLayer>(),
            Rows = rows,
            CachedRows = cachedRows,
        };

    /// <inheritdoc/>
    public override IEnumerable<ISubject> CreatePeers()
    {
        foreach (ISubject subject in OnnxLayerSubjects.Of(this))
            yield return subject;
        yield return new GenericLayerSubject();
    }

    /// <inheritdoc/>
    public override WorkloadData CreateData() => new LayerData(this);
}
