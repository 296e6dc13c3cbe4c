namespace AttentionGen;

/// <summary>How one call of <c>Forward</c> runs; never what it computes.</summary>
public readonly struct ForwardOptions
{
    /// <summary>At most so many threads work on the call, the caller included. Zero, the default, means one; a negative number is refused. The output bits do not depend on it.</summary>
    public int MaxDegreeOfParallelism { get; init; }

    /// <summary>Cancels the call between row blocks; the output is then undefined, a cache is as it was before the call, or empty where <c>ProjectMemory</c> has begun to overwrite it.</summary>
    public CancellationToken CancellationToken { get; init; }
}
