using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Support;

/// <summary>Tests ask for threads to see them work: a pause between two calls must not make the second run alone.</summary>
internal static class SharedThreads
{
    [ModuleInitializer]
    internal static void IgnorePauses() => KernelThreads.PausesCount = false;
}
