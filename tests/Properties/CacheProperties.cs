using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>
/// Random operations on a cache, good and bad, beside a model of plain lists: after each the two hold the same, and what is refused changes nothing.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class CacheProperties
{
    private const int Operations = 19;

    // Small, so that sequences fill up; the window's ring is 512 keys, so that it goes round.
    private static readonly AttentionShape Plain = TestNumbers.Shape(heads: 2, headDim: 3, dModel: 6) with { Causal = true, ValueHeadDim = 18 };
    private static readonly AttentionShape Windowed = TestNumbers.Shape(heads: 1, headDim: 2, dModel: 2) with { Causal = true, Ragged = true, WindowLeft = 20 };

    private static readonly Gen<(int Operation, int A, int B, int Seed)[]> Steps =
        Gen.Select(Gen.Int[0, Operations - 1], Gen.Int[-1, 40], Gen.Int[-1, 40], Gen.Int[0, 10_000]).Array[1, 30];

    [Fact]
    public void A_cache_is_a_list_of_keys() => Steps.Holds(steps => Run(Plain, 30, 1, steps), iter: 2_000, threads: 2);

    [Fact]
    public void A_cache_of_a_window_is_the_end_of_a_list() => Steps.Holds(steps => Run(Windowed, 3_000, 13, steps), iter: 500, threads: 2);

    [Fact]
    public void A_cache_in_a_pool_is_a_list_of_keys() => Steps.Holds(steps => Run(Plain, 1_000, 29, steps, isPaged: true), iter: 500, threads: 2);

    /// <param name="shape">Of the cache.</param>
    /// <param name="capacity">Of the cache at first.</param>
    /// <param name="scale">Numbers of keys are so many times those of the steps.</param>
    /// <param name="steps">What is done.</param>
    /// <param name="isPaged">Whether the cache is in a pool, of enough pages.</param>
    private static void Run(AttentionShape shape, int capacity, int scale, (int Operation, int A, int B, int Seed)[] steps, bool isPaged = false)
    {
        AttentionCache cache = isPaged ? ScatteredPool.Create(shape, 40, seed: steps.Length).CreateCache(capacity, 3) : new(shape, capacity, 3);
        var state = new State(shape, cache, new CacheModel(shape, capacity, 3));
        foreach (var (operation, a, b, seed) in steps)
        {
            int[] firstHeld = state.FirstHeld();
            bool isRefused = state.Step(operation, a, a * scale, b, b * scale, new Random(seed));
            state.Model.AssertHeldBy(state.Cache);
            if (isRefused)
                Assert.Equal(firstHeld, state.FirstHeld());
            if (state.Cache.Pool is not null)
            {
                Assert.All(
                    Enumerable.Range(0, state.Cache.Batch), each => Assert.Equal((state.Cache.Lengths[each] + 255) / 256, state.Cache.Pages![each].Length));
            }
        }
    }

    private sealed class State(AttentionShape shape, AttentionCache cache, CacheModel model)
    {
        public AttentionCache Cache { get; private set; } = cache;

        public CacheModel Model { get; private set; } = model;

        public int[] FirstHeld() => [.. Enumerable.Range(0, Cache.Batch).Select(Cache.GetFirstHeldKey)];

        /// <summary>One operation on both; true where the cache refused it, as the model says it must.</summary>
        public bool Step(int operation, int a, int keys, int b, int otherKeys, Random random)
        {
            int sequence = a % 5;
            bool exists = sequence >= 0 && sequence < Model.Batch;
            switch (operation)
            {
                case 0 or 1:
                    return Append(Math.Max(0, keys), isWrong: random.Next(8) == 0, random);
                case 2 or 3:
                    return Append(sequence, Math.Max(0, otherKeys), isWrong: random.Next(8) == 0, random);
                case 4:
                    return Load(Math.Max(0, keys), random);
                case 5:
                    Cache.Clear();
                    Model = new(shape, Model.Capacity, Model.Batch);
                    return false;
                case 6:
                    bool can = keys >= 0 && keys <= Model.Length
                        && Enumerable.Range(0, Model.Batch).All(each => Model.CanTruncate(each, keys, FirstHeld()[each]));
                    return Do(can, "Truncate", () => Cache.Truncate(keys), () => Each(each => Model.Truncate(each, keys)));
                case 7:
                    can = exists && otherKeys >= 0 && otherKeys <= Model.Sequences[sequence].Count
                        && Model.CanTruncate(sequence, otherKeys, FirstHeld()[sequence]);
                    return Do(can, "Truncate of one", () => Cache.Truncate(sequence, otherKeys), () => Model.Truncate(sequence, otherKeys));
                case 8:
                    // The fork, and then the original, are not changed by the other.
                    AttentionCache fork = Cache.Fork();
                    CacheModel forked = Model.Fork(Model.Capacity, [.. Enumerable.Range(0, Model.Batch)]);
                    Append(Math.Max(0, keys), isWrong: false, random);
                    forked.AssertHeldBy(fork);
                    // Whether the garbage collector has given its pages back by then must not decide what the next step may do.
                    fork.Clear();
                    return false;
                case 9:
                    return Do(
                        keys >= Math.Max(1, Model.Length),
                        "Fork to a capacity",
                        () => Replace(Cache.Fork(keys)),
                        () => Model = Model.Fork(keys, [.. Enumerable.Range(0, Model.Batch)]));
                case 10:
                    int[] chosen = [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(16) == 0 ? Model.Batch : random.Next(Model.Batch))];
                    int capacity = random.Next(4) == 0 ? otherKeys : 0;
                    can = chosen.Length > 0 && !chosen.Contains(Model.Batch) && (capacity == 0 || capacity >= Math.Max(1, Model.Length));
                    return Do(
                        can,
                        "Fork of sequences",
                        () => Replace(Cache.Fork(chosen, capacity)),
                        () => Model = Model.Fork(capacity == 0 ? Model.Capacity : capacity, chosen));
                case 11 or 12:
                    int[] parents = [.. Enumerable.Range(0, random.Next(10) == 0 ? b % 5 + 1 : Model.Batch).Select(_ => random.Next(16) == 0 ? -1
                        : random.Next(Model.Batch))];
                    return Do(parents.Length == Model.Batch && !parents.Contains(-1), "Select", () => Cache.Select(parents), () => Model.Select(parents));
                case 13:
                    return SaveAndRestore(isNew: random.Next(2) == 0);
                case 14:
                    return RestoreDamaged(random);
                case 15:
                    return CopyOut(random);
                case 16:
                    return CopyOut(sequence, otherKeys, exists, random);
                case 17:
                    int parent = random.Next(Model.Batch + 1);
                    can = exists && parent < Model.Batch && otherKeys >= 0 && otherKeys <= Model.Sequences[parent].Count
                        && Model.CanTruncate(parent, otherKeys, FirstHeld()[parent]);
                    return Do(can, "CopySequence", () => Cache.CopySequence(sequence, Cache, parent, otherKeys), () =>
                    {
                        Model.Select([.. Enumerable.Range(0, Model.Batch).Select(each => each == sequence ? parent : each)]);
                        Model.Truncate(sequence, otherKeys);
                    });
                default:
                    return Do(exists, "GetFirstHeldKey", () => Cache.GetFirstHeldKey(sequence), () => { });
            }
        }

        private void Replace(AttentionCache cache)
        {
            Cache.Clear();
            Cache = cache;
        }

        private bool Append(int count, bool isWrong, Random random)
        {
            List<(float[], float[])>[] rows = [.. Enumerable.Range(0, Model.Batch).Select(_ => Rows(count, random))];
            (float[] keys, float[] values) = Spoil(rows, isWrong, random);
            return Do(
                !isWrong && count <= Model.Capacity - Model.Length,
                $"Append of {count}",
                () => Cache.Append(keys, values),
                () => Each(each => Model.Add(each, rows[each])));
        }

        private bool Append(int sequence, int count, bool isWrong, Random random)
        {
            List<(float[], float[])> rows = Rows(count, random);
            (float[] keys, float[] values) = Spoil([rows], isWrong, random);
            bool can = !isWrong && sequence >= 0 && sequence < Model.Batch && count <= Model.Capacity - Model.Sequences[sequence].Count;
            return Do(can, $"Append of {count} to {sequence}", () => Cache.Append(sequence, keys, values), () => Model.Add(sequence, rows));
        }

        private bool Load(int count, Random random)
        {
            List<(float[], float[])>[] rows = [.. Enumerable.Range(0, Model.Batch).Select(_ => Rows(count, random))];
            (float[] keys, float[] values) = Spoil(rows, false, random);
            return Do(count <= Model.Capacity, $"Load of {count}", () => Cache.Load(keys, values), () =>
            {
                Model = new(shape, Model.Capacity, Model.Batch);
                Each(each => Model.Add(each, rows[each]));
            });
        }

        private bool SaveAndRestore(bool isNew)
        {
            byte[] saved = Saved();
            using var stream = new MemoryStream(saved);
            if (!isNew)
            {
                Cache.Append(0, [], []);
                Cache.Restore(stream);
                return false;
            }

            // A stream whose sequences differ too much in length may be refused, as the method says.
            if (Refusal.Of(() => Cache = AttentionCache.Restore(stream, shape with { })) is null)
                Model = Model.Fork(Math.Max(1, Model.Length), [.. Enumerable.Range(0, Model.Batch)]);
            else
                Assert.True(Model.Sequences.Min(sequence => sequence.Count) * 8 < Model.Length, "Restore must go through");
            return false;
        }

        private bool RestoreDamaged(Random random)
        {
            byte[] saved = Saved();
            int header = 48 + (8 * Model.Batch) + 32;
            bool isCut = random.Next(2) == 0;
            int place = random.Next(isCut ? saved.Length : header);
            if (isCut)
                saved = saved[..place];
            else
                saved[place] ^= (byte)(1 << random.Next(8));
            using var stream = new MemoryStream(saved);
            Assert.IsType<InvalidDataException>(Refusal.Of(() => Cache.Restore(stream)));
            stream.Position = 0;
            Assert.IsType<InvalidDataException>(Refusal.Of(() => AttentionCache.Restore(stream, shape)));

            // Only where the stream ended within keys and values is the cache empty.
            if (isCut && place >= header)
                Model = new(shape, Model.Capacity, Model.Batch);
            return !(isCut && place >= header);
        }

        private bool CopyOut(Random random)
        {
            var targets = new CopyTargets(Model.Batch * shape.KeyDim * Model.Length, Model.Batch * shape.ValueDim * Model.Length, random);
            bool isRefused = Refusal.Where(
                !targets.AreRight || FirstHeld().Any(first => first > 0), "CopyTo", () => Cache.CopyTo(targets.Keys, targets.Values));
            var padded = Model.Sequences.Select(
                rows => rows.Concat(Enumerable.Repeat((new float[shape.KeyDim], new float[shape.ValueDim]), Model.Length - rows.Count)).ToArray()).ToArray();
            targets.Check(
                isRefused,
                [.. padded.SelectMany(rows => CacheModel.Plain(shape, rows, false))],
                [.. padded.SelectMany(rows => CacheModel.Plain(shape, rows, true))]);
            return isRefused;
        }

        private bool CopyOut(int sequence, int first, bool exists, Random random)
        {
            bool can = exists && first >= 0 && first <= Model.Sequences[sequence].Count;
            List<(float[], float[])> rows = can ? Model.Sequences[sequence][first..] : [];
            var targets = new CopyTargets(shape.KeyDim * rows.Count, shape.ValueDim * rows.Count, random);
            can = can && targets.AreRight && first >= FirstHeld()[sequence];
            bool isRefused = Refusal.Where(!can, "CopyTo of one", () => Cache.CopyTo(sequence, first, targets.Keys, targets.Values));
            targets.Check(isRefused, CacheModel.Plain(shape, rows, false), CacheModel.Plain(shape, rows, true));
            return isRefused;
        }

        private byte[] Saved()
        {
            using var stream = new MemoryStream();
            Cache.Save(stream);
            return stream.ToArray();
        }

        private static bool Do(bool can, string what, Action act, Action model)
        {
            if (Refusal.Where(!can, what, act))
                return true;
            model();
            return false;
        }

        private void Each(Action<int> action)
        {
            for (int sequence = 0; sequence < Model.Batch; sequence++)
                action(sequence);
        }

        private List<(float[] Key, float[] Value)> Rows(int count, Random random) =>
            [.. Enumerable.Range(0, count).Select(_ => (Floats(shape.KeyDim, random), Floats(shape.ValueDim, random)))];

        private static float[] Floats(int count, Random random) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];

        /// <summary>Keys and values in the layout of the cache; where they are to be wrong, one of them has another length.</summary>
        private (float[] Keys, float[] Values) Spoil(List<(float[], float[])>[] rows, bool isWrong, Random random)
        {
            float[] keys = [.. rows.SelectMany(each => CacheModel.Plain(shape, each, false))],
            values = [.. rows.SelectMany(each => CacheModel.Plain(shape, each, true))];
            if (!isWrong)
                return (keys, values);
            return random.Next(2) == 0 ? ([.. keys, 1], values) : (keys, [.. values, 1]);
        }
    }
}
