using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Support;

/// <summary>Tests ask for threads to see them work: every call gets up to eight, on two processors too, and the pool has them ready.</summary>
internal static class SharedThreads
{
    /// <summary>What a call gets at most.</summary>
    public const int Most = 8;

    [ModuleInitializer]
    internal static void Allow()
    {
        KernelThreads.AlwaysAllowed = Most;
        // More than the processors, or the pool would start one or two a second, long after a call has ended; room for calls side by side.
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, 2 * Most), ports);
    }
}
