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
        Assert.Contains("call ProjectMemory first", Assert.Throws<InvalidOperationException>(() => Attend(cache)).Message);
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
        Assert.Throws<InvalidOperationException>(() => Attend(cache));

        kernel.ProjectMemory(memory, cache);
        Compare.SameBits(expected, Attend(cache), WideMemoryAttention.DModel, "after the next call");
    }

    /// <summary>A memory of no rows is a memory, and not one that was forgotten.</summary>
    [Fact]
    public void A_cache_without_a_memory_is_refused_and_an_empty_memory_is_not()
    {
        AttentionCache cache = kernel.CreateCache(5, Batch);
        Assert.Throws<InvalidOperationException>(() => Attend(cache));
        Assert.Throws<InvalidOperationException>(() => Attend(cache.Fork()));
        kernel.ProjectMemory([], cache);
        Attend(cache);
        Attend(cache.Fork([.. Enumerable.Range(0, Batch)]));
        cache.Clear();
        Assert.Throws<InvalidOperationException>(() => Attend(cache));
        cache.Load([], []);
        Attend(cache);
    }

    /// <summary>Threads share the rows of few sequences, or many sequences; the bits are those of one thread.</summary>
    [Theory]
    [InlineData(8, 1500)]
    [InlineData(8, 1)]
    [InlineData(8, 0)]
    [InlineData(1, 777)]
    [InlineData(40, 33)]
    public void Threads_share_the_projection(int batch, int keys)
    {
        float[] all = AttentionCase.Uniform(new Random(4), batch * keys * WideMemoryAttention.MemoryDim);
        float[] expected = Content(1);
        foreach (int threads in (int[])[2, 3, SharedThreads.Most])
            Compare.SameBits(expected, Content(threads), 512, $"{batch} × {keys}, {threads} threads");

        float[] Content(int threads)
        {
            AttentionCache cache = kernel.CreateCache(Math.Max(1, keys), batch);
            kernel.ProjectMemory(all, cache, new() { MaxDegreeOfParallelism = threads });
            float[] content = new float[batch * keys * 512], values = new float[content.Length];
            cache.CopyTo(content, values);
            return [.. content, .. values];
        }
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
