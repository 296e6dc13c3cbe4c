using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Guards;

/// <summary>The keys and values of a cache on their ways in and out: written, copied, cut, chosen, saved and restored.</summary>
/// <param name="Length">Keys of its longest sequence, for which it has exactly room.</param>
internal sealed record GuardedCache(AttentionShape Shape, int Length, GuardSide Side) : IGuardedCase
{
    private const int Batch = 3;

    // Heads and values that fill no vector and no panel, that fill them, and a ring that goes round.
    private static readonly AttentionShape Odd =
        new() { Heads = 4, KvHeads = 2, HeadDim = 3, ValueHeadDim = 18, DModel = 12, MemoryDim = 12, Causal = true, Scale = 1 };
    private static readonly AttentionShape Even = Odd with { Heads = 2, KvHeads = 1, HeadDim = 16, ValueHeadDim = 32 };
    private static readonly AttentionShape Ring = Odd with { Ragged = true, WindowLeft = 20, ValueHeadDim = 5 };

    private static readonly AttentionShape[] Narrow =
        [Odd with { KeyValues = KeyValueFormat.Int8 }, Even with { KeyValues = KeyValueFormat.BFloat16 }, Ring with { KeyValues = KeyValueFormat.Float16 }];

    public static IEnumerable<GuardedCache> All() =>
        from side in Enum.GetValues<GuardSide>()
        from shape in (AttentionShape[])[Odd, Even, Ring, .. Narrow, Ring with { KeyValues = KeyValueFormat.Int8 }]
        from length in shape.WindowLeft >= 0 ? (int[])[5, 300, 512, 513, 700, 1025] : [2, 3, 15, 16, 17, 255, 256, 257]
        select new GuardedCache(shape, length, side);

    public override string ToString() =>
        $"a cache of {Length} keys, {Shape.KvHeads} heads of {Shape.HeadDim} and {Shape.ValueHeadDim}{(Shape.WindowLeft < 0 ? "" : ", window")}, "
            + $"{Shape.KeyValues}, guard "
            + $"{(Side == GuardSide.After ? "after" : "before")}";

    public IEnumerable<float[]> Results() => [Move(null)];

    public Action<GuardedMemory> Prepare()
    {
        float[] expected = Move(null);
        return memory => Compare.SameBits(expected, Move(memory), 1, ToString());
    }

    /// <summary>All that comes out on the way.</summary>
    private float[] Move(GuardedMemory? memory)
    {
        var results = new List<float>();
        var random = new Random(Length);
        var cache = new AttentionCache(Shape, Length, Batch);

        // In, by each way; then one sequence is shorter than the others.
        cache.Append(1, Floats(Shape.KeyDim * (Length - 1), "Keys of one"), Floats(Shape.ValueDim * (Length - 1), "Values of one"));
        ReadAll(cache);
        cache.Load(Floats(Batch * Shape.KeyDim * (Length - 1), "Keys"), Floats(Batch * Shape.ValueDim * (Length - 1), "Values"));
        cache.Append(Floats(Batch * Shape.KeyDim, "Next keys"), Floats(Batch * Shape.ValueDim, "Next values"));
        ReadAll(cache);
        cache.Truncate(1, Length - 1);
        ReadAll(cache);

        // Copies, with the same capacity, a larger one, and of chosen sequences.
        AttentionCache larger = cache.Fork(Length + 40);
        ReadAll(cache.Fork());
        ReadAll(larger);
        ReadAll(cache.Fork(Put([2, 0, 2, 1], "Sequences")));

        // A circle, which needs scratch, and the steps of a search.
        cache.Select(Put([1, 2, 0], "Parents"));
        ReadAll(cache);
        cache.Select(Put([0, 0, 1], "Parents"));
        cache.Truncate(Length - 1);
        ReadAll(cache);

        using var stream = new MemoryStream();
        cache.Save(stream);
        stream.Position = 0;
        ReadAll(AttentionCache.Restore(stream, Shape));
        stream.Position = 0;
        larger.Restore(stream);
        ReadAll(larger);
        return [.. results];

        ReadOnlySpan<float> Floats(int count, string name) => Place(AttentionCase.Uniform(random, count), name, memory);

        ReadOnlySpan<int> Put(int[] values, string name) => Place(values, name, memory);

        void ReadAll(AttentionCache from)
        {
            bool holdsAll = true;
            for (int sequence = 0; sequence < from.Batch; sequence++)
            {
                int first = from.GetFirstHeldKey(sequence), count = from.Lengths[sequence] - first;
                holdsAll &= first == 0;
                Span<float> keys = Space(
                    Shape.KeyDim * count, "Copied keys of one", memory), values = Space(Shape.ValueDim * count, "Copied values of one", memory);
                from.CopyTo(sequence, first, keys, values);
                results.AddRange(keys);
                results.AddRange(values);
            }

            if (!holdsAll)
                return;
            Span<float> allKeys = Space(from.Batch * Shape.KeyDim * from.Length, "Copied keys", memory), allValues = Space(
                from.Batch * Shape.ValueDim * from.Length, "Copied values", memory);
            from.CopyTo(allKeys, allValues);
            results.AddRange(allKeys);
            results.AddRange(allValues);
        }
    }

    private static ReadOnlySpan<T> Place<T>(T[] values, string name, GuardedMemory? memory)
        where T : unmanaged => memory is null ? values : memory.Put(values, name);

    private static Span<float> Space(int length, string name, GuardedMemory? memory) => memory is null ? new float[length] : memory.Space(length, name);
}
