using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Caches of narrow formats: what is rounded, what comes out, and how much memory it takes.</summary>
public sealed class NarrowCacheTests
{
    private static readonly AttentionShape Shape = TestNumbers.Shape(heads: 4, headDim: 10, dModel: 40, kvHeads: 2) with { Causal = true, ValueHeadDim = 18 };

    public static TheoryData<KeyValueFormat> Halves => [KeyValueFormat.BFloat16, KeyValueFormat.Float16];

    public static TheoryData<KeyValueFormat> Formats => [KeyValueFormat.BFloat16, KeyValueFormat.Float16, KeyValueFormat.Int8];

    /// <summary>Of all numbers that the format has, the nearest; of two, the one whose pattern is even.</summary>
    [Theory]
    [MemberData(nameof(Halves))]
    public void An_element_becomes_the_nearest_number(KeyValueFormat format)
    {
        float[] numbers = [.. Enumerable.Range(0, 1 << 16).Select(pattern => Number(format, pattern)).Where(float.IsFinite).Distinct().Order()];
        Dictionary<float, int> patterns = Enumerable.Range(0, 1 << 16).Where(pattern => float.IsFinite(Number(format, pattern)))
            .GroupBy(pattern => Number(format, pattern)).ToDictionary(group => group.Key, group => group.First());
        var random = new Random(3);
        float[] given = [.. Enumerable.Range(0, 4000).Select(index => index % 4 == 0
            ? Middle(numbers, random.Next(numbers.Length - 1))
            : (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-20, 16))))];
        float[] stored = ThroughCache(Shape with { KeyValues = format }, given);
        for (int index = 0; index < given.Length; index++)
        {
            int above = Array.BinarySearch(numbers, given[index]);
            if (above >= 0)
            {
                Assert.Equal(given[index], stored[index]);
                continue;
            }

            float low = numbers[~above - 1], high = numbers[~above];
            double toLow = given[index] - (double)low, toHigh = high - (double)given[index];
            float expected = toLow < toHigh || (toLow == toHigh && patterns[low] % 2 == 0) ? low : high;
            Assert.True(expected == stored[index], $"{given[index]:R} became {stored[index]:R}, expected {expected:R}.");
        }
    }

    [Theory]
    [MemberData(nameof(Halves))]
    public void What_is_not_finite_stays_so(KeyValueFormat format)
    {
        float[] given = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -float.MaxValue, 0, -0f, 1, 2, 3];
        float[] expected = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.PositiveInfinity, float.NegativeInfinity, 0, -0f, 1, 2, 3];
        Assert.Equal(expected, ThroughCache(Shape with { KeyValues = format }, given));
    }

    /// <summary>An integer from −127 to 127 times a scale, of which half is the most that an element is off by.</summary>
    [Fact]
    public void An_element_of_int8_is_near()
    {
        AttentionShape shape = Shape with { KeyValues = KeyValueFormat.Int8 };
        float[] given = [.. TestNumbers.Random(5, 4000).Select((value, index) => value * MathF.Pow(2, (index / 10 % 120) - 60))];
        float[] stored = ThroughCache(shape, given);
        for (int first = 0; first < given.Length; first += shape.HeadDim)
        {
            float largest = given.AsSpan(first, shape.HeadDim).ToArray().Max(Math.Abs);
            double scale = stored.AsSpan(first, shape.HeadDim).ToArray().Max(Math.Abs) / 127.0;
            Assert.InRange(scale, largest / 127.0 * (1 - 1.0 / (1 << 15)), largest / 127.0);
            for (int index = first; index < first + shape.HeadDim; index++)
            {
                double integer = stored[index] / scale;
                Assert.Equal(Math.Round(integer), integer);
                Assert.InRange(Math.Abs(stored[index] - (double)given[index]), 0, scale * 0.503);
            }
        }
    }

    [Fact]
    public void A_row_of_int8_is_zero_or_not_finite_as_a_whole()
    {
        AttentionShape shape = Shape with { KeyValues = KeyValueFormat.Int8 };
        float[] stored = ThroughCache(
            shape,
            [
                0, 0, 0, 0, 0, -0f, 0, 0, 0, 0,
                1, 2, 3, 4, 5, float.NaN, 7, 8, 9, 10,
                1, 2, 3, 4, 5, float.NegativeInfinity, 7, 8, 9, 10,
                1e-38f, 2e-38f, 0, 0, 0, 0, 0, 0, 0, 0,
                float.MaxValue, 1, -float.MaxValue, 0, 0, 0, 0, 0, 0, 0,
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
            ]);
        Assert.All(stored[..10], element => Assert.Equal(0, element));
        Assert.All(stored[10..30], element => Assert.True(float.IsNaN(element)));
        Assert.All(stored[30..40], element => Assert.Equal(0, element));
        Assert.InRange(stored[40], float.MaxValue * (1 - 1f / (1 << 15)), float.MaxValue);
        Assert.Equal(-stored[40], stored[42]);
        Assert.InRange(stored[59], 10 * (1 - 1f / (1 << 15)), 10);
    }

    /// <summary>What came out and goes in again has the same bits, of int8 too.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Rounding_twice_changes_nothing(KeyValueFormat format)
    {
        float[] once = ThroughCache(Shape with { KeyValues = format }, TestNumbers.Random(8, 9000));
        Assert.Equal(once, ThroughCache(Shape with { KeyValues = format }, once));
    }

    /// <summary>32 keys in each of 2 heads of 3 sequences; a value takes whole panels, 32 elements, and of int8 each key and value has a scale.</summary>
    [Theory]
    [InlineData(KeyValueFormat.Float32, 3 * 2 * 32 * 4 * (10 + 32))]
    [InlineData(KeyValueFormat.BFloat16, 3 * 2 * 32 * 2 * (10 + 32))]
    [InlineData(KeyValueFormat.Float16, 3 * 2 * 32 * 2 * (10 + 32))]
    [InlineData(KeyValueFormat.Int8, 3 * 2 * 32 * ((10 + 4) + (32 + 4)))]
    public void Bytes_are_those_of_the_format(KeyValueFormat format, long bytes)
    {
        var cache = new AttentionCache(Shape with { KeyValues = format }, capacity: 20, batch: 3);
        Assert.Equal(bytes, cache.KeyValueBytes);
        Assert.Equal(bytes, cache.Bytes);
    }

    /// <summary>Rows lie as they came in every sequence, head and layout, whatever was written before and after.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_key_has_a_place_of_its_own(KeyValueFormat format)
    {
        AttentionShape shape = Shape with { KeyValues = format };
        var cache = new AttentionCache(shape, capacity: 40, batch: 3);
        float[] keys = TestNumbers.Random(1, 3 * 37 * shape.KeyDim), values = TestNumbers.Random(2, 3 * 37 * shape.ValueDim);
        cache.Load(keys, values, HeadLayout.RowsHeads);
        float[] all = new float[keys.Length], allValues = new float[values.Length];
        cache.CopyTo(all, allValues, HeadLayout.RowsHeads);
        Assert.Equal(ThroughCache(shape, keys), all);
        Assert.Equal(ThroughCache(shape with { HeadDim = 18, ValueHeadDim = 18 }, values), allValues);
    }

    /// <summary>Copies of sequences, with a larger capacity and in a circle, have the keys and values of those.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Copies_are_equal(KeyValueFormat format)
    {
        AttentionShape shape = Shape with { KeyValues = format };
        var cache = new AttentionCache(shape, capacity: 40, batch: 3);
        cache.Load(TestNumbers.Random(1, 3 * 37 * shape.KeyDim), TestNumbers.Random(2, 3 * 37 * shape.ValueDim));
        float[][] before = [.. Enumerable.Range(0, 3).Select(sequence => Content(cache, sequence))];
        AttentionCache larger = cache.Fork(100);
        Assert.Equal(before, Enumerable.Range(0, 3).Select(sequence => Content(larger, sequence)));
        cache.Select([1, 2, 0]);
        Assert.Equal([before[1], before[2], before[0]], Enumerable.Range(0, 3).Select(sequence => Content(cache, sequence)));
        cache.Truncate(20);
        Assert.Equal(Content(larger.Fork([1, 2, 0]), 0)[..10], Content(cache, 0)[..10]);

        float[] Content(AttentionCache from, int sequence)
        {
            int count = from.Lengths[sequence];
            float[] keys = new float[count * shape.KeyDim], values = new float[count * shape.ValueDim];
            from.CopyTo(sequence, 0, keys, values);
            return [.. keys, .. values];
        }
    }

    /// <summary>The bytes that a cache of another format has saved.</summary>
    [Fact]
    public void Another_format_is_refused()
    {
        AttentionShape shape = Shape with { KeyValues = KeyValueFormat.Int8 };
        using var stream = new MemoryStream();
        new AttentionCache(shape, capacity: 4).Save(stream);
        stream.Position = 0;
        var exception = Assert.Throws<InvalidDataException>(() => AttentionCache.Restore(stream, shape with { KeyValues = KeyValueFormat.BFloat16 }));
        Assert.Contains("KeyValues = BFloat16", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shape_without_a_cache_has_no_narrow_format() => Assert.Contains(
        "KeyValues = Int8 and no cache",
        Assert.Throws<ArgumentException>(() => new AttentionCache(Shape with { Causal = false, KeyValues = KeyValueFormat.Int8 }, 4)).Message,
        StringComparison.Ordinal);

    private static float Number(KeyValueFormat format, int pattern) => format == KeyValueFormat.Float16
        ? (float)BitConverter.UInt16BitsToHalf((ushort)pattern)
        : BitConverter.UInt32BitsToSingle((uint)pattern << 16);

    /// <summary>The float32 in the middle of two neighbours.</summary>
    private static float Middle(float[] numbers, int index) => (float)((numbers[index] + (double)numbers[index + 1]) / 2);

    /// <summary>Keys that went into a cache and came out.</summary>
    private static float[] ThroughCache(AttentionShape shape, float[] keys)
    {
        AttentionShape one = shape with { Heads = 1, KvHeads = 1 };
        int count = keys.Length / one.KeyDim;
        var cache = new AttentionCache(one, count);
        cache.Load(keys, new float[count * one.ValueDim]);
        var result = new float[keys.Length];
        cache.CopyTo(result, new float[count * one.ValueDim]);
        return result;
    }
}
