using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>Each sequence of a ragged batch has exactly the bits that it has alone, and what the reference says.</summary>
[Trait("Speed", "Slow")]
public sealed class RaggedTests
{
    private static KernelSet Ragged { get; } = new(
        ("self", new() { Heads = 4, DModel = 64, Ragged = true }),
        ("self-lengths", new() { Heads = 3, HeadDim = 10, DModel = 27, Ragged = true, KeyLengths = true, ValueHeadDim = 18 }),
        ("causal", new() { Heads = 8, KvHeads = 2, HeadDim = 24, DModel = 48, Ragged = true, Causal = true, Rotary = RotaryKind.HalfSplit }),
        ("causal-lengths", new() { Heads = 4, DModel = 32, Ragged = true, Causal = true, CausalAlignment = CausalAlignment.BottomRight, KeyLengths = true,
            Rotary = RotaryKind.Interleaved }),
        ("window", new() { Heads = 2, DModel = 32, Ragged = true, Causal = true, WindowLeft = 40, Outputs = AttentionOutputs.LogSumExp }),
        ("documents", new() { Heads = 2, DModel = 32, Ragged = true, Causal = true, Documents = true, Alibi = true }),
        ("cross", new() { Heads = 4, DModel = 40, MemoryDim = 24, HeadDim = 16, Ragged = true, KeyLengths = true }),
        ("cross-values", new() { Heads = 4, DModel = 40, MemoryDim = 24, ValueInputDim = 33, HeadDim = 16, Ragged = true, KeyLengths = true }));

    public static TheoryData<string> All => Ragged.All;

    public static TheoryData<string> Causal => Ragged.Where(configuration => configuration.Causal);

    private static (IKernel Ragged, IKernel Alone, AttentionWeights Weights) Kernels(string name)
    {
        IKernelType type = Ragged.Type(name);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 5);
        return (type.Create(weights), Alone.Type(name).Create(weights), weights);
    }

    /// <summary>The same blocks for sequences of equal length.</summary>
    private static KernelSet Alone { get; } = new([.. Ragged.Names.Select(name => (name, Ragged.Configuration(name) with { Ragged = false }))]);

    [Theory]
    [MemberData(nameof(All))]
    public void Sequences_have_the_bits_that_they_have_alone(string name)
    {
        var (kernel, alone, weights) = Kernels(name);
        foreach (var (batch, rows) in ((int, int)[])[(1, 0), (1, 9), (2, 300), (5, 40), (7, 3), (4, 130), (3, 530)])
        {
            AttentionCase call = AttentionCase.Create(kernel.Type.Shape, batch, rows, keys: rows + 20, seed: rows + batch, weights);
            AttentionResult result = call.RunAll(kernel);
            result.AssertClose(call.ReferenceAll(), call.Shape, $"{name}: {call.Describe()}");
            for (int sequence = 0, first = 0; sequence < batch; first += call.RowsOf(sequence++))
            {
                AttentionCase single = call.Single(sequence, alone.Type.Shape);
                Compare.SameBits(
                    single.RunAll(alone).Output, result.Output.AsSpan(first * call.Shape.OutputDim, single.Rows * call.Shape.OutputDim), call.Shape.OutputDim,
                    $"{name}, sequence {sequence}: {call.Describe()}");
            }

            foreach (int threads in (int[])[2, 3, 8])
                result.AssertSameBits(call.RunAll(kernel, threads), $"{name}, {threads} threads: {call.Describe()}");
        }
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void Sequences_of_a_cache_go_on_at_their_own_pace(string name)
    {
        const int Batch = 4, Rows = 340;
        var (kernel, alone, weights) = Kernels(name);
        AttentionCase whole = AttentionCase.Create(kernel.Type.Shape, Batch, Rows, seed: 3, weights: weights);
        whole = whole with { KeyLengths = [.. whole.KeyLengths.Select((_, sequence) => whole.RowsOf(sequence))] };
        AttentionResult expected = whole.RunAll(kernel);
        var random = new Random(11);
        for (int round = 0; round < 3; round++)
        {
            AttentionCache cache = kernel.CreateCache(Rows + (7 * round), Batch);
            var output = new float[expected.Output.Length];
            int[] first = new int[Batch];
            while (Enumerable.Range(0, Batch).Any(sequence => first[sequence] < whole.RowsOf(sequence)))
            {
                int most = random.Next(3) == 0 ? 2 : random.Next(2, 120);
                int[] count = [.. Enumerable.Range(0, Batch).Select(sequence => Math.Min(whole.RowsOf(sequence) - first[sequence], random.Next(most)))];
                AttentionCase chunk = whole.Chunk(first, count);
                whole.PutChunk(output, chunk.RunAll(kernel, threads: round, cache).Output, first, count);
                first = [.. first.Select((start, sequence) => start + count[sequence])];
                Assert.Equal(first, cache.Lengths.ToArray());
            }

            Compare.SameBits(expected.Output, output, whole.Shape.OutputDim, $"{name}, round {round}: {whole.Describe()}");
        }
    }

    [Theory]
    [InlineData("cross")]
    [InlineData("cross-values")]
    public void Projected_memories_have_their_own_lengths(string name)
    {
        var (kernel, _, weights) = Kernels(name);
        foreach (int keys in (int[])[0, 5, 300])
        {
            AttentionCase call = AttentionCase.Create(kernel.Type.Shape, 4, 33, keys, seed: keys, weights);
            AttentionResult expected = call.RunAll(kernel);
            AttentionCache cache = kernel.CreateCache(310, 4);
            float[] values = AttentionCase.Uniform(new Random(2), 600 * kernel.Type.Shape.ValueInputDim);
            kernel.ProjectMemory(AttentionCase.Uniform(new Random(1), 600 * 24), values, cache, [0, 300, 300, 310, 600], default);
            call.ProjectMemory(kernel, cache);
            Assert.Equal(Enumerable.Range(0, 4).Select(call.NewKeysOf), cache.Lengths.ToArray());
            AttentionCase cached = call.Projected;
            expected.AssertSameBits(cached.RunAll(kernel, cache: cache), $"{keys} keys");
            expected.AssertSameBits(cached.RunAll(kernel, threads: 2, cache: cache), $"{keys} keys, two threads");
        }
    }

    [Fact]
    public void Wide_blocks_are_shared_by_threads_in_every_way()
    {
        foreach (string name in Wide.Names)
        {
            IKernelType type = Wide.Type(name);
            AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 2);
            IKernel kernel = type.Create(weights);
            foreach (var (batch, rows) in ((int, int)[])[(1, 1), (2, 30), (3, 150), (2, 300), (9, 20)])
            {
                AttentionCase call = AttentionCase.Create(type.Shape, batch, rows, keys: 70, seed: rows, weights);
                AttentionResult expected = call.RunAll(kernel);
                foreach (int threads in (int[])[2, 5, 8])
                    expected.AssertSameBits(call.RunAll(kernel, threads), $"{name}, {threads} threads: {call.Describe()}");
            }
        }
    }

    private static KernelSet Wide { get; } = new(
        ("causal", new() { Heads = 16, KvHeads = 4, HeadDim = 48, DModel = 1000, Causal = true, Ragged = true, Rotary = RotaryKind.HalfSplit }),
        ("self", new() { Heads = 12, DModel = 768, Ragged = true, KeyLengths = true }),
        ("cross", new() { Heads = 10, HeadDim = 96, DModel = 968, MemoryDim = 600, Ragged = true }),
        ("cross-values", new() { Heads = 10, HeadDim = 96, DModel = 968, MemoryDim = 300, ValueInputDim = 600, Ragged = true }));
}
