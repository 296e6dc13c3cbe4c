using System.Runtime.InteropServices;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Cluster;

/// <summary>The model of one silo, which is loaded when a document comes.</summary>
/// <param name="silo">The silo's name.</param>
/// <param name="load">Loads the model.</param>
/// <param name="workers">Batches that are computed at the same time.</param>
public sealed class SiloModel(string silo, Func<SentenceModel> load, int workers)
{
    private readonly Lazy<SentenceModel> model = new(load);
    private readonly SemaphoreSlim free = new(workers);

    /// <summary>The silo's name.</summary>
    public string Silo => silo;

    /// <summary>The vectors of a batch, computed on one thread.</summary>
    /// <param name="documents">Texts.</param>
    public async Task<EmbeddedDocuments> EmbedAsync(string[] documents)
    {
        await free.WaitAsync();
        try
        {
            // Not on the grain's own thread: the silo has to answer probes meanwhile.
            return await Task.Run(() => Embed(model.Value, silo, documents));
        }
        finally
        {
            free.Release();
        }
    }

    /// <summary>The same without a silo.</summary>
    /// <param name="model">The model.</param>
    /// <param name="silo">The name in the answer.</param>
    /// <param name="documents">Texts.</param>
    public static EmbeddedDocuments Embed(SentenceModel model, string silo, string[] documents)
    {
        SentenceTokens[] tokens = [.. documents.Select(model.Tokenize)];
        float[][] vectors = model.Embed(tokens);
        var bytes = new byte[vectors.Length * SentenceModel.Dimensions * sizeof(float)];
        for (int document = 0; document < vectors.Length; document++)
            MemoryMarshal.AsBytes<float>(vectors[document]).CopyTo(bytes.AsSpan(document * SentenceModel.Dimensions * sizeof(float)));
        return new EmbeddedDocuments(bytes, silo, tokens.Sum(text => text.Ids.Length));
    }
}
