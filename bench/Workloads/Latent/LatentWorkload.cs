using AttentionGen.Bench.Subjects;

namespace AttentionGen.Bench.Workloads;

/// <summary>A call of latent attention, in the form that suits it; the other form is its peer.</summary>
internal sealed record LatentWorkload : Workload
{
    public required LatentAttentionShape Shape { get; init; }

    public required int Rows { get; init; }

    /// <summary>Rows that are in the cache before; 0 for a call without a cache.</summary>
    public required int CachedRows { get; init; }

    /// <summary>The other form of our own.</summary>
    public required Func<ISubject> CreateOther { get; init; }

    /// <inheritdoc/>
    public override bool IsBoundByReading => Rows == 1;

    /// <inheritdoc/>
    public override long RequiredBytes
    {
        get
        {
            long queries = Shape.QueryLatentDim == 0
                ? (long)Shape.DModel * Shape.Heads * Shape.HeadDim
                : (long)Shape.QueryLatentDim * (Shape.DModel + (Shape.Heads * Shape.HeadDim));
            long weights = queries + ((long)Shape.DModel * (Shape.LatentDim + Shape.RotaryDim + (Shape.Heads * Shape.ValueHeadDim)))
                + ((long)Shape.Heads * Shape.LatentDim * (Shape.ProjectedKeyDim + Shape.ValueHeadDim));
            return sizeof(float) * (weights + ((CachedRows + Rows) * (long)(Shape.LatentDim + Shape.RotaryDim)));
        }
    }

    /// <summary>Those of the expanded form of a call without a cache, and those of the absorbed form of one with a cache.</summary>
    public override double UsefulOperations
    {
        get
        {
            long weights = (RequiredBytes / sizeof(float)) - ((CachedRows + Rows) * (long)(Shape.LatentDim + Shape.RotaryDim));
            double keys = (Rows * (double)CachedRows) + (Rows * (Rows + 1.0) / 2);
            long ofKey = Shape.Heads * (long)(CachedRows == 0 ? Shape.HeadDim + Shape.ValueHeadDim : (2 * Shape.LatentDim) + Shape.RotaryDim);
            return 2 * ((Rows * (double)weights) + (keys * ofKey));
        }
    }

    public static LatentWorkload Of<TBlock>(string name, int rows, int cachedRows = 0)
        where TBlock : class, ILatentAttention<TBlock>
    {
        LatentForm form = cachedRows == 0 ? LatentForm.Expanded : LatentForm.Absorbed;
        return new()
        {
            Name = name,
            Shape = TBlock.Shape,
            Rows = rows,
            CachedRows = cachedRows,
            CreateGenerated = () => new GeneratedLatentSubject<TBlock>(form, isOther: false),
            CreateOther = () => new GeneratedLatentSubject<TBlock>(
                form == LatentForm.Expanded ? LatentForm.Absorbed : LatentForm.Expanded, isOther: true),
        };
    }

    /// <inheritdoc/>
    public override IEnumerable<ISubject> CreatePeers() => [CreateOther()];

    /// <inheritdoc/>
    public override WorkloadData CreateData() => new LatentData(this);
}
