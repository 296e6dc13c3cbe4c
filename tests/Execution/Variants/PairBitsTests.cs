using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>
/// What the bits of a row must not depend on, for every two features together: rows after it, padding, raggedness, chunks and decode, other callers. All
/// declared
/// results are compared. <see cref="PairGridTests"/> does so for batches and threads, <see cref="GuardPageTests"/> for vector widths.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class PairBitsTests
{
    private static readonly Lazy<IReadOnlyDictionary<TestConfiguration, IKernelType>> NotRagged = new(() => KernelFactory.Compile(
        PairGrid.Configurations.Select(Feature.Configure).Where(configuration => configuration.Ragged).Select(
            configuration => configuration with { Ragged = false }), ProjectProperties.OfThisProcessor));

    public static TheoryData<int> All => Where(_ => true);

    public static TheoryData<int> SeeNoLaterRow =>
        Where(shape => !shape.Ragged && shape.SequenceLength == 0 && shape.Causal && !shape.PrefixLengths && IsTopLeft(shape) && !shape.IsCrossAttention);

    // Rotary positions are counted from the first row, wherever a mask is aligned to.
    public static TheoryData<int> KeysOfTheirOwn => Where(shape =>
        !KeysAreRows(shape) && shape.SequenceLength == 0 && !shape.Positions && !shape.Documents && (IsTopLeft(shape) || shape.Rotary == RotaryKind.None));

    public static TheoryData<int> Padded =>
        Where(shape => shape.KeyLengths && !shape.Ragged && shape.SequenceLength == 0 && (shape.IsCrossAttention || IsTopLeft(shape)));

    public static TheoryData<int> Cached =>
        Where(shape => shape.HasCache && !shape.IsCrossAttention && shape.Causal && (IsTopLeft(shape) || !shape.KeyLengths));

    public static TheoryData<int> Ragged => Where(shape => shape.Ragged);

    /// <summary>The first rows of a causal call are those of a shorter one, up to either side of a key block.</summary>
    [Theory]
    [MemberData(nameof(SeeNoLaterRow))]
    public void Later_rows_do_not_matter(int index)
    {
        var (call, kernel, name) = Create(index, batch: 1, rows: 259, keys: -1);
        AttentionResult whole = call.RunAll(kernel);
        foreach (int rows in (int[])[1, 6, 31, 33, 255, 256, 257])
        {
            AttentionCase shorter = call.Chunk([0], [rows]) with { CachedKeys = [] };
            AssertSameBits(shorter.ResultsOf(shorter.RunAll(kernel), 0, 0, rows, rows), call.ResultsOf(whole, 0, 0, rows, rows), $"{name}: {rows} of 259 rows");
        }
    }

    /// <summary>Where keys are no rows, a row may stand anywhere in a tile: what is aligned to the last key keeps its place from the end.</summary>
    [Theory]
    [MemberData(nameof(KeysOfTheirOwn))]
    public void Other_rows_do_not_matter(int index)
    {
        foreach (int keys in (int[])[40, 255, 256, 257])
        {
            var (call, kernel, name) = Create(index, batch: 1, rows: 53, keys);
            AttentionResult whole = call.RunAll(kernel);
            foreach (int rows in (int[])[1, 5, 6, 7, 23, 52])
            {
                int first = IsTopLeft(call.Shape) ? 0 : 53 - rows;
                AttentionCase part = call.OnlyRows(first, rows);
                AssertSameBits(
                    part.ResultsOf(part.RunAll(kernel), 0, 0, rows, keys),
                    call.ResultsOf(whole, 0, first, rows, keys),
                    $"{name}: {rows} of 53 rows, {keys} keys");
            }
        }
    }

    /// <summary>A sequence that key lengths cut has the bits of one without the keys, and where these are rows, without the rows behind.</summary>
    [Theory]
    [MemberData(nameof(Padded))]
    public void Padding_does_not_matter(int index)
    {
        int[] lengths = [256, 257, 100, 255, 17];
        var (random, kernel, name) = Create(index, batch: lengths.Length, rows: 270, keys: 270);
        AttentionCase padded = random with { KeyLengths = lengths };
        AttentionResult result = padded.RunAll(kernel);
        for (int sequence = 0; sequence < lengths.Length; sequence++)
        {
            int length = lengths[sequence], rows = padded.Shape.IsCrossAttention ? padded.Rows : length;
            AttentionCase single = padded.Single(sequence);
            AttentionCase cut = padded.Shape.IsCrossAttention ? single.FirstKeys(length) : single.Chunk([0], [length]) with { CachedKeys = [] };
            AssertSameBits(
                cut.ResultsOf(cut.RunAll(kernel), 0, 0, rows, length), padded.ResultsOf(result, sequence, 0, rows, length), $"{name}: {length} of 270 keys");
        }
    }

    /// <summary>A prefill and one row at a time across the end of a key block, one row at a time from the first, and chunks of any size.</summary>
    [Theory]
    [MemberData(nameof(Cached))]
    public void Chunks_do_not_matter(int index)
    {
        foreach (var (length, prefill, most) in ((int, int, int)[])[(260, 254, 1), (36, 1, 1), (300, 90, 80)])
        {
            var (random, kernel, name) = Create(index, batch: 2, length, keys: -1);
            // What every query sees must be there before the first.
            AttentionCase call = random with { PrefixLengths = [.. random.PrefixLengths.Select(prefix => Math.Min(prefix, Math.Min(prefill, length) / 2))] };
            int first = 0, rows = call.Rows;
            AttentionResult whole = call.RunAll(kernel);
            AttentionCache cache = kernel.CreateCache(rows, 2);
            for (var sizes = new Random(index); first < rows;)
            {
                int count = Math.Min(rows - first, first == 0 ? prefill : sizes.Next(1, most + 1));
                int[] before = [.. Sequences(call, sequence => Math.Min(first, call.RowsOf(sequence)))];
                int[] counts = [.. Sequences(call, sequence => Math.Min(first + count, call.RowsOf(sequence)) - before[sequence])];
                AttentionCase chunk = call.Chunk(before, counts);
                AttentionResult result = chunk.RunAll(kernel, cache: cache);
                for (int sequence = 0; sequence < 2; sequence++)
                {
                    int keys = before[sequence] + counts[sequence];
                    AssertSameBits(
                        call.ResultsOf(whole, sequence, before[sequence], counts[sequence], keys),
                        chunk.ResultsOf(result, sequence, 0, counts[sequence], keys),
                        $"{name}: sequence {sequence}, rows {before[sequence]} to {keys} of {call.RowsOf(sequence)}");
                }

                first += count;
            }
        }
    }

    /// <summary>A sequence of a ragged batch has the bits that it has in a kernel that knows of no raggedness.</summary>
    [Theory]
    [MemberData(nameof(Ragged))]
    public void Raggedness_does_not_matter(int index)
    {
        foreach (var (batch, rows, keys) in ((int, int, int)[])[(4, 40, 33), (3, 257, 300)])
        {
            var (call, kernel, name) = Create(index, batch, rows, keys);
            IKernel alone = NotRagged.Value[Feature.Configure(PairGrid.Configurations[index]) with { Ragged = false }].Create(call.Weights);
            AttentionResult result = call.RunAll(kernel);
            for (int sequence = 0; sequence < batch; sequence++)
            {
                AttentionCase single = call.Single(sequence, alone.Type.Shape);
                AssertSameBits(
                    single.ResultsOf(single.RunAll(alone), 0, 0, single.Rows, single.KeysOf(0)),
                    call.ResultsOf(result, sequence, 0, single.Rows, single.KeysOf(0)),
                    $"{name}: sequence {sequence} of {call.Describe()}");
            }
        }
    }

    /// <summary>Callers of one kernel object, each with calls of its own.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Other_callers_do_not_matter(int index)
    {
        const int Callers = 3, Calls = 6;
        IKernel? kernel = null;
        string name = "";
        var work = new (AttentionCase Call, AttentionResult Expected)[Calls];
        for (int number = 0; number < Calls; number++)
        {
            (AttentionCase call, IKernel one, name) = Create(index, 1 + (number % 3), rows: 5 + (23 * number), keys: 90 - number);
            kernel ??= one;
            work[number] = (call, call.RunAll(kernel));
        }

        using var start = new Barrier(Callers);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                for (int number = 0; number < Calls; number++)
                {
                    var (call, expected) = work[(number + (2 * caller)) % Calls];
                    expected.AssertSameBits(call.RunAll(kernel!), $"{name}: caller {caller}, {call.Describe()}");
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }

    private static TheoryData<int> Where(Func<AttentionShape, bool> predicate) =>
        [.. Enumerable.Range(0, PairGrid.Configurations.Length).Where(index => predicate(Feature.Configure(PairGrid.Configurations[index]).Shape))];

    private static bool KeysAreRows(AttentionShape shape) => shape.HasProjections && !shape.IsCrossAttention;

    private static bool IsTopLeft(AttentionShape shape) => shape.CausalAlignment == CausalAlignment.TopLeft;

    private static IEnumerable<int> Sequences(AttentionCase call, Func<int, int> of) => Enumerable.Range(0, call.Batch).Select(of);

    private static void AssertSameBits(float[] expected, float[] actual, string what) => Compare.SameBits(expected, actual, 1, what);

    private static (AttentionCase Call, IKernel Kernel, string Name) Create(int index, int batch, int rows, int keys)
    {
        Feature[] features = PairGrid.Configurations[index];
        TestConfiguration configuration = Feature.Configure(features);
        IKernelType type = PairGrid.Type(configuration);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 4);
        AttentionCase call = AttentionCase.Create(
            type.Shape,
            batch,
            configuration.SequenceLength == 0 ? rows : configuration.SequenceLength,
            keys,
            seed: rows + 2,
            weights,
            configuration.ReferenceHooks);
        return (call, type.Create(weights), string.Join(" + ", features.Select(feature => feature.Name)));
    }
}
