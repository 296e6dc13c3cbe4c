using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>Padding that is skipped is neither read nor computed: NaN in it changes nothing, and its output is zero.</summary>
[Trait("Speed", "Slow")]
public sealed class PaddingTests
{
    private static readonly (string Name, TestConfiguration Configuration)[] Skipping =
    [
        ("self", new() { Heads = 4, DModel = 64, KeyLengths = true, SkipPadding = true }),
        ("odd", new() { Heads = 3, KvHeads = 1, HeadDim = 10, DModel = 27, KeyLengths = true, SkipPadding = true, Outputs = AttentionOutputs.LogSumExp }),
        ("causal", new() { Heads = 4, DModel = 64, Causal = true, KeyLengths = true, SkipPadding = true, Rotary = RotaryKind.HalfSplit }),
        ("fixed", new() { Heads = 2, DModel = 32, SequenceLength = 40, KeyLengths = true, SkipPadding = true }),
        ("wide", new() { Heads = 12, DModel = 768, KeyLengths = true, SkipPadding = true }),
        ("wide-causal", new() { Heads = 12, DModel = 760, HeadDim = 64, Causal = true, KeyLengths = true, SkipPadding = true }),
    ];

    private static KernelSet Skips { get; } = new(Skipping);

    private static KernelSet Computes { get; } = new([.. Skipping.Select(entry => (entry.Name, entry.Configuration with { SkipPadding = false }))]);

    public static TheoryData<string> All => Skips.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Padding_is_zero_and_the_rest_is_as_without_skipping(string name)
    {
        IKernelType type = Skips.Type(name);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 4);
        IKernel kernel = type.Create(weights), computes = Computes.Type(name).Create(weights);
        int width = type.Shape.DModel;
        foreach (var (batch, rows) in ((int, int)[])[(1, 1), (3, 5), (4, 40), (1, 40), (2, 40), (2, 130), (6, 20), (2, 300)])
        {
            if (type.Shape.SequenceLength > 0 && rows != type.Shape.SequenceLength)
                continue;
            AttentionCase call = AttentionCase.Create(type.Shape, batch, rows, seed: (10 * rows) + batch, weights: weights);
            AttentionResult expected = (call with { Shape = computes.Type.Shape }).RunAll(computes);
            float[] poisoned = [.. call.Input];
            for (int sequence = 0; sequence < batch; sequence++)
            {
                int first = (sequence * rows) + call.KeyLengths[sequence], end = (sequence + 1) * rows;
                poisoned.AsSpan((first * width)..(end * width)).Fill(float.NaN);
                expected.Output.AsSpan((first * width)..(end * width)).Clear();
                if (expected.LogSumExp.Length > 0)
                    expected.LogSumExp.AsSpan((first * type.Shape.Heads)..(end * type.Shape.Heads)).Fill(float.NegativeInfinity);
            }

            foreach (int threads in (int[])[1, 2, 4, 8])
                expected.AssertSameBits((call with { Input = poisoned }).RunAll(kernel, threads), $"{name}, {threads} threads: {call.Describe()}");
        }
    }

    [Theory]
    [InlineData("causal")]
    [InlineData("wide-causal")]
    public void A_cache_gets_zeros_for_padding(string name)
    {
        IKernelType type = Skips.Type(name);
        AttentionShape shape = type.Shape;
        IKernel kernel = type.Create(AttentionWeights.Random(shape, seed: 4));
        foreach (int threads in (int[])[1, 2, 8])
        {
            AttentionCache cache = kernel.CreateCache(120, batch: 2);
            float[] rubbish = [.. Enumerable.Repeat(float.NaN, 2 * shape.KeyDim * 120)];
            cache.Load(rubbish, rubbish);
            cache.Clear();
            foreach (int rows in (int[])[30, 70, 1])
            {
                int before = cache.Length;
                float[] input = AttentionCase.Uniform(new Random(rows), 2 * rows * shape.DModel), output = new float[input.Length];
                int[] lengths = [before + (rows / 3), before + rows];
                input.AsSpan((rows / 3 * shape.DModel)..(rows * shape.DModel)).Fill(float.NaN);
                kernel.Forward(new AttentionArguments { Input = input, Output = output, Cache = cache, KeyLengths = lengths, Batch = 2,
                    Options = new() { MaxDegreeOfParallelism = threads } });
                Assert.Equal(-1, output.AsSpan((rows / 3 * shape.DModel)..(rows * shape.DModel)).IndexOfAnyExcept(0f));
                Assert.Equal(-1, output.AsSpan().IndexOf(float.NaN));
                float[] keys = new float[shape.KeyDim * rows], values = new float[shape.ValueDim * rows];
                cache.CopyTo(0, before, keys, values);
                for (int head = 0; head < shape.KvHeads; head++)
                {
                    Range padding = (((head * rows) + (rows / 3)) * shape.HeadDim)..((head + 1) * rows * shape.HeadDim);
                    Assert.Equal(-1, keys.AsSpan(padding).IndexOfAnyExcept(0f));
                    Assert.Equal(-1, values.AsSpan(padding).IndexOfAnyExcept(0f));
                    Assert.NotEqual(0, keys[(head * rows * shape.HeadDim) + (rows < 3 ? 0 : 1)] + (rows < 3 ? 1 : 0));
                }
            }
        }
    }
}
