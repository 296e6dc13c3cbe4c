using AttentionGen.Tests.Support;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>
/// Random operations on the reference's cache, good and bad, beside plain lists: after each the two hold the same, and what is refused changes nothing.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class ReferenceCacheProperties
{
    private const int Operations = 8;

    private static readonly AttentionShape Core = new TestConfiguration
    {
        Heads = 4, KvHeads = 2, HeadDim = 3, ValueHeadDim = 5, Projections = false, Causal = true, Ragged = true, Layout = HeadLayout.HeadsRows,
    }.Shape;

    private static readonly AttentionShape Cross = new TestConfiguration { Heads = 2, HeadDim = 3, DModel = 4, MemoryDim = 5, ValueBias = false }.Shape;
    private static readonly AttentionShape RaggedCross = Cross with { Ragged = true };

    private static readonly Gen<(int Operation, int A, int Seed)[]> Steps = Gen.Select(
        Gen.Int[0, Operations - 1], Gen.Int[-2, 9], Gen.Int[0, 10_000]).Array[1, 25];

    [Fact]
    public void A_cache_of_given_keys_is_a_list_of_keys() => Steps.Holds(steps => Run(Core, steps), iter: 1_500, threads: 2);

    [Fact]
    public void A_cache_of_a_memory_is_a_list_of_keys() => Steps.Holds(steps => Run(Cross, steps), iter: 500, threads: 2);

    [Fact]
    public void A_cache_of_a_ragged_memory_is_a_list_of_keys() => Steps.Holds(steps => Run(RaggedCross, steps), iter: 500, threads: 2);

    private static void Run(AttentionShape shape, (int Operation, int A, int Seed)[] steps)
    {
        var state = new State(shape, new ReferenceCache(shape, 1 + (steps[0].Seed % 3)));
        foreach (var (operation, a, seed) in steps)
        {
            state.Step(operation, a, new Random(seed));
            state.AssertSame();
        }
    }

    private sealed class State(AttentionShape shape, ReferenceCache cache)
    {
        private readonly AttentionWeights weights = AttentionWeights.Random(shape, seed: 3);
        private readonly int batch = cache.Batch;

        /// <summary>For each sequence, for each key: [KvHeads · HeadDim] and [KvHeads · ValueHeadDim].</summary>
        private List<(double[] Key, double[] Value)>[] sequences = Empty(cache.Batch);

        private int Longest => sequences.Max(rows => rows.Count);

        public void Step(int operation, int a, Random random)
        {
            bool isWrong = random.Next(3) == 0;
            switch (operation)
            {
                case 0 or 1:
                    Load(Math.Max(0, a), isWrong, random);
                    break;
                case 2:
                    cache.Clear();
                    sequences = Empty(batch);
                    break;
                case 3:
                    if (!Refusal.Where(a < 0 || a > Longest, "Truncate", () => cache.Truncate(a)))
                        sequences = [.. sequences.Select(rows => rows.Take(a).ToList())];
                    break;
                case 4:
                    int length = 0;
                    if (!Refusal.Where(a < 0 || a >= batch, "LengthOf", () => length = cache.LengthOf(a)))
                        Assert.Equal(sequences[a].Count, length);
                    break;
                case 5:
                    Refusal.Where(a < 1, "a reference cache of a batch", () => _ = new ReferenceCache(shape, a));
                    break;
                default:
                    if (shape.IsCrossAttention)
                        ProjectMemory(isWrong, random);
                    else
                        Append(isWrong, random);
                    break;
            }
        }

        /// <summary>Fails unless the cache holds what the lists do, in both layouts.</summary>
        public void AssertSame()
        {
            Assert.Equal((shape, batch, Longest), (cache.Shape, cache.Batch, cache.Length));
            Assert.Equal(sequences.Select(rows => rows.Count), Enumerable.Range(0, batch).Select(cache.LengthOf));
            foreach (HeadLayout layout in Enum.GetValues<HeadLayout>())
            {
                var (keys, values) = cache.ToArrays(layout);
                AssertClose(Plain(sequences, layout, isValues: false), keys);
                AssertClose(Plain(sequences, layout, isValues: true), values);
            }
        }

        private static void AssertClose(double[] expected, double[] actual)
        {
            Assert.Equal(expected.Length, actual.Length);
            for (int index = 0; index < expected.Length; index++)
                Assert.Equal(expected[index], actual[index], 1e-12);
        }

        private void Load(int count, bool isWrong, Random random)
        {
            HeadLayout layout = isWrong && random.Next(3) == 0 ? (HeadLayout)random.Next(2, 9) : (HeadLayout)random.Next(2);
            bool isLayout = Enum.IsDefined(layout);
            List<(double[], double[])>[] rows = [.. Enumerable.Range(0, batch).Select(_ => Rows(count, random))];
            float[] keys = Floats(Plain(rows, layout, isValues: false)), values = Floats(Plain(rows, layout, isValues: true));
            if (isWrong && isLayout)
                (keys, values) = Spoil(keys, values, random);
            if (!Refusal.Where(isWrong, "Load", () => cache.Load(keys, values, layout)))
                sequences = rows;
        }

        /// <summary>A call that appends keys to each sequence.</summary>
        private void Append(bool isWrong, Random random)
        {
            List<(double[], double[])>[] rows = [.. Enumerable.Range(0, batch).Select(_ => Rows(random.Next(4), random))];
            float[] keys = Floats(Plain(rows, shape.Layout, isValues: false)), values = Floats(Plain(rows, shape.Layout, isValues: true));
            int[] offsets = Offsets(rows);
            float[] queries = Floats(Numbers(offsets[^1] * shape.InputDim, random));
            int mistake = isWrong ? random.Next(3) : -1;
            if (mistake == 0)
                (keys, values) = Spoil(keys, values, random);
            int[] keyOffsets = mistake == 1 ? SpoilOffsets(offsets, random) : offsets;
            if (mistake == 2)
                queries = [.. queries, 1];
            bool isRefused = Refusal.Where(isWrong, "Forward", () => ReferenceAttention.Forward(
                shape, weights, new() { Input = queries, Key = keys, Value = values, RowOffsets = offsets, KeyOffsets = keyOffsets, Batch = batch }, cache,
                null));
            for (int sequence = 0; !isRefused && sequence < batch; sequence++)
                sequences[sequence].AddRange(rows[sequence]);
        }

        /// <summary>A memory whose keys and values replace all others.</summary>
        private void ProjectMemory(bool isWrong, Random random)
        {
            int same = random.Next(5);
            double[][][] rows = [.. Enumerable.Range(0, batch).Select(_ => Enumerable.Range(0, shape.Ragged ? random.Next(5)
                : same).Select(_ => Numbers(shape.MemoryDim, random)).ToArray())];
            float[] memory = Floats([.. rows.SelectMany(each => each).SelectMany(row => row)]);
            int[] offsets = shape.Ragged ? Offsets(rows) : [];
            if (isWrong && random.Next(2) == 0)
                memory = [.. memory, 1];
            else if (isWrong)
                offsets = shape.Ragged ? SpoilOffsets(offsets, random) : Offsets(rows);
            if (Refusal.Where(isWrong, "ProjectMemory", () => ReferenceAttention.ProjectMemory(shape, weights, memory, cache, offsets)))
                return;
            sequences =
            [
                .. rows.Select(each => each.Select(row => (Project(row, weights.Key, weights.KeyBias, shape.KeyDim),
                    Project(row, weights.Value, weights.ValueBias, shape.ValueDim))).ToList()),
            ];
        }

        /// <summary>Each output is the bias, where there is one, and the products with a row of the matrix.</summary>
        private static double[] Project(double[] row, ReadOnlySpan<float> matrix, ReadOnlySpan<float> bias, int outputs)
        {
            var result = new double[outputs];
            for (int index = 0; index < matrix.Length; index++)
                result[index / row.Length] += matrix[index] * row[index % row.Length];
            for (int index = 0; index < bias.Length; index++)
                result[index] += bias[index];
            return result;
        }

        private static List<(double[] Key, double[] Value)>[] Empty(int batch) => [.. Enumerable.Range(0, batch).Select(_ => new List<(double[], double[])>())];

        private static int[] Offsets<T>(IEnumerable<IReadOnlyCollection<T>> rows)
        {
            int[] counts = [.. rows.Select(each => each.Count)];
            return [.. Enumerable.Range(0, counts.Length + 1).Select(sequence => counts.Take(sequence).Sum())];
        }

        /// <summary>A number more or less, or one that nothing fits.</summary>
        private static int[] SpoilOffsets(int[] offsets, Random random)
        {
            int[] wrong = [.. offsets];
            wrong[random.Next(wrong.Length)] += random.Next(2) == 0 ? -100 : 100;
            return random.Next(3) switch
            {
                0 => offsets[1..],
                1 => [.. offsets, offsets[^1]],
                _ => wrong,
            };
        }

        private static (float[] Keys, float[] Values) Spoil(float[] keys, float[] values, Random random) =>
            random.Next(2) == 0 ? ([.. keys, 1], values) : (keys, [.. values, 1]);

        private List<(double[] Key, double[] Value)> Rows(int count, Random random) =>
            [.. Enumerable.Range(0, count).Select(_ => (Numbers(shape.KeyDim, random), Numbers(shape.ValueDim, random)))];

        /// <summary>Numbers that single precision holds.</summary>
        private static double[] Numbers(int count, Random random) => [.. Enumerable.Range(0, count).Select(_ => (double)random.NextSingle())];

        private static float[] Floats(double[] numbers) => Array.ConvertAll(numbers, number => (float)number);

        /// <summary>Sequences one behind another, of each [rows, KvHeads · width] or [KvHeads, rows, width].</summary>
        private double[] Plain(IEnumerable<List<(double[] Key, double[] Value)>> each, HeadLayout layout, bool isValues)
        {
            int width = isValues ? shape.ValueHeadDim : shape.HeadDim;
            var plain = new List<double>();
            foreach (List<(double[] Key, double[] Value)> rows in each)
            {
                double[][] vectors = [.. rows.Select(row => isValues ? row.Value : row.Key)];
                if (layout == HeadLayout.RowsHeads)
                    plain.AddRange(vectors.SelectMany(vector => vector));
                for (int head = 0; layout != HeadLayout.RowsHeads && head < shape.KvHeads; head++)
                    plain.AddRange(vectors.SelectMany(vector => vector[(head * width)..((head + 1) * width)]));
            }

            return [.. plain];
        }
    }
}
