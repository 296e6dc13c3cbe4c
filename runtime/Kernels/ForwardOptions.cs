namespace AttentionGen;

/// <summary>Options of one call of <c>Forward</c>. They do not change its results.</summary>
public readonly struct ForwardOptions
{
    /// <summary>
    /// The largest number of threads that work on the call, the caller included. Zero, the default, means one; a negative number throws. The output
    /// bits do not depend on it.
    /// </summary>
    public int MaxDegreeOfParallelism { get; init; }

    /// <summary>
    /// Cancels the call between row blocks. The output is then undefined. A cache is as it was before the call, or empty if <c>ProjectMemory</c> had
    /// begun to overwrite it.
    /// </summary>
    public CancellationToken CancellationToken { get; init; }
}
