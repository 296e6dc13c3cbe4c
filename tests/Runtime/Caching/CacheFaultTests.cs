using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>What a cache says of itself when it is refused, in which layouts it takes content, and what calls that fail leave of it.</summary>
public sealed class CacheFaultTests
{
    private static readonly AttentionShape Plain = TestNumbers.Shape(heads: 4, headDim: 10, dModel: 40, kvHeads: 2) with { Causal = true, ValueHeadDim = 18 };
    private static readonly AttentionShape Windowed = Plain with { WindowLeft = 40 };

    [Fact]
    public void A_cache_of_another_shape_is_told_by_what_differs_alone()
    {
        var cache = new AttentionCache(Plain, 8);
        string message = Assert.Throws<ArgumentException>(
            "cache",
            () => Validate(Plain with { WindowLeft = 5, Sinks = true, Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities }, cache)).Message;
        Assert.StartsWith(
            "cache was created for a kernel with Sinks = False, Outputs = None, WindowLeft = -1; expected a cache of this kernel, which has Sinks = True, "
                + "Outputs = LogSumExp, Probabilities, WindowLeft = 5.",
            message, StringComparison.Ordinal);
        foreach (AttentionShape other in (AttentionShape[])[Plain with { HeadDim = 12 }, Plain with { Heads = 8 }, Plain with { RotaryBase = 5.5 },
            Plain with { CausalAlignment = CausalAlignment.BottomRight }])
            Assert.InRange(Assert.Throws<ArgumentException>("cache", () => Validate(other, cache)).Message.Length, 60, 200);
        Assert.Equal(message, Assert.Throws<ArgumentException>("cache", () => ReferenceAttention.Forward(
            Plain with { WindowLeft = 5, Sinks = true, Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities },
            AttentionWeights.Random(Plain with { Sinks = true }, 1), new float[40], new ReferenceCache(Plain))).Message);
    }

    private static void Validate(AttentionShape shape, AttentionCache cache)
    {
        var arguments = new AttentionArguments { Input = new float[40], Output = new float[40], Cache = cache };
        KernelChecks.Validate(shape, in arguments);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Content_comes_and_goes_in_both_layouts(bool isRing)
    {
        AttentionShape shape = isRing ? Windowed : Plain;
        const int batch = 2, length = 37;
        float[] keys = TestNumbers.Random(1, batch * length * shape.KeyDim), values = TestNumbers.Random(2, batch * length * shape.ValueDim);
        float[] otherKeys = Transpose(keys, length, shape.KvHeads, shape.HeadDim), otherValues = Transpose(values, length, shape.KvHeads, shape.ValueHeadDim);
        var cache = new AttentionCache(shape, 1000, batch);
        cache.Load(keys, values, HeadLayout.HeadsRows);
        Holds(otherKeys, otherValues, HeadLayout.RowsHeads, 0);
        cache.Load(otherKeys, otherValues, HeadLayout.RowsHeads);
        Holds(keys, values, HeadLayout.HeadsRows, 0);

        cache.Append(otherKeys, otherValues, HeadLayout.RowsHeads);
        cache.Truncate(1, length);
        cache.Append(1, otherKeys.AsSpan(length * shape.KeyDim), otherValues.AsSpan(length * shape.ValueDim), HeadLayout.RowsHeads);
        Holds(keys, values, HeadLayout.HeadsRows, length);
        Holds(otherKeys, otherValues, HeadLayout.RowsHeads, length);

        // Of sequences of different lengths, the end is zero in both layouts.
        cache.Truncate(0, 5);
        float[] all = new float[batch * 2 * length * shape.KeyDim], rest = new float[batch * 2 * length * shape.ValueDim];
        float[] turned = [.. all], turnedRest = [.. rest];
        Array.Fill(all, 7);
        Array.Fill(turnedRest, 7);
        cache.CopyTo(all, rest, HeadLayout.HeadsRows);
        cache.CopyTo(turned, turnedRest, HeadLayout.RowsHeads);
        Assert.Equal(Transpose(all, 2 * length, shape.KvHeads, shape.HeadDim), turned);
        Assert.Equal(Transpose(rest, 2 * length, shape.KvHeads, shape.ValueHeadDim), turnedRest);
        Assert.Equal(0, turned[5 * shape.KeyDim]);

        Assert.Throws<ArgumentOutOfRangeException>("layout", () => cache.Load(keys, values, (HeadLayout)2));
        Assert.Throws<ArgumentOutOfRangeException>("layout", () => cache.Append(keys, values, (HeadLayout)2));
        Assert.Throws<ArgumentOutOfRangeException>("layout", () => cache.Append(0, keys, values, (HeadLayout)(-1)));
        Assert.Throws<ArgumentOutOfRangeException>("layout", () => cache.CopyTo(keys, values, (HeadLayout)2));
        Assert.Throws<ArgumentOutOfRangeException>("layout", () => cache.CopyTo(0, 0, keys, values, (HeadLayout)2));

        void Holds(float[] expectedKeys, float[] expectedValues, HeadLayout layout, int first)
        {
            for (int sequence = 0; sequence < batch; sequence++)
            {
                float[] foundKeys = new float[length * shape.KeyDim], foundValues = new float[length * shape.ValueDim];
                cache.CopyTo(sequence, first, foundKeys, foundValues, layout);
                Assert.Equal(expectedKeys.AsSpan(sequence * foundKeys.Length, foundKeys.Length).ToArray(), foundKeys);
                Assert.Equal(expectedValues.AsSpan(sequence * foundValues.Length, foundValues.Length).ToArray(), foundValues);
            }
        }
    }

    /// <summary>[batch, heads, rows, width] as [batch, rows, heads, width].</summary>
    private static float[] Transpose(float[] floats, int rows, int heads, int width)
    {
        var result = new float[floats.Length];
        for (int index = 0; index < floats.Length; index++)
        {
            (int element, int row, int head, int sequence) = (index % width, index / width % rows, index / width / rows % heads, index / width / rows / heads);
            result[(((((sequence * rows) + row) * heads) + head) * width) + element] = floats[index];
        }

        return result;
    }

    /// <summary>Of a swap, one sequence waits in scratch; beside it two sequences that need none.</summary>
    [Fact]
    public void A_selection_without_memory_changes_nothing()
    {
        var cache = new AttentionCache(Plain, 16, 4);
        float[] keys = TestNumbers.Random(1, 4 * 9 * Plain.KeyDim), values = TestNumbers.Random(2, 4 * 9 * Plain.ValueDim);
        cache.Load(keys, values);
        int[] parents = [1, 0, 0, 3];
        cache.Select([0, 1, 2, 3]);
        Func<nint, nint> before = AttentionScratch.SizeOfBuffer;
        int thread = Environment.CurrentManagedThreadId;
        try
        {
            AttentionScratch.Trim();
            AttentionScratch.SizeOfBuffer = floats => Environment.CurrentManagedThreadId == thread ? nint.MaxValue : before(floats);
            Assert.Throws<OutOfMemoryException>(() => cache.Select(parents));
        }
        finally
        {
            AttentionScratch.SizeOfBuffer = before;
        }

        float[] foundKeys = new float[keys.Length], foundValues = new float[values.Length];
        cache.CopyTo(foundKeys, foundValues);
        Assert.Equal(keys, foundKeys);
        Assert.Equal(values, foundValues);
        cache.Select(parents);
        cache.CopyTo(foundKeys, foundValues);
        int[] keyFloats = [.. parents.SelectMany(parent => Enumerable.Range(parent * 9 * Plain.KeyDim, 9 * Plain.KeyDim))];
        Assert.Equal(keyFloats.Select(index => keys[index]), foundKeys);
    }

    /// <summary>As many new keys as a decode step has, as a chunk has, and more than the ring has room for.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(200)]
    [InlineData(1000)]
    public void A_call_that_fails_leaves_all_that_a_ring_held(int newKeys)
    {
        const int batch = 2;
        var cache = new AttentionCache(Windowed, 5000, batch);
        int room = cache.KeyCapacity;
        Assert.True(room is > 40 and < 1000);
        foreach (int length in (int[])[0, 7, room - 2, room, room + 5, (2 * room) + 33])
        {
            cache.Clear();
            float[] keys = TestNumbers.Random(1, batch * length * Windowed.KeyDim), values = TestNumbers.Random(2, batch * length * Windowed.ValueDim);
            cache.Load(keys, values);
            (float[] Keys, float[] Values) before = Held(cache);
            int first = cache.GetFirstHeldKey(0);

            // What a call does that fails after it has written everything.
            float[] newRows = new float[batch * newKeys * Windowed.DModel];
            var arguments = new AttentionArguments { Input = newRows, Output = newRows, Cache = cache, Batch = batch };
            var dimensions = new ForwardDimensions(batch, newKeys, length + newKeys, length);
            RingGuard guard = RingGuard.Begin(in arguments, in dimensions);
            Assert.Equal(Math.Max(first, length + newKeys - room), cache.GetFirstHeldKey(1));
            for (int sequence = 0; sequence < batch; sequence++)
            {
                KeyValuePanels panels = cache.Panels(sequence);
                for (int head = 0; head < Windowed.KvHeads; head++)
                {
                    PanelCopy.WriteKeys(Windowed, TestNumbers.Random(3, newKeys * Windowed.HeadDim), Windowed.HeadDim, newKeys, in panels, head, length);
                    PanelCopy.WriteValues(
                        Windowed, TestNumbers.Random(4, newKeys * Windowed.ValueHeadDim), Windowed.ValueHeadDim, newKeys, in panels, head, length);
                }
            }

            guard.Undo();
            guard.Dispose();
            Assert.Equal(first, cache.GetFirstHeldKey(0));
            Assert.Equal(first, cache.GetFirstHeldKey(1));
            (float[] Keys, float[] Values) after = Held(cache);
            Assert.Equal(before.Keys, after.Keys);
            Assert.Equal(before.Values, after.Values);

            // The least that the ring allows is still allowed.
            cache.Truncate(Math.Min(length, first + 40));
        }
    }

    private static (float[] Keys, float[] Values) Held(AttentionCache cache)
    {
        List<float> allKeys = [], allValues = [];
        for (int sequence = 0; sequence < cache.Batch; sequence++)
        {
            int first = cache.GetFirstHeldKey(sequence), count = cache.Lengths[sequence] - first;
            float[] keys = new float[count * cache.Shape.KeyDim], values = new float[count * cache.Shape.ValueDim];
            cache.CopyTo(sequence, first, keys, values);
            allKeys.AddRange(keys);
            allValues.AddRange(values);
        }

        return ([.. allKeys], [.. allValues]);
    }
}
