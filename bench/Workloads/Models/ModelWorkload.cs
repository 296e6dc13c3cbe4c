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

    public static ModelWorkload Of(string name, Func<IReadOnlyList<SentenceBatch>> batches) => new()
    {
        Name = name,
        CreateGenerated = () => new GeneratedModelSubject(),
        Batches = new(batches),
    };

    /// <inheritdoc/>
    public override IEnumerable<ISubject> CreatePeers() => [new OnnxModelSubject(), new GenericModelSubject()];

    /// <inheritdoc/>
    public override WorkloadData CreateData() => new ModelData(this);
}
