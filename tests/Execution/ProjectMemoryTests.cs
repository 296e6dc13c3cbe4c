using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>A cache that a cancelled <c>ProjectMemory</c> leaves behind: as it was, or empty, and never half of one memory and half of another.</summary>
[Trait("Speed", "Slow")]
public sealed class ProjectMemoryTests
{
    private const int Batch = 8;
    private const int Keys = 1500;
    private const int Rows = 3;

    private readonly WideMemoryAttention kernel = new(AttentionWeights.Random(WideMemoryAttention.Shape, 1));
    private readonly float[] input = AttentionCase.Uniform(new Random(2), Batch * Rows * WideMemoryAttention.DModel);
    private readonly float[] memory = AttentionCase.Uniform(new Random(3), Batch * Keys * WideMemoryAttention.MemoryDim);

    [Fact]
    public void One_that_is_cancelled_before_it_begins_changes_nothing()
    {
        AttentionCache cache = kernel.CreateCache(5, Batch);
        kernel.ProjectMemory(memory.AsSpan(0, Batch * 5 * WideMemoryAttention.MemoryDim), cache);
        float[] expected = Attend(cache);
        var options = new ForwardOptions { CancellationToken = new CancellationToken(canceled: true) };
        Assert.Throws<OperationCanceledException>(() => kernel.ProjectMemory(memory.AsSpan(0, Batch * 2 * WideMemoryAttention.MemoryDim), cache, options));
        Assert.Equal(5, cache.Length);
        Compare.SameBits(expected, Attend(cache), WideMemoryAttention.DModel, "after a call that did not begin");
    }

    [Fact]
    public void One_that_is_cancelled_on_its_way_leaves_the_cache_empty()
    {
        AttentionCache cache = kernel.CreateCache(Keys, Batch);
        float[] empty = Attend(cache);
        kernel.ProjectMemory(memory, cache);
        float[] expected = Attend(cache);

        using var cancellation = new CancellationTokenSource();
        var options = new ForwardOptions { CancellationToken = cancellation.Token };
        const float Untouched = 12345;
        cache.KeyMemory.Reference = Untouched;
        var canceller = new Thread(() =>
        {
            while (Volatile.Read(ref cache.KeyMemory.Reference) == Untouched)
                Thread.Yield();
            cancellation.Cancel();
        });
        canceller.Start();
        Assert.Throws<OperationCanceledException>(() => kernel.ProjectMemory(memory, cache, options));
        canceller.Join();
        Assert.Equal(new int[Batch], cache.Lengths.ToArray());
        Compare.SameBits(empty, Attend(cache), WideMemoryAttention.DModel, "after a cancelled call");

        kernel.ProjectMemory(memory, cache);
        Compare.SameBits(expected, Attend(cache), WideMemoryAttention.DModel, "after the next call");
    }

    private float[] Attend(AttentionCache cache)
    {
        var output = new float[input.Length];
        kernel.Forward(input, output, cache);
        return output;
    }
}

/// <summary>So wide that projecting a memory takes a while.</summary>
[AttentionConfig(Heads = 8, DModel = 512, MemoryDim = 512)]
internal sealed partial class WideMemoryAttention;
