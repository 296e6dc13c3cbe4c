using AttentionGen.Bench.Subjects;

namespace AttentionGen.Bench.Workloads;

/// <summary>Sentences through all layers of MiniLM: from tokens to the last hidden state.</summary>
internal sealed record ModelWorkload : Workload
{
    /// <summary>The sentences; read on first use.</summary>
    public required Lazy<IReadOnlyList<SentenceBatch>> Batches { get; init; }

    /// <inheritdoc/>
    public override int Sentences => Batches.Value.Sum(batch => batch.Sentences);

    /// <inheritdoc/>
    public override int Tokens => Batches.Value.Sum(batch => batch.Tokens);

    /// <inheritdoc/>
    public override string? Note => SentenceBatches.Source;

    /// <inheritdoc/>
    public override bool IsBoundByReading => false;

    /// <inheritdoc/>
    public override long RequiredBytes => sizeof(float) * MiniLm.LayerCount * LayerWeights;

    /// <inheritdoc/>
    public override double UsefulOperations
    {
        get
        {
            double scores = Batches.Value.Sum(batch => Enumerable.Range(0, batch.Sentences).Sum(sentence => Math.Pow(batch.Length(sentence), 2)));
            return 2 * MiniLm.LayerCount * (((double)Tokens * LayerWeights) + (2 * scores * MiniLm.Width));
        }
    }

    /// <summary>Elements of a layer's matrices.</summary>
    private static long LayerWeights => MiniLm.Width * ((4L * MiniLm.Width) + (2 * MiniLmLayer.Shape.FeedForwardDim));

    /// <summary>Whether products are in int8, so that the results are only near those of float32.</summary>
    public bool IsQuantized { get; init; }

    /// <inheritdoc/>
    public override double Tolerance => IsQuantized ? 0.2 : base.Tolerance;

    public static ModelWorkload Of(string name, Func<IReadOnlyList<SentenceBatch>> batches) => new()
    {
        Name = name,
        CreateGenerated = () => new GeneratedModelSubject<MiniLmLayer>(),
        Batches = new(batches),
    };

    /// <summary>The same in int8, beside float32.</summary>
    public static ModelWorkload OfInt8(string name, Func<IReadOnlyList<SentenceBatch>> batches) => new()
    {
        Name = name,
        CreateGenerated = () => new GeneratedModelSubject<MiniLmInt8Layer>(),
        Batches = new(batches),
        IsQuantized = true,
    };

    /// <inheritdoc/>
    public override IEnumerable<ISubject> CreatePeers() => IsQuantized
        ? [new OnnxModelSubject(isQuantized: true), new GeneratedModelSubject<MiniLmLayer>("attentiongen-float32")]
        : [new OnnxModelSubject(isQuantized: false), new GenericModelSubject()];

    /// <inheritdoc/>
    public override WorkloadData CreateData() => new ModelData(this);
}
