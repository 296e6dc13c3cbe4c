using AttentionGen.Tests.Support;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>
/// Calls of which one thing is wrong, or differently right: what the float64 reference, which checks its arguments by other code, computes, a kernel
/// computes too, and what it refuses a kernel refuses before it writes anything.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class ForwardProperties
{
    private const float Unwritten = 12345.678f;

    public static TheoryData<string> Names => PropertyKernels.All.All;

    public static TheoryData<string> TypedNames => [.. TypedKernels.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_call_is_refused_or_right(string name) => Sample(PropertyKernels.All.Type(name));

    /// <summary>The same through the forms that users call, whose parameters are all that a refusal may name.</summary>
    [Theory]
    [MemberData(nameof(TypedNames))]
    public void A_typed_call_is_refused_or_right(string name) => Sample(TypedKernels.Type(name));

    private static void Sample(IKernelType type)
    {
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 5);
        IKernel kernel = type.Create(weights);
        Gen.Select(Gen.Int[0, ForwardMutation.Kinds - 1], Gen.Int[1, 3], Gen.Int[0, 7], Gen.Int[0, 9], Gen.Int[0, 100_000])
            .Holds((mutation, batch, rows, keys, seed) => Run(kernel, weights, mutation, batch, type.Shape.SequenceLength > 0 ? type.Shape.SequenceLength
                : rows, keys, seed), iter: 1_500, threads: 2);
    }

    private static void Run(IKernel kernel, AttentionWeights weights, int mutation, int batch, int rows, int keys, int seed)
    {
        AttentionShape shape = kernel.Type.Shape;
        var random = new Random(seed);
        AttentionCase right = AttentionCase.Create(shape, batch, rows, keys, seed, weights);
        bool appends = shape.HasCache && !shape.IsCrossAttention && random.Next(2) == 0;
        AttentionCache? cache = null;
        ReferenceCache? twin = null;
        if (appends)
        {
            // A first part fills the cache of both; then the rest follows, for whose keys there is room or not.
            AttentionCase whole = AttentionCase.Create(shape, batch, rows, -1, seed, weights);
            int split = random.Next(rows + 1);
            int[] first = [.. Enumerable.Range(0, batch).Select(sequence => Math.Min(split, whole.RowsOf(sequence)))];
            int[] rest = [.. first.Select((count, sequence) => whole.RowsOf(sequence) - count)];
            cache = kernel.CreateCache(Math.Max(1, random.Next(4) == 0 ? split : 2 * rows), batch);
            twin = new ReferenceCache(shape, batch);
            AttentionCase start = whole.Chunk(new int[batch], first) with { CachedKeys = [] };
            start.RunAll(kernel, cache: cache);
            start.ReferenceAll(twin);
            right = whole.Chunk(first, rest);
        }

        else if (shape.IsCrossAttention && random.Next(2) == 0)
        {
            // The memory is in the cache of both.
            cache = kernel.CreateCache(Math.Max(1, keys), batch);
            twin = new ReferenceCache(shape, batch);
            right.ProjectMemory(kernel, cache);
            ReferenceAttention.ProjectMemory(shape, weights, right.Memory, right.ValueInput, twin, right.KeyOffsets);
            right = right.WithoutMemory;
        }

        (AttentionCase call, ForwardPlaces places) = ForwardMutation.Apply(right, mutation, random);
        if (kernel.Type is ITypedKernelType)
            (call, places) = TypedKernels.Passable(call, places, right, cache is not null);
        ReferenceResult? expected = null;
        Exception? refused = Refusal.Of(() => expected = call.ReferenceAll(twin));
        bool hasRoom = cache is null || refused is not null || Enumerable.Range(0, batch).All(sequence => twin!.LengthOf(sequence) <= cache.Capacity);
        // The reference takes the batch from the offsets.
        bool isWrongForKernels = shape.Ragged && call.RowOffsets.Length != call.Batch + 1L;

        var results = new ForwardResults(call, places, expected);
        string before = CacheContent.Of(cache);
        Exception? exception = Refusal.Of(() => results.Run(kernel, cache));
        if (exception is not null)
        {
            results.AssertUnwritten();
            Assert.Equal(before, CacheContent.Of(cache));
            bool isWrong = refused is not null || results.AreWrong || !hasRoom || isWrongForKernels;
            Assert.True(isWrong, $"The kernel refuses what the reference takes: {exception}");
            AssertNamed(kernel.Type, mutation, cache is not null, exception);
            return;
        }

        Assert.True(refused is null && !results.AreWrong && hasRoom && !isWrongForKernels, $"The kernel takes what must be refused: {refused}, {places}");
        results.AssertClose(expected!);
        if (cache is not null)
            Assert.Equal(twin!.Length, cache.Length);
    }

    /// <summary>What is wrong, or no longer fits what is, is named as the caller knows it.</summary>
    private static void AssertNamed(IKernelType type, int mutation, bool isCached, Exception exception)
    {
        if (exception is not ArgumentException { ParamName: { } named })
            return;
        string[] names = ForwardMutation.Names(mutation);
        Assert.True(names.Length == 0 || names.Contains(named), $"Not what is wrong: {exception}");
        if (type is ITypedKernelType typed)
            Assert.Contains(named, typed.Parameters(isCached));
    }

    /// <summary>The results of one call, one behind the other, before the input; <see cref="OverlapProperties"/> lays them over each other.</summary>
    private sealed class ForwardResults
    {
        private readonly AttentionCase call;
        private readonly ForwardPlaces places;
        private readonly float[] memory;
        private readonly int[] lengths;

        public ForwardResults(AttentionCase call, ForwardPlaces places, ReferenceResult? expected)
        {
            this.call = call;
            this.places = places;
            int[] fitting = expected is null
                ? [call.Input.Length, 0, 0, 0]
                : [expected.Output.Length, expected.Probabilities.Length, expected.Scores.Length, expected.LogSumExp.Length];
            int[] asked = [places.Output, places.Probabilities, places.Scores, places.LogSumExp];
            lengths = [.. fitting.Zip(asked, (fits, length) => length < 0 ? fits : length)];
            memory = new float[lengths.Sum() + call.Input.Length];
            memory.AsSpan(0, lengths.Sum()).Fill(Unwritten);
            call.Input.CopyTo(memory, lengths.Sum());
            // Whatever is declared beside the output may be left out.
            AreWrong = places.Threads < 0 || lengths[0] != fitting[0] || lengths.Zip(fitting).Skip(1).Any(pair => pair.First != pair.Second && pair.First != 0);
        }

        /// <summary>Whether the results have wrong lengths, or the options are wrong.</summary>
        public bool AreWrong { get; }

        public void Run(IKernel kernel, AttentionCache? cache)
        {
            int inputStart = lengths.Sum();
            int[] starts = [.. Enumerable.Range(0, 4).Select(result => lengths.Take(result).Sum())];
            AttentionArguments arguments = call.Arguments;
            kernel.Forward(arguments with
            {
                Input = memory.AsSpan(inputStart, call.Input.Length),
                Output = memory.AsSpan(starts[0], lengths[0]),
                Probabilities = memory.AsSpan(starts[1], lengths[1]),
                Scores = memory.AsSpan(starts[2], lengths[2]),
                LogSumExp = memory.AsSpan(starts[3], lengths[3]),
                Cache = cache,
                Options = new() { MaxDegreeOfParallelism = places.Threads },
            });
        }

        public void AssertUnwritten()
        {
            Assert.Equal(-1, memory.AsSpan(0, lengths.Sum()).IndexOfAnyExcept(Unwritten));
            Assert.True(memory.AsSpan(lengths.Sum()).SequenceEqual(call.Input), "the input was written");
        }

        public void AssertClose(ReferenceResult expected)
        {
            var result = new AttentionResult(
                memory[..lengths[0]], memory[lengths[0]..(lengths[0] + lengths[1])], memory[(lengths[0] + lengths[1])..(lengths[0] + lengths[1] + lengths[2])],
                memory[(lengths[0] + lengths[1] + lengths[2])..lengths.Sum()]);
            var taken = new ReferenceResult(
                expected.Output, lengths[1] == 0 ? [] : expected.Probabilities, lengths[2] == 0 ? [] : expected.Scores,
                lengths[3] == 0 ? [] : expected.LogSumExp);
            result.AssertClose(taken, call.Shape, call.Describe());
        }
    }
}
