using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen;

// Who uses the cache: one who writes it, or any number of those who read it.
public sealed partial class AttentionCache
{
    private const int Written = -1;

    /// <summary>How many read the cache now, or <see cref="Written"/>.</summary>
    private int use;

    /// <summary>Begins to write, which only one may at a time: two would append to the same place, and then more than there is room for.</summary>
    internal void BeginWrite()
    {
        if (Interlocked.CompareExchange(ref use, Written, 0) != 0)
            ThrowInUse();
    }

    /// <summary>Ends to write.</summary>
    internal void EndWrite() => Volatile.Write(ref use, 0);

    /// <summary>Begins to read, which any number may while nobody writes.</summary>
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

    /// <summary>Ends to read.</summary>
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
