using System.Threading.Channels;

namespace AttentionGen.Samples.Cluster;

/// <summary>Sends the documents of a file to the silos and writes what they answer, each document once and in the order of the file.</summary>
/// <remarks>
/// Two limits hold the reader back: calls on their way, so that no silo has a long queue, and batches whose turn to be written has not come, so that
/// one slow answer does not fill the memory. A call that fails is made again; only one call of a batch is waited for, and its answer is written once.
/// </remarks>
/// <param name="silos">Who computes.</param>
/// <param name="progress">Is told of each batch.</param>
/// <param name="calls">Calls on their way.</param>
internal sealed class EmbeddingRun(EmbeddingSilos silos, EmbeddingProgress progress, int calls)
{
    // 50 MB of vectors: half a minute of two thousand documents a second.
    private const int MaxUnwritten = 1024;

    /// <summary>Runs to the end of the documents.</summary>
    public async Task RunAsync(IEnumerable<(long First, string[] Documents)> batches, VectorFile file, CancellationToken cancellation)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var free = new SemaphoreSlim(calls);
        var unwritten = Channel.CreateBounded<Task<EmbeddedDocuments>>(MaxUnwritten);
        Task writing = WriteAsync(unwritten.Reader, file, failed);
        try
        {
            foreach ((long first, string[] documents) in batches)
            {
                await free.WaitAsync(failed.Token);
                await unwritten.Writer.WriteAsync(AskAsync(first, documents, free, failed.Token), failed.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The writer knows what failed.
        }
        finally
        {
            unwritten.Writer.Complete();
            await writing;
        }
    }

    private async Task<EmbeddedDocuments> AskAsync(long first, string[] documents, SemaphoreSlim free, CancellationToken cancellation)
    {
        try
        {
            EmbeddedDocuments answer = await silos.EmbedAsync(first, documents, cancellation);
            progress.Add(answer, documents.Length);
            return answer;
        }
        finally
        {
            free.Release();
        }
    }

    private static async Task WriteAsync(ChannelReader<Task<EmbeddedDocuments>> answers, VectorFile file, CancellationTokenSource failed)
    {
        try
        {
            await foreach (Task<EmbeddedDocuments> answer in answers.ReadAllAsync(failed.Token))
                file.Append((await answer).Vectors);
        }
        catch
        {
            await failed.CancelAsync();
            throw;
        }
    }
}
