using System.Runtime.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>
/// Caches whose keys lie in the pages of a pool, beside caches with memory of their own: the same bits, no page lost, and nothing half done. The pair grid runs
/// every setting through pages.
/// </summary>
public sealed class PagedCacheTests
{
    private static readonly TestConfiguration Server = new() { Heads = 4, KvHeads = 2, HeadDim = 12, DModel = 40, Causal = true, Rotary = RotaryKind.HalfSplit,
        Ragged = true };

    private static KernelSet All { get; } = new(
    [
        .. Enum.GetValues<KeyValueFormat>().Select(format => ($"{format}", Server with { KeyValues = format })),
        ("masked", Server with { KeyLengths = true, WindowLeft = 300, PrefixLengths = true, Softcap = 2 }),
        ("core", Server with { DModel = 0, Projections = false, ValueHeadDim = 20 }),
        ("plain", new() { Heads = 4, DModel = 32, Causal = true }),
        ("ring", new() { Heads = 4, DModel = 32, Causal = true, WindowLeft = 20 }),
        ("cross", new() { Heads = 4, DModel = 32, MemoryDim = 16 }),
        ("fixed", new() { Heads = 4, DModel = 32, SequenceLength = 8 }),
    ]);

    public static TheoryData<string> Ragged => All.Where(configuration => configuration.Ragged);

    /// <summary>Sequences come, share what others have, are cut and go, as in a server. A cache with memory of its own goes the same way.</summary>
    [Theory]
    [MemberData(nameof(Ragged))]
    public void Sequences_come_fork_and_go(string name)
    {
        const int Batch = 4, Capacity = 1100;
        IKernelType type = All.Type(name);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 3);
        IKernel kernel = type.Create(weights);
        AttentionCachePool pool = ScatteredPool.Create(type.Shape, pages: 26, seed: 1);
        AttentionCache paged = pool.CreateCache(Capacity, Batch), own = kernel.CreateCache(Capacity, Batch);
        AttentionCache otherPaged = pool.CreateCache(Capacity), otherOwn = kernel.CreateCache(Capacity);
        var random = new Random(5);
        for (int step = 0; step < 120; step++)
        {
            int sequence = random.Next(Batch), parent = random.Next(Batch), kind = random.Next(9);
            int[] parents = [.. Enumerable.Range(0, Batch).Select(_ => random.Next(Batch))];
            int length = random.Next(1 + (kind == 1 ? own.Lengths[sequence] : kind == 6 ? otherOwn.Length : own.Lengths[parent]));
            if (kind == 5)
                otherPaged.Clear();
            foreach (bool isPaged in (bool[])[true, false])
            {
                (AttentionCache cache, AttentionCache other) = isPaged ? (paged, otherPaged) : (own, otherOwn);
                switch (kind)
                {
                    case 0:
                        cache.Truncate(sequence, 0);
                        break;
                    case 1:
                        cache.Truncate(sequence, length);
                        break;
                    case 2 or 3:
                        cache.CopySequence(sequence, cache, parent, length);
                        break;
                    case 4:
                        cache.Select(parents);
                        break;
                    case 5 when isPaged:
                        otherPaged = cache.Fork([parent]);
                        break;
                    case 5:
                        otherOwn = cache.Fork([parent]);
                        break;
                    case 6:
                        cache.CopySequence(sequence, other, 0, length);
                        other.Clear();
                        break;
                }
            }

            Assert.Equal(own.Lengths.ToArray(), paged.Lengths.ToArray());
            foreach (int most in (int[])[kind < 7 ? 2 : 300, 3])
            {
                AttentionCase call = NextCall(type.Shape, weights, own, Capacity, most, random);
                AttentionResult expected = call.RunAll(kernel, cache: own);
                call.RunAll(kernel, 1 + random.Next(2), paged).AssertSameBits(expected, $"{name}, step {step}: {call.Describe()}");
            }

            ScatteredPool.AssertAccounted(pool, [paged, otherPaged]);
        }

        paged.Clear();
        otherPaged.Clear();
        Assert.Equal(pool.Pages, pool.FreePages);
    }

    /// <summary>A call of a ragged batch whose sequences have keys already.</summary>
    private static AttentionCase NextCall(AttentionShape shape, AttentionWeights weights, AttentionCache cache, int capacity, int most, Random random)
    {
        int[] first = cache.Lengths.ToArray(), rows = [.. first.Select(length => Math.Min(capacity - length, random.Next(most)))];
        int[] offsets = [0, .. rows.Select((_, sequence) => rows[..(sequence + 1)].Sum())], total = [.. first.Zip(rows, (before, count) => before + count)];
        return new()
        {
            Shape = shape,
            Weights = weights,
            Batch = first.Length,
            Rows = rows.Max(),
            Keys = rows.Max(),
            CachedKeys = first,
            Input = AttentionCase.Uniform(random, offsets[^1] * shape.InputDim),
            Key = shape.HasProjections ? [] : AttentionCase.Uniform(random, offsets[^1] * shape.KeyDim),
            Value = shape.HasProjections ? [] : AttentionCase.Uniform(random, offsets[^1] * shape.ValueDim),
            RowOffsets = offsets,
            KeyOffsets = shape.HasProjections ? [] : offsets,
            KeyLengths = shape.KeyLengths ? [.. total.Select(keys => random.Next(keys + 1))] : [],
            PrefixLengths = shape.PrefixLengths ? [.. total.Select(keys => random.Next(keys + 1))] : [],
        };
    }

    /// <summary>A call that needs a page too many, and a call that is cancelled, leave output, lengths and pages as they were.</summary>
    [Fact]
    public void A_call_that_fails_changes_nothing()
    {
        IKernelType type = All.Type("plain");
        IKernel kernel = type.Create(AttentionWeights.Random(type.Shape, seed: 3));
        var pool = new AttentionCachePool(type.Shape, pages: 4);
        AttentionCache one = pool.CreateCache(2000), two = pool.CreateCache(2000, batch: 2);
        Forward(kernel, one, 1, 500);
        Forward(kernel, two, 2, 255);
        Assert.Equal((0, 4 * pool.PageBytes, 2 * pool.PageBytes), (pool.FreePages, pool.Bytes, one.KeyValueBytes));
        Forward(kernel, two, 2, 1);
        var output = new float[2 * 32];
        string message = Assert.Throws<InvalidOperationException>(() => Forward(kernel, two, 2, 1, output)).Message;
        Assert.Contains("needs 2 pages of its pool, which has 0 free of 4", message, StringComparison.Ordinal);
        Assert.All(output, value => Assert.Equal(0, value));
        one.Truncate(200);
        Assert.Throws<InvalidOperationException>(() => Forward(kernel, two, 2, 1));
        Assert.Throws<InvalidOperationException>(() => two.Append(new float[2 * 32], new float[2 * 32]));
        Assert.Throws<InvalidOperationException>(() => one.Load(new float[800 * 32], new float[800 * 32]));
        Assert.Equal((1, 200, 256), (pool.FreePages, one.Length, two.Length));
        one.Clear();
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => kernel.Forward(new AttentionArguments { Input = output, Output = new float[output.Length], Cache = two,
            Batch = 2, Options = new() { CancellationToken = cancelled.Token } }));
        ScatteredPool.AssertAccounted(pool, [one, two]);
        Forward(kernel, two, 2, 1);
        ScatteredPool.AssertAccounted(pool, [one, two]);
    }

    /// <summary>Saved from pages and restored to pages, and to memory of its own.</summary>
    [Fact]
    public void Contents_move_between_pools()
    {
        IKernelType type = All.Type("plain");
        IKernel kernel = type.Create(AttentionWeights.Random(type.Shape, seed: 3));
        AttentionCachePool pool = ScatteredPool.Create(type.Shape, 12, seed: 2), other = ScatteredPool.Create(type.Shape, 9, seed: 3);
        AttentionCache cache = pool.CreateCache(2000, 2), target = other.CreateCache(2000, 2), own = kernel.CreateCache(2000, 2);
        Forward(kernel, cache, 2, 700);
        using var saved = new MemoryStream();
        cache.Save(saved);
        saved.Position = 0;
        target.Restore(saved);
        saved.Position = 0;
        // Its own pages are enough: they are given back first.
        target.Restore(saved);
        own.CopySequence(1, cache, 1, 700);
        own.CopySequence(0, cache, 0, 700);
        Assert.Equal(Content(cache), Content(own));
        cache.CopySequence(1, own, 1, 690);
        Assert.Equal([700, 690], cache.Lengths.ToArray());
        target.Truncate(1, 690);
        own.Truncate(1, 690);
        Assert.Equal(Content(cache), Content(target));
        own.CopySequence(1, cache, 0, 690);
        Assert.NotEqual(Content(cache), Content(own));
        target.Clear();
        ScatteredPool.AssertAccounted(other, [target]);
        saved.Position = 0;
        saved.SetLength(saved.Length - 5);
        Assert.Throws<InvalidDataException>(() => target.Restore(saved));
        ScatteredPool.AssertAccounted(other, [target]);
    }

    [Fact]
    public void Pages_of_a_dropped_cache_come_back()
    {
        IKernelType type = All.Type("plain");
        IKernel kernel = type.Create(AttentionWeights.Random(type.Shape, seed: 3));
        var pool = new AttentionCachePool(type.Shape, pages: 4);
        Drop();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(4, pool.FreePages);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Drop()
        {
            Forward(kernel, pool.CreateCache(1000), 1, 600);
            Assert.Equal(1, pool.FreePages);
        }
    }

    [Fact]
    public void Refuses_what_has_no_pages()
    {
        foreach (var (name, why) in ((string, string)[])[("ring", "is a ring"), ("cross", "written once"), ("fixed", "has no cache")])
        {
            Exception refusal = Assert.Throws<NotSupportedException>(() => new AttentionCachePool(All.Type(name).Shape, 4));
            Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        }

        AttentionShape shape = All.Type("plain").Shape;
        Assert.Throws<ArgumentOutOfRangeException>("pages", () => new AttentionCachePool(shape, 0));
        Assert.Throws<OutOfMemoryException>(() => new AttentionCachePool(shape, int.MaxValue));
        var pool = new AttentionCachePool(shape, 4);
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => pool.CreateCache(0));
        Assert.Throws<ArgumentOutOfRangeException>("batch", () => pool.CreateCache(5, 0));
        Assert.Throws<NotSupportedException>(() => pool.CreateCache(5, 5, 1));

        AttentionCache cache = pool.CreateCache(100, 2), longer = new(shape, 300);
        longer.Append(new float[200 * 32], new float[200 * 32]);
        Assert.Throws<ArgumentNullException>("source", () => cache.CopySequence(0, null!, 0, 0));
        Assert.Throws<ArgumentException>("source", () => cache.CopySequence(0, new AttentionCache(All.Type("ring").Shape, 10), 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>("sequence", () => cache.CopySequence(2, longer, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>("sourceSequence", () => cache.CopySequence(0, longer, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.CopySequence(0, longer, 0, 101));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => longer.CopySequence(0, longer, 0, 201));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => longer.CopySequence(0, longer, 0, -1));
        cache.CopySequence(0, longer, 0, 100);
        Assert.Equal([100, 0], cache.Lengths.ToArray());
        ScatteredPool.AssertAccounted(pool, [cache]);
    }

    private static void Forward(IKernel kernel, AttentionCache cache, int batch, int rows, float[]? output = null)
    {
        float[] input = AttentionCase.Uniform(new Random(rows), batch * rows * 32);
        kernel.Forward(new AttentionArguments { Input = input, Output = output ?? new float[input.Length], Cache = cache, Batch = batch });
    }

    private static float[] Content(AttentionCache cache)
    {
        float[] keys = new float[cache.Batch * cache.Length * 32], values = new float[keys.Length];
        cache.CopyTo(keys, values);
        return [.. keys, .. values];
    }
}
