using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>A declared result that a call leaves out, by an empty span, changes nothing in the others.</summary>
[Trait("Speed", "Slow")]
public sealed class LeftOutResultTests
{
    private const AttentionOutputs All = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores;

    private static readonly KernelSet Kernels = new(
        ("plain", new() { Heads = 4, KvHeads = 2, HeadDim = 8, DModel = 16, Outputs = All }),
        (
            "masks, sinks",
            new() { Heads = 4, DModel = 16, Causal = true, WindowLeft = 40, BooleanMask = MaskAxes.QueryKey, Softcap = 2, Sinks = true, Outputs = All }),
        ("short mask", new() { Heads = 2, DModel = 16, Causal = true, BooleanMask = MaskAxes.HeadQueryKey, MaskLength = true,
            Outputs = AttentionOutputs.MaskedScores | AttentionOutputs.Probabilities | AttentionOutputs.LogSumExp }),
        ("capped", new() { Heads = 2, DModel = 16, Causal = true, Softcap = 2, AdditiveMask = MaskAxes.BatchKey,
            Outputs = AttentionOutputs.CappedScores | AttentionOutputs.Probabilities }),
        ("averaged", new() { Heads = 4, DModel = 16, KeyLengths = true, SkipPadding = true,
            Outputs = AttentionOutputs.AveragedProbabilities | AttentionOutputs.ScaledScores }),
        (
            "core, appended",
            new() { Heads = 2, HeadDim = 8, Projections = false, Layout = HeadLayout.HeadsRows, BiasKeyValue = true, Outputs = AttentionOutputs.LogSumExp }),
        ("ragged", new() { Heads = 2, DModel = 16, Ragged = true, Causal = true, Outputs = AttentionOutputs.LogSumExp }));

    public static TheoryData<string> Names => Kernels.All;

    [Theory]
    [MemberData(nameof(Names))]
    public void It_changes_no_bit_of_the_others(string name)
    {
        IKernelType type = Kernels.Type(name);
        foreach (int rows in (int[])[1, 37, 300])
        {
            AttentionCase call = AttentionCase.Create(type.Shape, batch: 2, rows, type.Shape.HasProjections ? -1 : rows + 5, seed: rows);
            IKernel kernel = type.Create(call.Weights);
            foreach (int threads in (int[])[1, 4])
            {
                AttentionResult whole = call.RunAll(kernel, threads);
                for (int taken = 0; taken < 8; taken++)
                {
                    AttentionResult part = Run(kernel, call, threads, (taken & 1) != 0, (taken & 2) != 0, (taken & 4) != 0);
                    var expected = new AttentionResult(
                        whole.Output, Taken(whole.Probabilities, taken & 1), Taken(whole.Scores, taken & 2), Taken(whole.LogSumExp, taken & 4));
                    expected.AssertSameBits(part, $"{name}, {rows} rows, {threads} threads, results {taken}");
                }
            }
        }
    }

    private static float[] Taken(float[] result, int isTaken) => isTaken != 0 ? result : [];

    private static AttentionResult Run(IKernel kernel, AttentionCase call, int threads, bool takesProbabilities, bool takesScores, bool takesLogSumExp)
    {
        (int outputs, int probabilities, int scores, int logSumExps) = call.ResultLengths;
        var result = new AttentionResult(
            new float[outputs], new float[takesProbabilities ? probabilities : 0], new float[takesScores ? scores : 0],
            new float[takesLogSumExp ? logSumExps : 0]);
        kernel.Forward(call.Arguments with
        {
            Output = result.Output,
            Probabilities = result.Probabilities,
            Scores = result.Scores,
            LogSumExp = result.LogSumExp,
            Options = new() { MaxDegreeOfParallelism = threads },
        });
        return result;
    }
}
