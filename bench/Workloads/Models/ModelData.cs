namespace AttentionGen.Bench.Workloads;

/// <summary>Sentences, and MiniLM's last hidden state of each of their tokens.</summary>
internal sealed class ModelData(ModelWorkload workload) : WorkloadData
{
    /// <inheritdoc/>
    public override ModelWorkload Workload => workload;

    public IReadOnlyList<SentenceBatch> Batches => workload.Batches.Value;

    /// <summary>[tokens of all batches, Width]; sentences do not depend on each other.</summary>
    protected override double[] Reference() =>
    [
        .. Batches
            .SelectMany(batch => Enumerable.Range(0, batch.Sentences).Select(sentence => batch.Sentence(sentence).ToArray()))
            .AsParallel().AsOrdered()
            .SelectMany(ids => MiniLm.Instance.Reference(ids)),
    ];
}
