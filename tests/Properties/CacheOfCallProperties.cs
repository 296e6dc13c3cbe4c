using AttentionGen.Tests.Support;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>The caches that calls are given: right ones, and those of another kernel, of another batch, or too small.</summary>
[Trait("Speed", "Slow")]
public sealed class CacheOfCallProperties
{
    private const float Unwritten = 12345.678f;

    private static readonly string[] Names = [.. PropertyKernels.All.Names];

    [Fact]
    public void A_cache_of_another_kernel_or_batch_is_refused() =>
        Gen.Select(Gen.Int[0, Names.Length - 1], Gen.Int[0, Names.Length - 1], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[0, 100_000])
            .Holds((given, made, batch, cacheBatch, seed) => Run(PropertyKernels.All.Type(Names[given]), PropertyKernels.All.Type(Names[made]), batch,
                cacheBatch, seed), iter: 3_000, threads: 2);

    [Fact]
    public void A_memory_is_projected_or_the_cache_stays_as_it_is()
    {
        var plain = new TypedCross(AttentionWeights.Random(TypedCross.Shape, 3));
        var ragged = new TypedRaggedCross(AttentionWeights.Random(TypedRaggedCross.Shape, 3));
        var values = new TypedCrossValues(AttentionWeights.Random(TypedCrossValues.Shape, 3));
        var raggedValues = new TypedRaggedCrossValues(AttentionWeights.Random(TypedRaggedCrossValues.Shape, 3));
        Gen.Select(Gen.Int[0, 11], Gen.Int[1, 3], Gen.Int[0, 9], Gen.Int[0, 100_000]).Holds((mistake, batch, keys, seed) =>
        {
            Project(TypedKernels.Type("cross"), mistake, batch, keys, seed, (memory, _, cache, _, options) => plain.ProjectMemory(memory, cache!, options));
            Project(
                TypedKernels.Type("cross-values"), mistake, batch, keys, seed,
                (memory, valueInput, cache, _, options) => values.ProjectMemory(memory, valueInput, cache!, options));
            Project(
                TypedKernels.Type("ragged-cross-values"), mistake, batch, keys, seed,
                (memory, valueInput, cache, offsets, options) => raggedValues.ProjectMemory(memory, valueInput, cache!, offsets, options));
            Project(
                TypedKernels.Type("ragged-cross"),
                mistake,
                batch,
                keys,
                seed,
                (memory, _, cache, offsets, options) => ragged.ProjectMemory(memory, cache!, offsets, options));
        }, iter: 2_000, threads: 2);
    }

    private static void Run(IKernelType type, IKernelType maker, int batch, int cacheBatch, int seed)
    {
        if (!maker.Shape.HasCache)
            return;
        IKernel kernel = type.Create(AttentionWeights.Random(type.Shape, 5));
        AttentionCase call = AttentionCase.Create(
            type.Shape, batch, type.Shape.SequenceLength > 0 ? type.Shape.SequenceLength : 4, 3, seed, AttentionWeights.Random(type.Shape, 5));
        var cache = maker.Create(AttentionWeights.Random(maker.Shape, 5)).CreateCache(9, cacheBatch);
        bool isRight = ReferenceEquals(type, maker) && batch == cacheBatch;
        if (type.Shape.IsCrossAttention)
        {
            // What the call would have brought along is in the cache, where that is its own.
            if (isRight)
                call.ProjectMemory(kernel, cache);
            call = call.WithoutMemory;
        }
        else if (!isRight)
        {
            cache.Append(cacheBatch - 1, new float[maker.Shape.KeyDim], new float[maker.Shape.ValueDim]);
        }

        string before = CacheContent.Of(cache);
        float[] output = [.. Enumerable.Repeat(Unwritten, call.ResultLengths.Output)];
        float[] scores = new float[call.ResultLengths.Scores], probabilities = new float[call.ResultLengths.Probabilities],
        logSumExp = new float[call.ResultLengths.LogSumExp];
        AttentionCache given = cache;
        Exception? exception = Refusal.Of(() => kernel.Forward(call.Arguments with { Output = output, Scores = scores, Probabilities = probabilities,
            LogSumExp = logSumExp, Cache = given }));
        Assert.Equal(isRight, exception is null);
        if (isRight)
        {
            if (!type.Shape.IsCrossAttention)
                Compare.Close(call.Reference(), output, Math.Max(1, type.Shape.OutputDim), call.Describe());
            return;
        }

        // A wrong batch of the kernel's own cache is the batch's mistake.
        Assert.Equal(ReferenceEquals(type, maker) ? "batch" : "cache", Assert.IsType<ArgumentException>(exception).ParamName);
        Assert.Equal(-1, output.AsSpan().IndexOfAnyExcept(Unwritten));
        Assert.Equal(before, CacheContent.Of(cache));
    }

    private delegate void ProjectCall(
        ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, AttentionCache? cache, ReadOnlySpan<int> memoryOffsets, ForwardOptions options);

    private static void Project(IKernelType type, int mistake, int batch, int keys, int seed, ProjectCall project)
    {
        AttentionShape shape = type.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, 3);
        IKernel kernel = type.Create(weights);
        AttentionCase right = AttentionCase.Create(shape, batch, 2, keys, seed, weights), former = AttentionCase.Create(shape, batch, 2, 4, seed + 1, weights);
        float[] memory = right.Memory, valueInput = right.ValueInput;
        int[] offsets = right.KeyOffsets;
        var random = new Random(seed);
        int longest = Enumerable.Range(0, batch).Max(right.NewKeysOf);
        AttentionCache? cache = kernel.CreateCache(Math.Max(4, keys + random.Next(3)), batch);
        ForwardOptions options = new() { MaxDegreeOfParallelism = random.Next(SharedThreads.Most + 1) };
        (Type Kind, string? Argument)? expected = null;
        switch (mistake)
        {
            case 0:
                memory = [.. memory, 1];
                expected = (typeof(ArgumentException), "memory");
                break;
            case 1:
                cache = kernel.CreateCache(4, batch);
                expected = longest > 4 ? (typeof(InvalidOperationException), null) : null;
                break;
            case 2:
                // The same keys and values, but another kernel.
                AttentionShape other = shape with { Softcap = 3 };
                cache = new AttentionCache(other, 20, batch);
                expected = (typeof(ArgumentException), "cache");
                break;
            case 3:
                cache = null;
                expected = (typeof(ArgumentNullException), "cache");
                break;
            case 4:
                options = new() { MaxDegreeOfParallelism = -1 - random.Next(5) };
                expected = (typeof(ArgumentOutOfRangeException), "options");
                break;
            case 5:
                options = new() { CancellationToken = new CancellationToken(canceled: true) };
                expected = (typeof(OperationCanceledException), null);
                break;
            case 6 when shape.Ragged:
                offsets = [.. offsets, offsets[^1]];
                expected = (typeof(ArgumentException), "memoryOffsets");
                break;
            case 7 when shape.Ragged:
                offsets = [];
                expected = (typeof(ArgumentException), "memoryOffsets");
                break;
            case 8 when shape.Ragged:
                offsets = [.. offsets];
                offsets[random.Next(offsets.Length)] += random.Next(2) == 0 ? -100 : 100;
                expected = (typeof(ArgumentOutOfRangeException), "memoryOffsets");
                break;
            case 9 when shape.ValueInputDim > 0:
                valueInput = [.. valueInput, .. new float[random.Next(2) == 0 ? 1 : shape.ValueInputDim]];
                expected = (typeof(ArgumentException), "valueInput");
                break;
            case 10 when shape.ValueInputDim > 0 && valueInput.Length > 0:
                valueInput = valueInput[..random.Next(valueInput.Length)];
                expected = (typeof(ArgumentException), "valueInput");
                break;
        }

        if (cache is not null && ReferenceEquals(cache.Shape, shape))
            former.ProjectMemory(kernel, cache);
        string before = CacheContent.Of(cache);
        float[] copy = [.. memory, .. valueInput];
        Exception? exception = Record.Exception(() => project(memory, valueInput, cache, offsets, options));
        Assert.Equal<float>(copy, (float[])[.. memory, .. valueInput]);
        Assert.Equal(expected?.Kind, exception?.GetType());
        if (expected is not null)
        {
            Assert.Equal(expected.Value.Argument, (exception as ArgumentException)?.ParamName);
            Assert.Equal(before, CacheContent.Of(cache));
            return;
        }

        Assert.Equal(Enumerable.Range(0, batch).Select(right.NewKeysOf), cache!.Lengths.ToArray());
        right.WithoutMemory.RunAll(kernel, cache: cache).AssertClose(right.ReferenceAll(), shape, right.Describe());
    }
}
