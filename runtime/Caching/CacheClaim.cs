using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen;

/// <summary>Who uses a cache now: one writer, or any number of readers.</summary>
/// <param name="owned">What must stay as long as somebody uses the cache, even if the caller has dropped it.</param>
internal sealed class CacheClaim(object? owned = null)
{
    private const int Written = -1;

    /// <summary>The number of current readers, or <see cref="Written"/>.</summary>
    private int use;

    /// <summary>Claims the cache for one writer. Throws if another call reads or writes it, because two writers would append to the same rows.</summary>
    public void BeginWrite()
    {
        if (Interlocked.CompareExchange(ref use, Written, 0) != 0)
            ThrowInUse();
    }

    /// <summary>Releases the writer's claim.</summary>
    public void EndWrite()
    {
        GC.KeepAlive(owned);
        Volatile.Write(ref use, 0);
    }

    /// <summary>Claims the cache for one more reader. Throws if a call writes it.</summary>
    public void BeginRead()
    {
        while (true)
        {
            int present = Volatile.Read(ref use);
            if (present == Written)
                ThrowInUse();
            if (Interlocked.CompareExchange(ref use, present + 1, present) == present)
                return;
        }
    }

    /// <summary>Releases a reader's claim.</summary>
    public void EndRead()
    {
        GC.KeepAlive(owned);
        Interlocked.Decrement(ref use);
    }

    /// <summary>Claims the cache for one writer until the scope is disposed.</summary>
    public WriteScope Writing()
    {
        BeginWrite();
        return new(this);
    }

    /// <summary>Claims the cache for one more reader until the scope is disposed.</summary>
    public ReadScope Reading()
    {
        BeginRead();
        return new(this);
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowInUse() =>
        throw new InvalidOperationException(
            "cache is in use by another call; expected one call at a time: give each caller a cache of its own, or wait until the call has ended.");
}

/// <summary>A writer's claim; the default value claims nothing.</summary>
internal readonly ref struct WriteScope(CacheClaim? claim)
{
    public void Dispose() => claim?.EndWrite();
}

/// <summary>A reader's claim; the default value claims nothing.</summary>
internal readonly ref struct ReadScope(CacheClaim? claim)
{
    public void Dispose() => claim?.EndRead();
}
