using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>What is masked has no effect, whatever it holds; what is attended does, NaN and infinity included.</summary>
[Trait("Speed", "Slow")]
public sealed class MaskTests
{
    public static TheoryData<string> Causal => SelectedConfigurations.All.Where(configuration => configuration.Causal && !configuration.IsCrossAttention);

    public static TheoryData<string> WithKeyLengths => SelectedConfigurations.All.Where(configuration => configuration.KeyLengths);

    public static TheoryData<string> Cross => SelectedConfigurations.All.Where(configuration => configuration.IsCrossAttention);

    private static readonly float[] Poisons = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue];

    [Theory]
    [MemberData(nameof(Causal))]
    public void Poison_above_the_diagonal_has_no_effect(string name)
    {
        foreach (int rows in (int[])[2, 7, 33, 280])
        {
            var (full, kernel) = SelectedConfigurations.Call(name, batch: 1, rows, rows, seed: rows);
            AttentionCase clean = full.Shape.KeyLengths ? full with { KeyLengths = [rows] } : full;
            float[] expected = clean.Run(kernel);
            int width = full.Shape.DModel;
            foreach (int firstPoisoned in (int[])[1, (rows / 2) + 1, rows - 1])
            {
                foreach (float poison in Poisons)
                {
                    float[] input = clean.Input.ToArray();
                    input.AsSpan(firstPoisoned * width).Fill(poison);
                    float[] actual = (clean with { Input = input }).Run(kernel);
                    Compare.SameBits(
                        expected.AsSpan(0, firstPoisoned * width),
                        actual.AsSpan(0, firstPoisoned * width),
                        width,
                        $"{name}, {poison} from row {firstPoisoned} of {rows}");
                    if (float.IsNaN(poison))
                        Assert.Equal(-1, actual.AsSpan(firstPoisoned * width).IndexOfAnyExcept(float.NaN));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(WithKeyLengths))]
    public void Poison_beyond_the_key_length_has_no_effect(string name)
    {
        const int Rows = 40;
        foreach (int keys in (int[])[20, 40, 290])
        {
            foreach (int length in (int[])[0, 1, 15, 16, 19])
            {
                bool cross = SelectedConfigurations.All.Configuration(name).IsCrossAttention;
                int rows = cross ? Rows : keys;
                var (call, kernel) = SelectedConfigurations.Call(name, batch: 2, rows, keys, seed: keys + length);
                AttentionCase clean = call with { KeyLengths = [length, keys] };
                float[] expected = clean.Run(kernel);
                int width = call.Shape.DModel, memoryWidth = call.Shape.MemoryDim;
                foreach (float poison in Poisons)
                {
                    // In self-attention the poisoned rows are queries too, so only the rows before them can stay as they are.
                    float[] poisoned = (cross ? clean.Memory : clean.Input).ToArray();
                    poisoned.AsSpan(length * memoryWidth, (keys - length) * memoryWidth).Fill(poison);
                    float[] values = clean.ValueInput.ToArray();
                    int valueWidth = call.Shape.ValueInputDim;
                    values.AsSpan(length * valueWidth, (keys - length) * valueWidth).Fill(poison);
                    float[] actual = (cross ? clean with { Memory = poisoned, ValueInput = values } : clean with { Input = poisoned }).Run(kernel);
                    int same = cross ? rows : length;
                    string what = $"{name}, {poison} beyond {length} of {keys} keys";
                    Compare.SameBits(expected.AsSpan(0, same * width), actual.AsSpan(0, same * width), width, what);
                    Compare.SameBits(expected.AsSpan(rows * width), actual.AsSpan(rows * width), width, what + ", the other sequence");
                }
            }
        }
    }

    /// <summary>NaN left behind in a truncated cache, and in the unused end of one, is never seen.</summary>
    [Theory]
    [MemberData(nameof(Causal))]
    public void Poison_in_the_unused_cache_has_no_effect(string name)
    {
        const int Rows = 21, Poisoned = 45;
        var (full, kernel) = SelectedConfigurations.Call(name, batch: 1, Rows, Rows, seed: 31);
        AttentionCase call = full.Shape.KeyLengths ? full with { KeyLengths = [Rows] } : full;
        int width = call.Shape.DModel;
        AttentionCache cache = kernel.CreateCache(64);
        var poison = new float[Poisoned * width];
        Array.Fill(poison, float.NaN);
        kernel.Forward(
            new AttentionArguments { Input = poison, Output = new float[poison.Length], Cache = cache, KeyLengths = call.Shape.KeyLengths ? [Poisoned] : [] });
        cache.Clear();
        float[] output = new float[call.Input.Length];
        for (int row = 0; row < Rows; row++)
        {
            kernel.Forward(new AttentionArguments
            {
                Input = call.Input.AsSpan(row * width, width),
                Output = output.AsSpan(row * width, width),
                Cache = cache,
                KeyLengths = call.Shape.KeyLengths ? [row + 1] : [],
            });
        }

        Compare.SameBits(call.Run(kernel), output, width, name);
    }

    [Theory]
    [MemberData(nameof(Cross))]
    public void Attended_NaN_propagates(string name)
    {
        foreach (int keys in (int[])[1, 17, 300])
        {
            // Under bottom-right alignment the first rows do not see key 0.
            var (full, kernel) = SelectedConfigurations.Call(name, batch: 2, rows: 9, keys, seed: keys);
            bool bottomRight = full.Shape.CausalAlignment == CausalAlignment.BottomRight;
            AttentionCase call = full.Shape.KeyLengths ? full with { KeyLengths = [keys, keys] } : full;
            float[] clean = call.Run(kernel);
            float[] memory = call.Memory.ToArray();
            memory[0] = float.NaN;
            float[] actual = (call with { Memory = memory }).Run(kernel);
            int width = call.Shape.DModel;
            int blind = bottomRight ? Math.Max(0, 9 - keys) : 0;
            Compare.SameBits(clean.AsSpan(0, blind * width), actual.AsSpan(0, blind * width), width, name);
            Assert.Equal(-1, actual.AsSpan(blind * width, (9 - blind) * width).IndexOfAnyExcept(float.NaN));
            Compare.SameBits(clean.AsSpan(9 * width), actual.AsSpan(9 * width), width, $"{name}, the other sequence");
        }
    }

    [Theory]
    [MemberData(nameof(Cross))]
    public void Rows_without_keys_give_the_output_bias(string name)
    {
        foreach (int keys in (int[])[0, 3, 270])
        {
            var (full, kernel) = SelectedConfigurations.Call(name, batch: 2, rows: 13, keys, seed: 41);
            if (keys > 0 && !full.Shape.KeyLengths)
                continue;
            AttentionCase call = full.Shape.KeyLengths ? full with { KeyLengths = [0, 0] } : full;
            AssertRowsAreBias(call.Run(kernel), call);
        }
    }

    [Fact]
    public void Rows_before_a_negative_offset_give_the_output_bias()
    {
        const int Rows = 20, Keys = 8;
        var (full, kernel) = SelectedConfigurations.Call("cross-bottomright", batch: 1, Rows, Keys, seed: 43);
        AttentionCase call = full with { KeyLengths = [Keys] };
        float[] output = call.Run(kernel);
        AssertRowsAreBias(output[..((Rows - Keys) * call.Shape.DModel)], call);
        Compare.Close(call.Reference(), output, call.Shape.DModel, "cross-bottomright");
    }

    [Fact]
    public void Self_attention_without_visible_keys_gives_the_output_bias()
    {
        foreach (string name in (string[])["self-lengths", "self-rotary", "causal-odd", "causal-interleaved"])
        {
            var (full, kernel) = SelectedConfigurations.Call(name, batch: 3, rows: 19, keys: 19, seed: 47);
            AttentionCase call = full with { KeyLengths = [0, 0, 0] };
            AssertRowsAreBias(call.Run(kernel), call);
        }
    }

    private static void AssertRowsAreBias(float[] output, AttentionCase call)
    {
        int width = call.Shape.DModel;
        for (int start = 0; start < output.Length; start += width)
            Assert.Equal(call.Weights.OutputBias.ToArray(), output.AsSpan(start, width).ToArray());
    }
}
