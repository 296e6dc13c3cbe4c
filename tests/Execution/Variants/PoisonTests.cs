using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>NaN and infinity in keys and values: without effect under every kind of mask, and not lost where they are attended.</summary>
[Trait("Speed", "Slow")]
public sealed class PoisonTests
{
    private static readonly TestConfiguration Core = new() { Heads = 4, KvHeads = 2, HeadDim = 8, ValueHeadDim = 12, Projections = false };

    private static KernelSet Kernels { get; } = new(
        ("lengths", Core with { KeyLengths = true }),
        ("starts", Core with { KeyStarts = true, KeyLengths = true }),
        ("causal", Core with { Causal = true }),
        ("bottom-right", Core with { Causal = true, CausalAlignment = CausalAlignment.BottomRight }),
        ("window", Core with { WindowLeft = 5, WindowRight = 2 }),
        ("prefix", Core with { Causal = true, PrefixLengths = true }),
        ("chunks", Core with { ChunkSize = 11 }),
        ("documents", Core with { Documents = true }),
        ("boolean", Core with { BooleanMask = MaskAxes.BatchHeadQueryKey }),
        ("boolean-keys", Core with { BooleanMask = MaskAxes.BatchKey, Causal = true }),
        ("additive", Core with { AdditiveMask = MaskAxes.BatchHeadQueryKey }),
        ("short-masks", Core with { AdditiveMask = MaskAxes.HeadQueryKey, BooleanMask = MaskAxes.BatchKey, MaskLength = true,
            Outputs = AttentionOutputs.MaskedScores | AttentionOutputs.Probabilities }),
        ("additive-window", Core with { AdditiveMask = MaskAxes.QueryKey, WindowLeft = 20, Softcap = 2 }),
        ("predicate", Core with { MaskPredicate = TestHook.ThirdsPredicate }),
        ("range-predicate", Core with { MaskPredicate = TestHook.RangePredicate }),
        ("vector-predicate", Core with { MaskPredicate = TestHook.VectorPredicate, ScoreModifier = TestHook.TableModifier }),
        ("ragged", Core with { Ragged = true, Causal = true, KeyLengths = true, KeyStarts = true }),
        ("sinks", Core with { Sinks = true, AdditiveMask = MaskAxes.HeadQueryKey }),
        ("appended", Core with { BiasKeyValue = true, ZeroKeyValue = true, BooleanMask = MaskAxes.QueryKey, Causal = true }),
        ("probability", Core with { ProbabilityModifier = TestHook.CurvedProbability, BooleanMask = MaskAxes.BatchHeadQueryKey }),
        ("probability-causal", Core with { ProbabilityModifier = TestHook.VectorProbability, Causal = true }),
        ("probability-int8", Core with { ProbabilityModifier = TestHook.TableProbability, AdditiveMask = MaskAxes.QueryKey, WindowLeft = 20,
            KeyValues = KeyValueFormat.Int8 }),
        ("causal-int8", Core with { Causal = true, KeyValues = KeyValueFormat.Int8 }),
        ("boolean-int8", Core with { BooleanMask = MaskAxes.BatchHeadQueryKey, KeyValues = KeyValueFormat.Int8 }),
        ("additive-window-int8", Core with { AdditiveMask = MaskAxes.QueryKey, WindowLeft = 20, KeyValues = KeyValueFormat.Int8 }),
        ("appended-int8", Core with { BiasKeyValue = true, ZeroKeyValue = true, BooleanMask = MaskAxes.QueryKey, Causal = true,
            KeyValues = KeyValueFormat.Int8 }),
        ("predicate-bfloat16", Core with { MaskPredicate = TestHook.ThirdsPredicate, KeyValues = KeyValueFormat.BFloat16 }),
        ("window-float16", Core with { WindowLeft = 5, WindowRight = 2, KeyValues = KeyValueFormat.Float16 }));

    private static readonly float[] Poisons = [float.NaN, float.PositiveInfinity, float.NegativeInfinity];

    public static TheoryData<string> All => Kernels.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Only_rows_that_see_a_poisoned_key_are_affected(string name)
    {
        TestConfiguration configuration = Kernels.Configuration(name);
        IKernelType type = Kernels.Type(name);
        AttentionShape shape = type.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 3);
        IKernel kernel = type.Create(weights);
        int affected = 0, unaffected = 0;
        foreach (int keys in (int[])[6, 35, 290])
        {
            AttentionCase call = AttentionCase.Create(
                shape, batch: 2, rows: Math.Min(keys, 37), shape.Documents ? -1 : keys, seed: keys, weights, configuration.ReferenceHooks);
            float[] clean = call.Run(kernel);
            double[] cleanExpected = call.Reference();
            int total = call.NewKeysOf(0) + call.NewKeysOf(1);
            foreach (int key in (int[])[0, 3, call.NewKeysOf(0) - 1, total - 1])
            {
                foreach (float poison in Poisons)
                {
                    AttentionCase poisoned =
                        call with { Key = Poisoned(call.Key, key, shape.KeyDim, poison), Value = Poisoned(call.Value, key, shape.ValueDim, poison) };
                    double[] expected = poisoned.Reference();
                    float[] actual = poisoned.Run(kernel);
                    for (int index = 0; index < actual.Length; index++)
                    {
                        string what = $"{name}, {call.Describe()}, {poison} in key {key}, row {index / shape.OutputDim}, column {index % shape.OutputDim}";
                        // An infinite key that is attended may have the score −∞, which takes it out of the sum.
                        bool takenOut = double.IsFinite(expected[index]) && expected[index] != cleanExpected[index];
                        if (takenOut)
                            Assert.True(
                                !float.IsNaN(poison) && Math.Abs(actual[index] - expected[index]) <= Compare.Tolerance * (1 + Math.Abs(expected[index])),
                                $"{what}: {actual[index]}, expected {expected[index]}.");
                        else if (double.IsFinite(expected[index]))
                            Assert.True(
                                BitConverter.SingleToInt32Bits(clean[index]) == BitConverter.SingleToInt32Bits(actual[index]),
                                $"{what}: {actual[index]} in place of {clean[index]}.");
                        else
                            Assert.False(float.IsFinite(actual[index]), $"{what}: {actual[index]}, but the key is attended.");
                        _ = double.IsFinite(expected[index]) ? unaffected++ : affected++;
                    }
                }
            }
        }

        // Both happened.
        Assert.True(affected > 0 && unaffected > 0, $"{affected} outputs affected, {unaffected} not.");
    }

    private static float[] Poisoned(float[] rows, int row, int width, float poison)
    {
        float[] result = rows.ToArray();
        result.AsSpan(row * width, width).Fill(poison);
        return result;
    }
}
