namespace AttentionGen.Samples.Cluster;

/// <summary>Makes vectors of documents, in whichever silo a call reaches.</summary>
[Alias("attentiongen.embedding")]
public interface IEmbeddingGrain : IGrainWithIntegerKey
{
    /// <summary>One vector of length 1 for each document.</summary>
    /// <param name="documents">Texts; the end of one that is too long for the model is cut off.</param>
    [Alias("embed")]
    Task<EmbeddedDocuments> EmbedAsync(string[] documents);
}

/// <summary>The answer to a batch.</summary>
/// <param name="Vectors">[documents, dimensions] float32, little-endian: Orleans moves bytes as they are, and floats one by one.</param>
/// <param name="Silo">Who computed it.</param>
/// <param name="Tokens">Tokens of all documents.</param>
[GenerateSerializer]
[Immutable]
[Alias("attentiongen.embedded")]
public sealed record EmbeddedDocuments([property: Id(0)] byte[] Vectors, [property: Id(1)] string Silo, [property: Id(2)] int Tokens);
