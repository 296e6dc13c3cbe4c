using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen;

// Concurrent use: one writer, or any number of readers.
public sealed partial class AttentionCache
{
    private const int Written = -1;

    /// <summary>The number of current readers, or <see cref="Written"/>.</summary>
    private int use;

    /// <summary>Claims the cache for one writer. Throws if another call reads or writes it, because two writers would append to the same rows.</summary>
    internal void BeginWrite()
    {
        if (Interlocked.CompareExchange(ref use, Written, 0) != 0)
            ThrowInUse();
    }

    /// <summary>Releases the writer's claim.</summary>
    internal void EndWrite() => Volatile.Write(ref use, 0);

    /// <summary>Claims the cache for one more reader. Throws if a call writes it.</summary>
    internal void BeginRead()
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
    internal void EndRead() => Interlocked.Decrement(ref use);

    private WriteScope Writing()
    {
        BeginWrite();
        return new(this);
    }

    private ReadScope Reading()
    {
        BeginRead();
        return new(this);
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowInUse() =>
        throw new InvalidOperationException("cache is in use by another call; expected one call at a time: give each caller a cache of its own, or wait until the call has ended.");

    private readonly ref struct WriteScope(AttentionCache cache)
    {
        public void Dispose() => cache.EndWrite();
    }

    private readonly ref struct ReadScope(AttentionCache cache)
    {
        public void Dispose() => cache.EndRead();
    }
}
