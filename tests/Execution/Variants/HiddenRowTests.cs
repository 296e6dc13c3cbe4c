using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>Rows that a mask hides wholly, where probabilities come out: their key range may end blocks before the last one.</summary>
[Trait("Speed", "Slow")]
public sealed class HiddenRowTests
{
    private static readonly KernelSet Kernels = new(
        ("probabilities", new() { Heads = 4, KvHeads = 2, HeadDim = 8, DModel = 16, Causal = true, BooleanMask = MaskAxes.BatchHeadQueryKey,
            Outputs = AttentionOutputs.Probabilities | AttentionOutputs.LogSumExp }),
        (
            "averaged",
            new() { Heads = 2, DModel = 16, Causal = true, BooleanMask = MaskAxes.BatchHeadQueryKey, Outputs = AttentionOutputs.AveragedProbabilities }),
        (
            "cached",
            new() { Heads = 2, DModel = 16, KeyLengths = true, BooleanMask = MaskAxes.BatchHeadQueryKey, Outputs = AttentionOutputs.AveragedProbabilities }),
        ("predicate", new() { Heads = 2, HeadDim = 8, Projections = false, Causal = true, MaskPredicate = TestHook.ThirdsPredicate,
            Outputs = AttentionOutputs.AveragedProbabilities }),
        ("probability", new() { Heads = 2, HeadDim = 8, Projections = false, Causal = true, BooleanMask = MaskAxes.BatchHeadQueryKey,
            ProbabilityModifier = TestHook.CurvedProbability, Outputs = AttentionOutputs.Probabilities | AttentionOutputs.LogSumExp }),
        (
            "table-probability",
            new() { Heads = 2, DModel = 16, AdditiveMask = MaskAxes.BatchHeadQueryKey, Sinks = true, ProbabilityModifier = TestHook.TableProbability,
                Outputs = AttentionOutputs.AveragedProbabilities }),
        (
            "additive",
            new() { Heads = 2, HeadDim = 8, DModel = 24, Causal = true, AdditiveMask = MaskAxes.BatchHeadQueryKey, Outputs = AttentionOutputs.Probabilities }));

    public static TheoryData<string> All => Kernels.All;

    [Theory]
    [MemberData(nameof(All))]
    public void A_hidden_row_has_no_probabilities_and_disturbs_no_other(string name)
    {
        IKernelType type = Kernels.Type(name);
        ReferenceHooks hooks = Kernels.Configuration(name).ReferenceHooks;
        foreach (int rows in (int[])[40, 300, 1100])
        {
            AttentionCase call = AttentionCase.Create(type.Shape, batch: 1, rows, -1, seed: rows, hooks: hooks);
            // The first row of every head is hidden, and then every third.
            if (call.BooleanMask.Length > 0)
                call = call with { BooleanMask = [.. Enumerable.Range(0, call.BooleanMask.Length).Select(index => index / rows % rows % 3 != 0)] };
            if (call.AdditiveMask.Length > 0)
                call = call with { AdditiveMask = [.. Enumerable.Range(0, call.AdditiveMask.Length).Select(index => index / rows % rows % 3 != 0 ? 0
                    : float.NegativeInfinity)] };
            if (call.KeyLengths.Length > 0)
                call = call with { KeyLengths = [rows / 3] };
            IKernel kernel = type.Create(call.Weights);
            AttentionResult result = call.RunAll(kernel, threads: 1);
            result.AssertClose(call.ReferenceAll(), type.Shape, $"{name}: {call.Describe()}");
            result.AssertSameBits(call.RunAll(kernel, threads: 3), $"{name}: {call.Describe()}, 3 threads");
        }
    }
}
