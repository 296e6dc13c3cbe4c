namespace AttentionGen.Samples.Sentences;

/// <summary>The model, and the limits of its queue.</summary>
public sealed class EmbeddingQueueOptions
{
    /// <summary>Folder with model.safetensors and vocab.txt; null for all-MiniLM-L6-v2, which comes with the program.</summary>
    public string? ModelDirectory { get; set; }

    /// <summary>Threads that work on a batch.</summary>
    public int Threads { get; set; } = Environment.ProcessorCount;

    /// <summary>The most tokens of one batch. A longer batch is hardly faster, and those in it wait longer.</summary>
    public int MaxBatchTokens { get; set; } = 2048;

    /// <summary>The most tokens that wait, of all callers together.</summary>
    public int MaxQueuedTokens { get; set; } = 1 << 18;

    /// <summary>How long a call waits before its first text is computed.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(30);
}
