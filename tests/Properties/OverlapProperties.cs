using AttentionGen.Tests.Support;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>
/// Every result of a call over every other one and over every input, by one element at either end, wholly and in the middle: refused before anything is
/// written.
/// What only touches, and inputs over inputs, are no concern of a kernel.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class OverlapProperties
{
    private const AttentionOutputs AllOutputs = AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores | AttentionOutputs.LogSumExp;

    /// <summary>Kernels that between them have every result together with every input that can come with it.</summary>
    private static readonly KernelSet Whole = new(
        ("whole core", new()
        {
            Heads = 2, HeadDim = 4, Projections = false, Causal = true, KeyLengths = true, KeyStarts = true, PrefixLengths = true, Documents = true,
            Rotary = RotaryKind.HalfSplit, Positions = true, BooleanMask = MaskAxes.BatchHeadQueryKey, AdditiveMask = MaskAxes.BatchHeadQueryKey,
            HeadMask = true, Outputs = AllOutputs,
        }),
        ("whole cross", new() { Heads = 2, DModel = 8, MemoryDim = 6, ValueInputDim = 5, KeyLengths = true, BooleanMask = MaskAxes.BatchHeadQueryKey,
            Outputs = AllOutputs }),
        ("whole ragged", new() { Heads = 2, HeadDim = 4, Projections = false, Ragged = true, Outputs = AttentionOutputs.LogSumExp }));

    public static TheoryData<string> Names => [.. PropertyKernels.All.Names, .. Whole.Names];

    public static TheoryData<string> TypedNames => [.. TypedKernels.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_result_over_anything_is_refused(string name) => SampleResults(Type(name));

    /// <summary>The same through the forms that users call.</summary>
    [Theory]
    [MemberData(nameof(TypedNames))]
    public void A_result_over_anything_is_refused_by_typed_calls(string name) => SampleResults(TypedKernels.Type(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Inputs_may_lie_over_each_other(string name)
    {
        IKernelType type = Type(name);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 5);
        IKernel kernel = type.Create(weights);
        Sizes(type).Holds(
            (batch, rows, keys, seed) => LayInputs(kernel, AttentionCase.Create(type.Shape, batch, rows, keys, seed, weights), new Random(seed)),
            iter: 30,
            threads: 2);
    }

    [Fact]
    public void Every_result_is_tried_with_every_other_span()
    {
        var pairs = new HashSet<(int, int)>();
        foreach (string name in Whole.Names)
        {
            AttentionShape shape = Whole.Type(name).Shape;
            pairs.UnionWith(Pairs(CallSpans.Lengths(AttentionCase.Create(shape, 2, 5, 6, seed: 1, AttentionWeights.Random(shape, 5)))));
        }

        // Probabilities and scores never come with the two arrays of offsets.
        Assert.Equal((CallSpans.Results * (CallSpans.Names.Length - 1)) - 4, pairs.Count);
    }

    private static IKernelType Type(string name) => (Whole.Names.Contains(name) ? Whole : PropertyKernels.All).Type(name);

    private static Gen<(int Batch, int Rows, int Keys, int Seed)> Sizes(IKernelType type) =>
        Gen.Select(Gen.Int[1, 3], type.Shape.SequenceLength > 0 ? Gen.Const(type.Shape.SequenceLength) : Gen.Int[0, 5], Gen.Int[0, 6], Gen.Int[0, 100_000]);

    private static void SampleResults(IKernelType type)
    {
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 5);
        IKernel kernel = type.Create(weights);
        Sizes(type).Holds((batch, rows, keys, seed) =>
        {
            AttentionCase call = AttentionCase.Create(type.Shape, batch, rows, keys, seed, weights);
            LayResults(kernel, call, null);
            if (type.Shape.HasCache)
                LayResultsWithCache(kernel, call, split: seed % (rows + 1));
        }, iter: 15, threads: 2);
    }

    /// <summary>With the memory, or the first keys, in the cache.</summary>
    private static void LayResultsWithCache(IKernel kernel, AttentionCase whole, int split)
    {
        AttentionCache cache = kernel.CreateCache(Math.Max(1, Math.Max(whole.Rows, whole.Keys)), whole.Batch);
        if (whole.Shape.IsCrossAttention)
        {
            whole.ProjectMemory(kernel, cache);
            LayResults(kernel, whole.Projected, cache);
            return;
        }

        if (!whole.KeysAreRows)
            whole = AttentionCase.Create(whole.Shape, whole.Batch, whole.Rows, -1, split, whole.Weights);
        int[] first = [.. Enumerable.Range(0, whole.Batch).Select(sequence => Math.Min(split, whole.RowsOf(sequence)))];
        int[] rest = [.. first.Select((count, sequence) => whole.RowsOf(sequence) - count)];
        whole.Chunk(new int[whole.Batch], first).RunAll(kernel, cache: cache);
        LayResults(kernel, whole.Chunk(first, rest), cache);
    }

    private static void LayResults(IKernel kernel, AttentionCase call, AttentionCache? cache)
    {
        AttentionResult expected = call.RunAll(kernel, cache: cache?.Fork());
        string before = CacheContent.Of(cache);
        int[] held = cache is null ? [] : cache.Lengths.ToArray(), lengths = CallSpans.Lengths(call);
        foreach (var (first, second) in Pairs(lengths))
        {
            foreach (int distance in Distances(lengths[first], lengths[second], CallSpans.Unit(second)))
            {
                bool overlaps = distance > -lengths[second] && distance < lengths[first];
                string what = $"{CallSpans.Names[second]} {distance} bytes from {CallSpans.Names[first]}, {call.Describe()}";
                var spans = new CallSpans(call, first, second, distance);
                Exception? exception = Refusal.Of(() => spans.Run(kernel, cache));
                Assert.True(overlaps == exception is not null, $"{what}: {exception}");
                if (overlaps)
                {
                    spans.AssertUnwritten(what);
                    AssertNamed(kernel.Type, first, second, cache is not null, exception!);
                    continue;
                }

                expected.AssertSameBits(spans.Result, what);
                spans.AssertInputsUnwritten(what);
                for (int sequence = 0; sequence < held.Length && !call.Shape.IsCrossAttention; sequence++)
                    cache!.Truncate(sequence, held[sequence]);
            }
        }

        Assert.Equal(before, CacheContent.Of(cache));
    }

    private static void LayInputs(IKernel kernel, AttentionCase call, Random random)
    {
        int[] lengths = CallSpans.Lengths(call);
        for (int first = CallSpans.Results; first < lengths.Length; first++)
        {
            for (int second = first + 1; second < lengths.Length; second++)
            {
                if (lengths[first] == 0 || lengths[second] == 0 || !CallSpans.AreAlike(first, second))
                    continue;
                int distance = random.Next(3) == 0 ? 0 : random.Next(-lengths[second] / sizeof(float), (lengths[first] / sizeof(float)) + 1) * sizeof(float);
                string what = $"{CallSpans.Names[second]} {distance} bytes from {CallSpans.Names[first]}, {call.Describe()}";
                var spans = new CallSpans(call, first, second, distance);
                ReferenceResult? expected = null;
                // Numbers that lie over others may be wrong ones.
                Exception? refused = Refusal.Of(() => expected = spans.Call.ReferenceAll()), exception = Refusal.Of(() => spans.Run(kernel, null));
                Assert.True(refused is null == exception is null, $"{what}: {exception ?? refused}");
                spans.AssertInputsUnwritten(what);
                if (expected is not null)
                    spans.Result.AssertClose(expected, call.Shape, what);
            }
        }
    }

    /// <summary>Every result with every other span that the call has.</summary>
    private static IEnumerable<(int First, int Second)> Pairs(int[] lengths) =>
        from first in Enumerable.Range(0, CallSpans.Results)
        from second in Enumerable.Range(0, lengths.Length)
        where first != second && lengths[first] > 0 && lengths[second] > 0
        select (first, second);

    /// <summary>Touching and one element over either end, together at the beginning and at the end, and in the middle.</summary>
    private static IEnumerable<int> Distances(int first, int second, int unit)
    {
        int middle = (first - second) / 2 / unit * unit;
        return new[] { -second, unit - second, 0, middle, first - second, first - unit, first }.Distinct();
    }

    private static void AssertNamed(IKernelType type, int first, int second, bool isCached, Exception exception)
    {
        string[] known =
        [
            .. CallSpans.Names.Select(name => name switch
            {
                "input" when !type.Shape.HasProjections => "query",
                "keyOffsets" when type.Shape.IsCrossAttention => "memoryOffsets",
                _ => name,
            }),
        ];
        string named = Assert.IsType<ArgumentException>(exception).ParamName!, other = known[named == known[first] ? second : first];
        Assert.True(named == known[first] || (second < CallSpans.Results && named == known[second]), exception.Message);
        Assert.Contains($"{named} overlaps {other};", exception.Message);
        if (type is ITypedKernelType typed)
            Assert.Contains(named, typed.Parameters(isCached));
    }
}
