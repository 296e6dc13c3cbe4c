using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>A call's use of a cache, from before its arguments are checked to its end; where there is no cache, nothing.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct CacheUse : IDisposable
{
    private readonly AttentionCache? cache;
    private readonly bool writes;

    private CacheUse(AttentionCache? cache, bool writes)
    {
        this.cache = cache;
        this.writes = writes;
    }

    /// <summary>Begins a call that reads the cache: cross-attention to a projected memory.</summary>
    /// <param name="cache">The cache of the call, or null.</param>
    /// <exception cref="InvalidOperationException">Another call writes it.</exception>
    public static CacheUse Read(AttentionCache? cache)
    {
        cache?.BeginRead();
        return new(cache, writes: false);
    }

    /// <summary>Begins a call that writes the cache.</summary>
    /// <param name="cache">The cache of the call, or null.</param>
    /// <exception cref="InvalidOperationException">Another call uses it.</exception>
    public static CacheUse Write(AttentionCache? cache)
    {
        cache?.BeginWrite();
        return new(cache, writes: true);
    }

    /// <summary>Ends the call.</summary>
    public void Dispose()
    {
        if (writes)
            cache?.EndWrite();
        else
            cache?.EndRead();
    }
}
