using Microsoft.Extensions.AI;

namespace AttentionGen.Samples.Sentences;

/// <summary>The model as Microsoft.Extensions.AI asks for one. Callers who come at the same time share a batch.</summary>
public sealed class SentenceEmbeddingGenerator(SentenceModel model, EmbeddingQueue queue) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata metadata = new("AttentionGen", providerUri: null, model.Name, SentenceModel.Dimensions);

    /// <summary>One vector of length 1 for each text; the end of a text that is too long for the model is cut off.</summary>
    /// <param name="values">Texts.</param>
    /// <param name="options">The model's own name and number of dimensions, or none.</param>
    /// <param name="cancellationToken">Takes the texts out of the queue.</param>
    /// <exception cref="ArgumentException">A text is null, or the options ask for another model.</exception>
    /// <exception cref="EmbeddingQueueFullException">The queue is full; try again.</exception>
    /// <exception cref="TimeoutException">The texts have waited too long.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options?.Dimensions is { } dimensions && dimensions != SentenceModel.Dimensions)
            throw new ArgumentException($"options.Dimensions is {dimensions}; expected {SentenceModel.Dimensions}, which the model has.", nameof(options));
        if (options?.ModelId is { } name && name != model.Name)
            throw new ArgumentException($"options.ModelId is {name}; expected {model.Name}, the model that is loaded.", nameof(options));
        SentenceTokens[] texts =
            [.. values.Select(text => model.Tokenize(text ?? throw new ArgumentException("One of values is null; expected texts.", nameof(values))))];
        float[][] embeddings = await queue.EmbedAsync(texts, cancellationToken).ConfigureAwait(false);
        int tokens = texts.Sum(text => text.Ids.Length);
        return new GeneratedEmbeddings<Embedding<float>>(embeddings.Select(embedding => new Embedding<float>(embedding) { ModelId = model.Name }))
        {
            Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
        };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? metadata
            : serviceType == typeof(SentenceModel) ? model
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: model and queue belong to whoever made them.</summary>
    public void Dispose()
    {
    }
}
