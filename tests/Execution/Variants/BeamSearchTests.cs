using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>A beam search whose caches are forked and selected gives the bits of a search that computes every history anew.</summary>
[Trait("Speed", "Slow")]
public sealed class BeamSearchTests
{
    private static KernelSet All { get; } = new(
        ("plain", new() { Heads = 4, KvHeads = 2, DModel = 32, Causal = true, Rotary = RotaryKind.HalfSplit, ValueHeadDim = 20 }),
        ("window", new() { Heads = 2, DModel = 32, Causal = true, WindowLeft = 50 }));

    public static TheoryData<string> Names => All.All;

    [Theory]
    [MemberData(nameof(Names))]
    public void Beams_equal_recomputed_histories(string name)
    {
        const int Beams = 4, Steps = 25;
        IKernelType type = All.Type(name);
        IKernel kernel = type.Create(AttentionWeights.Random(type.Shape, seed: 9));
        int width = type.Shape.DModel;
        foreach (int prompt in (int[])[1, 37, 250, 600])
        {
            var random = new Random(prompt);
            float[] rows = AttentionCase.Uniform(random, prompt * width);
            AttentionCache first = kernel.CreateCache(prompt + Steps);
            kernel.Forward(new AttentionArguments { Input = rows, Output = new float[rows.Length], Cache = first });
            AttentionCache cache = first.Fork([0, 0, 0, 0]);
            List<float>[] histories = [.. Enumerable.Range(0, Beams).Select(_ => rows.ToList())];
            for (int step = 0; step < Steps; step++)
            {
                float[] input = AttentionCase.Uniform(random, Beams * width), output = new float[input.Length];
                kernel.Forward(new AttentionArguments { Input = input, Output = output, Cache = cache, Batch = Beams });
                for (int beam = 0; beam < Beams; beam++)
                {
                    histories[beam].AddRange(input.AsSpan(beam * width, width));
                    if (step % 6 != 5)
                        continue;
                    float[] history = [.. histories[beam]], whole = new float[history.Length];
                    kernel.Forward(new AttentionArguments { Input = history, Output = whole });
                    Compare.SameBits(
                        whole.AsSpan(whole.Length - width), output.AsSpan(beam * width, width), width, $"{name}, prompt {prompt}, step {step}, beam {beam}");
                }

                int[] parents = step % 4 == 3 ? [3, 2, 0, 1] : [.. Enumerable.Range(0, Beams).Select(_ => random.Next(Beams))];
                cache.Select(parents);
                histories = [.. parents.Select(parent => histories[parent].ToList())];
            }
        }
    }
}
