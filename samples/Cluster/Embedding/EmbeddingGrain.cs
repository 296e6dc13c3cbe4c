using Orleans.Concurrency;

namespace AttentionGen.Samples.Cluster;

/// <summary>Has no state, so Orleans makes as many as there are calls, in the silo that a call reaches.</summary>
/// <param name="model">The silo's model.</param>
[StatelessWorker]
public sealed class EmbeddingGrain(SiloModel model) : Grain, IEmbeddingGrain
{
    /// <inheritdoc/>
    public async Task<EmbeddedDocuments> EmbedAsync(string[] documents)
    {
        // The next call is one of another grain.
        DeactivateOnIdle();
        return await model.EmbedAsync(documents);
    }
}
