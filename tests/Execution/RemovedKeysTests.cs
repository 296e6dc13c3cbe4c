using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>
/// Keys that are removed from the middle of a cache. The keys of one block depend on nothing but their row and their position, so a cache that never had the
/// removed rows is what remains.
/// </summary>
public sealed class RemovedKeysTests(ITestOutputHelper log)
{
    private const int Width = 20;

    private static readonly TestConfiguration Plain = new() { Heads = 4, KvHeads = 2, HeadDim = 12, ValueHeadDim = 18, DModel = Width, Causal = true };

    private static KernelSet All { get; } = new(
    [
        ("none", Plain),
        ("alibi", Plain with { Alibi = true }),
        ("half split", Plain with { Rotary = RotaryKind.HalfSplit }),
        ("interleaved, a part", Plain with { Rotary = RotaryKind.Interleaved, RotaryDim = 8, QueryKeyNorm = QueryKeyNorm.Rms }),
        ("proportional", Plain with { Rotary = RotaryKind.Proportional, RotaryDim = 8 }),
        ("with attention factor", Plain with { Rotary = RotaryKind.HalfSplit, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4,
            RotaryOriginalLength = 64 }),
        ("given positions", Plain with { Rotary = RotaryKind.HalfSplit, Positions = true }),
        .. Enum.GetValues<KeyValueFormat>().Skip(1).SelectMany(format => ((string, TestConfiguration)[])
            [
                ($"{format}", Plain with { Rotary = RotaryKind.HalfSplit, KeyValues = format }),
                ($"{format} without rotation", Plain with { KeyValues = format }),
            ]),
        ("ring", Plain with { WindowLeft = 20 }),
        ("normalised later", Plain with { Rotary = RotaryKind.HalfSplit, QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormAfterRotary = true }),
        ("memory", Plain with { Causal = false, MemoryDim = 8 }),
    ]);

    public static TheoryData<string> Names =>
        All.Where(configuration => configuration.WindowLeft < 0 && !configuration.IsCrossAttention && !configuration.QueryKeyNormAfterRotary);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_cache_is_as_if_the_removed_rows_had_never_been(string name)
    {
        IKernelType type = All.Type(name);
        IKernel kernel = type.Create(AttentionWeights.Random(type.Shape, seed: 5));
        foreach (var (length, first, count) in ((int, int, int)[])
            [(600, 4, 100), (600, 300, 256), (300, 250, 50), (520, 255, 1), (40, 0, 7), (40, 40, 0), (9, 0, 9)])
        {
            foreach (bool isPaged in (bool[])[false, true])
            {
                float[] rows = AttentionCase.Uniform(new Random(length), (length + 3) * Width);
                AttentionCachePool? pool = isPaged ? ScatteredPool.Create(type.Shape, 8, seed: count) : null;
                AttentionCache cache = pool?.CreateCache(700) ?? kernel.CreateCache(700), fork, expected = kernel.CreateCache(700);
                Append(kernel, cache, rows.AsSpan(0, length * Width), 0);
                fork = cache.Fork();
                float[] before = Content(fork);
                cache.RemoveKeys(0, first, count);
                Append(kernel, expected, rows.AsSpan(0, first * Width), 0);
                // Positions that calls give stay what they are.
                Append(kernel, expected, rows.AsSpan((first + count) * Width, (length - first - count) * Width), type.Shape.Positions ? first + count : first);
                string what = $"{name}: {length} keys without {first} to {first + count}{(isPaged ? ", in pages" : "")}";
                Assert.Equal(expected.Lengths.ToArray(), cache.Lengths.ToArray());
                AssertClose(Content(expected), Content(cache), Tolerance(type.Shape), what);
                Assert.Equal(before, Content(fork));

                ReadOnlySpan<float> next = rows.AsSpan(length * Width);
                int position = type.Shape.Positions ? length : length - count;
                AssertClose(Append(kernel, expected, next, position), Append(kernel, cache, next, position), 20 * Tolerance(type.Shape), what);
                if (pool is not null)
                    ScatteredPool.AssertAccounted(pool, [cache, fork]);
            }
        }
    }

    /// <summary>A text of any length in a cache with a bound: the first keys stay, and the last ones. Each key is moved a thousand times.</summary>
    [Fact]
    public void A_thousand_removals_round_little()
    {
        const int Bound = 1000, First = 4, Rows = 2500;
        IKernelType type = All.Type("half split");
        IKernel kernel = type.Create(AttentionWeights.Random(type.Shape, seed: 5));
        float[] rows = AttentionCase.Uniform(new Random(1), Rows * Width);
        AttentionCache cache = kernel.CreateCache(Bound + 1), expected = kernel.CreateCache(Bound);
        for (int row = 0; row < Rows; row++)
        {
            Append(kernel, cache, rows.AsSpan(row * Width, Width), row);
            if (cache.Length > Bound)
                cache.RemoveKeys(0, First, 1);
        }

        Append(kernel, expected, rows.AsSpan(0, First * Width), 0);
        Append(kernel, expected, rows.AsSpan((Rows - Bound + First) * Width), 0);
        float[] right = Content(expected), found = Content(cache);
        log.WriteLine($"largest error over the largest number: {AssertClose(right, found, 3e-6, "thousand removals"):E2}");
    }

    [Fact]
    public void Refuses_what_it_cannot_move()
    {
        AttentionCache cache = new(All.Type("half split").Shape, 50, 2);
        cache.Append(0, new float[10 * 24], new float[10 * 36]);
        Assert.Throws<ArgumentOutOfRangeException>("sequence", () => cache.RemoveKeys(2, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>("first", () => cache.RemoveKeys(0, 11, 0));
        Assert.Throws<ArgumentOutOfRangeException>("first", () => cache.RemoveKeys(0, -1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => cache.RemoveKeys(0, 4, 7));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => cache.RemoveKeys(1, 0, 1));
        Assert.Equal([10, 0], cache.Lengths.ToArray());
        foreach (var (name, why) in ((string, string)[])[("ring", "is a ring"), ("memory", "ProjectMemory"), ("normalised later", "QueryKeyNormAfterRotary")])
        {
            Exception refusal = Assert.Throws<NotSupportedException>(() => new AttentionCache(All.Type(name).Shape, 3000).RemoveKeys(0, 0, 0));
            Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        }

        // The one page that would be written is shared, and there is none for a copy.
        AttentionCache paged = new AttentionCachePool(cache.Shape, 1).CreateCache(50);
        paged.Append(new float[10 * 24], new float[10 * 36]);
        AttentionCache fork = paged.Fork();
        Assert.Throws<InvalidOperationException>(() => fork.RemoveKeys(0, 2, 3));
        Assert.Equal((10, 10), (fork.Length, paged.Length));
        paged.Clear();
        fork.RemoveKeys(0, 2, 3);
        Assert.Equal(7, fork.Length);
    }

    private static float[] Append(IKernel kernel, AttentionCache cache, ReadOnlySpan<float> rows, int position)
    {
        float[] output = new float[rows.Length];
        int[] positions = kernel.Type.Shape.Positions ? [.. Enumerable.Range(position, rows.Length / Width)] : [];
        kernel.Forward(new AttentionArguments { Input = rows, Output = output, Cache = cache, Positions = positions });
        return output;
    }

    private static float[] Content(AttentionCache cache)
    {
        float[] keys = new float[cache.Batch * cache.Length * cache.Shape.KeyDim], values = new float[cache.Batch * cache.Length * cache.Shape.ValueDim];
        cache.CopyTo(keys, values);
        return [.. keys, .. values];
    }

    /// <summary>What a rotation may change, over the largest number: a few roundings of the format; 0 where nothing is rotated.</summary>
    private static double Tolerance(AttentionShape shape) => shape.Rotary == RotaryKind.None || shape.Positions ? 0 : shape.KeyValues switch
    {
        KeyValueFormat.Float32 => 5e-7,
        KeyValueFormat.Float16 => 1.1e-3,
        KeyValueFormat.BFloat16 => 9e-3,
        _ => 1.2e-2,
    };

    private static double AssertClose(float[] expected, float[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Select(Math.Abs).DefaultIfEmpty(0).Max(), error = 0;
        for (int index = 0; index < expected.Length; index++)
            error = Math.Max(error, Math.Abs(expected[index] - (double)actual[index]));
        Assert.True(error <= tolerance * largest, $"{what}: error {error:E2} beside numbers up to {largest:E2}; expected at most {tolerance:E1} of that.");
        return largest == 0 ? 0 : error / largest;
    }
}
