namespace AttentionGen;

// Concurrent use: one writer, or any number of readers.
public sealed partial class AttentionCache
{
    private readonly CacheClaim claim;

    /// <inheritdoc cref="CacheClaim.BeginWrite"/>
    internal void BeginWrite() => claim.BeginWrite();

    /// <inheritdoc cref="CacheClaim.EndWrite"/>
    internal void EndWrite() => claim.EndWrite();

    /// <inheritdoc cref="CacheClaim.BeginRead"/>
    internal void BeginRead() => claim.BeginRead();

    /// <inheritdoc cref="CacheClaim.EndRead"/>
    internal void EndRead() => claim.EndRead();

    private WriteScope Writing() => claim.Writing();

    private ReadScope Reading() => claim.Reading();
}
