namespace AttentionGen.Samples.Cluster;

/// <summary>All silos that make vectors, whichever there are.</summary>
/// <param name="grains">The cluster.</param>
/// <param name="patience">How long a batch is tried.</param>
internal sealed class EmbeddingSilos(IGrainFactory grains, TimeSpan patience)
{
    private readonly Retry retry = new(patience);
    private long calls;

    /// <summary>Calls that were made again.</summary>
    public int Repeated => retry.Repeated;

    /// <summary>The vectors of a batch.</summary>
    /// <param name="first">The number of its first document, for messages.</param>
    /// <param name="documents">The batch.</param>
    /// <param name="cancellation">Ends it.</param>
    // Orleans sends the calls of one grain through one silo. Each call, and each repetition, is one of another grain, and goes to the next silo.
    public Task<EmbeddedDocuments> EmbedAsync(long first, string[] documents, CancellationToken cancellation) => retry.UntilAnsweredAsync(
        () => grains.GetGrain<IEmbeddingGrain>(Interlocked.Increment(ref calls)).EmbedAsync(documents),
        () => $"Documents {first + 1} to {first + documents.Length}", cancellation);
}
