using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AttentionGen.Samples.Sentences;

/// <summary>Puts the model into a container.</summary>
public static class SentenceServiceExtensions
{
    /// <summary>
    /// Adds an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> of strings and vectors, the <see cref="SentenceModel"/> behind it, which is loaded
    /// when it is first
    /// asked for unless the container has one, and the <see cref="EmbeddingQueue"/> in which its callers share batches.
    /// </summary>
    /// <param name="services">A container's services.</param>
    /// <param name="configure">Sets the model's folder and the limits.</param>
    public static IServiceCollection AddSentenceEmbeddings(this IServiceCollection services, Action<EmbeddingQueueOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new EmbeddingQueueOptions();
        configure?.Invoke(options);
        services.TryAddSingleton(_ => options.ModelDirectory is { } directory ? SentenceModel.Load(directory) : SentenceModel.LoadPackaged());
        services.AddSingleton(provider => new EmbeddingQueue(provider.GetRequiredService<SentenceModel>(), options));
        services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>, SentenceEmbeddingGenerator>();
        return services;
    }
}
