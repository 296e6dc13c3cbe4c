using System.Diagnostics;

namespace AttentionGen.Samples.Sentences;

/// <summary>Joins the texts of callers who come at the same time into one ragged batch, which reads the weights once.</summary>
/// <remarks>Callers take turns, text by text: a caller with one text does not wait for all texts of another. Several threads may use one object.</remarks>
public sealed class EmbeddingQueue : IAsyncDisposable
{
    private readonly SentenceModel model;
    private readonly EmbeddingQueueOptions options;
    private readonly Lock gate = new();
    private readonly Queue<Call> waiting = new();
    private readonly SemaphoreSlim arrived = new(0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task worker;
    private int queuedTokens;

    /// <summary>Starts to wait for callers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is not positive.</exception>
    public EmbeddingQueue(SentenceModel model, EmbeddingQueueOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Threads, nameof(options.Threads));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxBatchTokens, nameof(options.MaxBatchTokens));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxQueuedTokens, nameof(options.MaxQueuedTokens));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.MaxWait, TimeSpan.Zero, nameof(options.MaxWait));
        this.model = model;
        this.options = options;
        worker = Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The most tokens that one call may have.</summary>
    public int MaxTokens => options.MaxQueuedTokens;

    /// <summary>One vector for each text.</summary>
    /// <param name="texts">Tokenised texts.</param>
    /// <param name="cancellationToken">Takes the texts out of the queue, unless their batch has begun.</param>
    /// <exception cref="ArgumentException">The texts have more tokens than the queue can hold.</exception>
    /// <exception cref="EmbeddingQueueFullException">The queue is full; try again.</exception>
    /// <exception cref="TimeoutException">The texts have waited too long.</exception>
    /// <exception cref="ObjectDisposedException">The queue is being closed.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public Task<float[][]> EmbedAsync(IReadOnlyList<SentenceTokens> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        cancellationToken.ThrowIfCancellationRequested();
        if (texts.Count == 0)
            return Task.FromResult(Array.Empty<float[]>());
        long tokens = texts.Sum(text => (long)text.Ids.Length);
        if (tokens > options.MaxQueuedTokens)
            throw new ArgumentException($"The texts have {tokens} tokens; expected at most {options.MaxQueuedTokens} in one call.", nameof(texts));
        var call = new Call(texts, (int)tokens, cancellationToken);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
            if (queuedTokens + call.TokensLeft > options.MaxQueuedTokens)
                throw new EmbeddingQueueFullException(
                    $"{queuedTokens} tokens are waiting, and {tokens} more would exceed {options.MaxQueuedTokens}: the queue is full. Try again.");
            queuedTokens += call.TokensLeft;
            waiting.Enqueue(call);
        }

        arrived.Release();
        return call.Task;
    }

    /// <summary>Ends the batch that is being computed; the callers of all others get an <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (stopping.IsCancellationRequested)
                return;
            stopping.Cancel();
        }

        await worker.ConfigureAwait(false);
        while (waiting.TryDequeue(out Call? call))
            call.Fail(new ObjectDisposedException(nameof(EmbeddingQueue), "The queue is being closed."));
        arrived.Dispose();
        stopping.Dispose();
    }

    private void Work()
    {
        var batch = new List<(Call Call, int Text)>();
        while (!stopping.IsCancellationRequested)
        {
            TakeBatch(batch);
            if (batch.Count > 0)
            {
                Compute(batch);
                continue;
            }

            try
            {
                arrived.Wait(stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Takes one text of each waiting call in turn, as many as one batch holds.</summary>
    private void TakeBatch(List<(Call Call, int Text)> batch)
    {
        batch.Clear();
        lock (gate)
        {
            int tokens = 0;
            while (waiting.TryPeek(out Call? call))
            {
                if (Reject(call))
                {
                    queuedTokens -= call.TokensLeft;
                    waiting.Dequeue();
                    continue;
                }

                int length = call.Texts[call.Taken].Ids.Length;
                if (batch.Count > 0 && tokens + length > options.MaxBatchTokens)
                    return;
                batch.Add((call, call.Taken++));
                tokens += length;
                queuedTokens -= length;
                call.TokensLeft -= length;
                waiting.Dequeue();
                if (call.Taken < call.Texts.Count)
                    waiting.Enqueue(call);
            }
        }
    }

    /// <summary>Whether a call's texts need not be computed any more; its caller is told.</summary>
    private bool Reject(Call call)
    {
        if (call.Cancellation.IsCancellationRequested)
            call.Cancel();
        else if (call.Taken == 0 && Stopwatch.GetElapsedTime(call.Began) > options.MaxWait)
            call.Fail(
                new TimeoutException(
                    $"The texts have waited for {options.MaxWait.TotalSeconds:0.#} seconds, which is the limit: the server has too much to do."));
        return call.Task.IsCompleted;
    }

    private void Compute(List<(Call Call, int Text)> batch)
    {
        float[][] embeddings;
        try
        {
            embeddings = model.Embed([.. batch.Select(item => item.Call.Texts[item.Text])], new ForwardOptions { MaxDegreeOfParallelism = options.Threads });
        }
        catch (Exception e)
        {
            // Its callers are told, and the queue serves the others.
            foreach ((Call call, _) in batch)
                call.Fail(e);
            return;
        }

        for (int i = 0; i < batch.Count; i++)
            batch[i].Call.Set(batch[i].Text, embeddings[i]);
    }

    /// <summary>One caller's texts. What changes is changed by the worker alone, or before it sees the call.</summary>
    private sealed class Call(IReadOnlyList<SentenceTokens> texts, int tokens, CancellationToken cancellation)
    {
        private readonly TaskCompletionSource<float[][]> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly float[][] embeddings = new float[texts.Count][];
        private int done;

        public IReadOnlyList<SentenceTokens> Texts => texts;

        public CancellationToken Cancellation => cancellation;

        public long Began { get; } = Stopwatch.GetTimestamp();

        public Task<float[][]> Task => completion.Task;

        /// <summary>How many of its texts are in a batch.</summary>
        public int Taken { get; set; }

        /// <summary>Tokens of the others.</summary>
        public int TokensLeft { get; set; } = tokens;

        public void Set(int text, float[] embedding)
        {
            embeddings[text] = embedding;
            if (++done == embeddings.Length)
                completion.TrySetResult(embeddings);
        }

        public void Fail(Exception exception) => completion.TrySetException(exception);

        public void Cancel() => completion.TrySetCanceled(cancellation);
    }
}

/// <summary>The queue has no room for a call.</summary>
public sealed class EmbeddingQueueFullException(string message) : InvalidOperationException(message);
