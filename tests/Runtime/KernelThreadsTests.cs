using AttentionGen.CompilerServices;
using AttentionGen.Tests.Execution;

namespace AttentionGen.Tests.Runtime;

/// <summary>When a call is shared. Alone in the process: other calls would count as calls just before.</summary>
[Collection(nameof(Undisturbed))]
public sealed class KernelThreadsTests
{
    private const long Small = 20_000_000, Large = 500_000_000;

    [Fact]
    public void SmallCallsRunAloneAfterAPause()
    {
        int all = Math.Min(2, Environment.ProcessorCount);
        KernelThreads.PausesCount = true;
        try
        {
            Thread.Sleep(20);
            Assert.Equal(1, KernelThreads.Choose(2, Small));
            // This thread may be put to sleep between two calls, though not every time.
            Assert.Contains(Enumerable.Range(0, 1000), _ => KernelThreads.Choose(2, Small) == all);
            Thread.Sleep(20);
            Assert.Equal(all, KernelThreads.Choose(2, Large));
            Assert.Equal(1, KernelThreads.Choose(1, Large));
            Assert.Equal(1, KernelThreads.Choose(2, 1));
        }
        finally
        {
            KernelThreads.PausesCount = false;
        }
    }
}
