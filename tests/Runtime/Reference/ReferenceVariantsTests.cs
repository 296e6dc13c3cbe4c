namespace AttentionGen.Tests.Runtime;

/// <summary>The variants of the reference against cases that can be worked out by hand.</summary>
public sealed class ReferenceVariantsTests
{
    // A core with one head of one element: scores are q·k, and outputs are means of the values.
    private static readonly AttentionShape Core = TestNumbers.Shape(heads: 1, headDim: 1, dModel: 0) with { HasProjections = false, MemoryDim = 0 };

    private static readonly float[] Powers = [1, 10, 100, 1000, 10_000, 100_000];

    /// <summary>
    /// Zero queries, and values that are powers of ten: twice the number of seen keys times an output shows in its digits which keys the row saw.
    /// </summary>
    private static string[] Seen(AttentionShape shape, AttentionArguments arguments, ReferenceHooks? hooks = null)
    {
        int rows = arguments.Input.Length, keys = arguments.Key.Length;
        AttentionShape counted = shape with { Outputs = AttentionOutputs.LogSumExp };
        ReferenceResult result = ReferenceAttention.Forward(counted, AttentionWeights.Empty, arguments, null, hooks);
        return [.. Enumerable.Range(0, rows).Select(row =>
        {
            // All scores are 0, so the sum of exponentials is the number of keys.
            double count = Math.Exp(result.LogSumExp[row]);
            string digits = Math.Round(result.Output[row] * count).ToString("000000", System.Globalization.CultureInfo.InvariantCulture);
            return new string([.. digits.Reverse()])[..keys];
        })];
    }

    private static AttentionArguments Rows(int rows, int keys) =>
        new AttentionArguments { Input = new float[rows], Key = new float[keys], Value = Powers.AsSpan(0, keys) };

    /// <summary>Keys behind those that a mask has are masked, whatever else sees them.</summary>
    [Fact]
    public void Masks_may_be_shorter_than_the_keys()
    {
        AttentionShape shape = Core with { AdditiveMask = MaskAxes.Key, MaskLength = true, Outputs = AttentionOutputs.MaskedScores };
        ReferenceResult result = ReferenceAttention.Forward(
            shape, AttentionWeights.Empty,
            new AttentionArguments { Input = [1], Key = [1, 2, 30, float.NaN], Value = [1, 3, 500, float.NaN], AdditiveMask = [1, 0], MaskLength = 2 });
        Assert.Equal([2, 2, double.NegativeInfinity, double.NegativeInfinity], result.Scores);
        Near(2, result.Output[0]);
        Near(0, ReferenceAttention.Forward(shape, AttentionWeights.Empty,
            new AttentionArguments { Input = [1], Key = [1], Value = [7], MaskLength = 0 }).Output[0]);
        Assert.Throws<ArgumentOutOfRangeException>("maskLength", () => ReferenceAttention.Forward(
            shape, AttentionWeights.Empty, new AttentionArguments { Input = [1], Key = [1], Value = [7], AdditiveMask = [0, 0], MaskLength = 2 }));
        Assert.Throws<ArgumentException>("maskLength", () => ReferenceAttention.Forward(
            shape with { MaskLength = false }, AttentionWeights.Empty,
            new AttentionArguments { Input = [1], Key = [1], Value = [7], AdditiveMask = [0], MaskLength = 1 }));
    }

    [Fact]
    public void Window_chunks_and_alignment_bound_the_keys()
    {
        AttentionShape left = Core with { WindowLeft = 1 };
        Assert.Equal(["111111", "111111", "011111", "001111"], Seen(left, Rows(4, 6)));
        Assert.Equal(["110000", "111000", "011100", "001110"], Seen(left with { WindowRight = 1 }, Rows(4, 6)));
        Assert.Equal(["1000", "1100", "0110", "0011"], Seen(left with { Causal = true }, Rows(4, 4)));
        Assert.Equal(["111000", "111100", "111110", "111111"], Seen(Core with { Causal = true, CausalAlignment = CausalAlignment.BottomRight }, Rows(4, 6)));
        Assert.Equal(["111", "111", "111", "000", "000"], Seen(Core with { ChunkSize = 3 }, Rows(5, 3)));

        // Positions −2, −1, 0, 1: chunk −1 is [−2, −1], which holds no key, not chunk 0.
        Assert.Equal(["00", "00", "11", "11"], Seen(Core with { ChunkSize = 2, CausalAlignment = CausalAlignment.BottomRight }, Rows(4, 2)));
        Assert.Equal(["00", "10", "11", "11"], Seen(Core with { WindowRight = 1, CausalAlignment = CausalAlignment.BottomRight }, Rows(4, 2)));
    }

    [Fact]
    public void Lengths_starts_prefixes_and_documents_bound_the_keys()
    {
        AttentionShape shape = Core with { KeyLengths = true, KeyStarts = true };
        Assert.Equal(
            ["0110", "0110"],
            Seen(shape, new AttentionArguments { Input = new float[2], Key = new float[4], Value = Powers.AsSpan(0, 4), KeyLengths = [3], KeyStarts = [1] }));
        Assert.Equal(
            ["110", "110", "111"],
            Seen(
                Core with { Causal = true, PrefixLengths = true },
                new AttentionArguments { Input = new float[3], Key = new float[3], Value = Powers.AsSpan(0, 3), PrefixLengths = [2] }));
        Assert.Equal(
            ["11000", "11000", "00100", "00011", "00011"],
            Seen(
                Core with { Documents = true },
                new AttentionArguments { Input = new float[5], Key = new float[5], Value = Powers.AsSpan(0, 5), Documents = [0, 0, 1, 3, 3] }));
    }

    [Fact]
    public void Masks_and_predicates_hide_keys()
    {
        bool[] mask = [true, false, true, false, false, false];
        float[] additive = [0, float.NegativeInfinity, 0, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity];
        string[] expected = ["101", "000"];
        Assert.Equal(expected, Seen(Core with { BooleanMask = MaskAxes.QueryKey },
            new AttentionArguments { Input = new float[2], Key = new float[3], Value = Powers.AsSpan(0, 3), BooleanMask = mask }));
        Assert.Equal(expected, Seen(Core with { AdditiveMask = MaskAxes.QueryKey },
            new AttentionArguments { Input = new float[2], Key = new float[3], Value = Powers.AsSpan(0, 3), AdditiveMask = additive }));
        var hooks = new ReferenceHooks { MaskPredicate = (head, query, key) => head == 0 && query == 0 && key != 1 };
        Assert.Equal(expected, Seen(Core with { HasMaskPredicate = true }, Rows(2, 3), hooks));
    }

    [Theory]
    [InlineData(MaskAxes.Key, 3)]
    [InlineData(MaskAxes.BatchKey, 2 * 3)]
    [InlineData(MaskAxes.Head | MaskAxes.Key, 2 * 3)]
    [InlineData(MaskAxes.HeadQueryKey, 2 * 2 * 3)]
    [InlineData(MaskAxes.BatchQueryKey, 2 * 2 * 3)]
    [InlineData(MaskAxes.BatchHeadQueryKey, 2 * 2 * 2 * 3)]
    public void Masks_are_broadcast_over_the_axes_that_they_lack(MaskAxes axes, int length)
    {
        // Every element of the mask is its own index, and the masked scores show which one was added where.
        AttentionShape shape = Core with { Heads = 2, KvHeads = 2, AdditiveMask = axes, Outputs = AttentionOutputs.MaskedScores };
        var arguments = new AttentionArguments { Input = new float[2 * 2 * 2], Key = new float[2 * 3 * 2], Value = new float[2 * 3 * 2],
            AdditiveMask = TestNumbers.Counting(length), Batch = 2 };
        double[] scores = ReferenceAttention.Forward(shape, AttentionWeights.Empty, arguments).Scores;
        var expected = new List<double>();
        foreach (int batch in (int[])[0, 1])
        {
            foreach (int head in (int[])[0, 1])
            {
                foreach (int row in (int[])[0, 1])
                {
                    foreach (int key in (int[])[0, 1, 2])
                    {
                        int index = axes.HasFlag(MaskAxes.Batch) ? batch : 0;
                        index = axes.HasFlag(MaskAxes.Head) ? (index * 2) + head : index;
                        index = axes.HasFlag(MaskAxes.Query) ? (index * 2) + row : index;
                        expected.Add((index * 3) + key);
                    }
                }
            }
        }

        Assert.Equal(expected, scores);
        Assert.Throws<ArgumentException>("additiveMask", () => ReferenceAttention.Forward(
            shape, AttentionWeights.Empty, new AttentionArguments { Input = new float[8], Key = new float[12], Value = new float[12],
                AdditiveMask = TestNumbers.Counting(length + 1), Batch = 2 }));
    }

    [Fact]
    public void Scores_pass_scale_cap_modifier_and_biases_in_this_order()
    {
        AttentionShape shape =
            Core with { Scale = 0.5f, Softcap = 3, HasScoreModifier = true, AdditiveMask = MaskAxes.QueryKey, Outputs = AttentionOutputs.MaskedScores };
        var hooks = new ReferenceHooks { ScoreModifier = (score, head, query, key) => (score * 10) + head + (query * 100) + (key * 1000) };
        var arguments = new AttentionArguments { Input = [4], Key = [2, -6], Value = [0, 0], AdditiveMask = [0.25f, -1] };
        double[] expected = [(30 * Math.Tanh(4.0 / 3)) + 0.25, (-30 * Math.Tanh(4)) + 1000 - 1];
        Near(expected, ReferenceAttention.Forward(shape, AttentionWeights.Empty, arguments, null, hooks).Scores);
        Near(
            [4, -12],
            ReferenceAttention.Forward(shape with { Outputs = AttentionOutputs.ScaledScores }, AttentionWeights.Empty, arguments, null, hooks).Scores);
        Near(
            [3 * Math.Tanh(4.0 / 3), -3 * Math.Tanh(4)],
            ReferenceAttention.Forward(shape with { Outputs = AttentionOutputs.CappedScores }, AttentionWeights.Empty, arguments, null, hooks).Scores);
    }

    /// <summary>Two keys of equal scores have a half each; the second row sees the first key alone. The sink takes a third of two scores of 0.</summary>
    [Fact]
    public void Probabilities_are_modified_after_the_division_and_only_of_keys_that_are_seen()
    {
        AttentionShape shape = Core with { HasProbabilityModifier = true, BooleanMask = MaskAxes.QueryKey, Outputs = AttentionOutputs.Probabilities };
        var hooks = new ReferenceHooks
        {
            ProbabilityModifier = (probability, head, query, key) => (probability * probability) + 1 + head + (10 * query) + (100 * key),
        };
        bool[] mask = [true, true, true, false];
        var arguments = new AttentionArguments { Input = new float[2], Key = new float[2], Value = [1, 1000], BooleanMask = mask };
        ReferenceResult result = ReferenceAttention.Forward(shape, AttentionWeights.Empty, arguments, null, hooks);
        Near([1.25, 101.25, 12, 0], result.Probabilities);
        Near([101_251.25, 12], result.Output);
        Near([1 + (1 / 9.0), 101 + (1 / 9.0), 11.25, 0], ReferenceAttention.Forward(
            shape with { Sinks = true }, AttentionWeights.Empty.WithSinks([0]), arguments, null, hooks).Probabilities);
        // An appended key has no position, and keeps its third of the sum, though its value is 0.
        Near([1 + (1 / 9.0), 101 + (1 / 9.0), 11.25, 0], ReferenceAttention.Forward(
            shape with { ZeroKeyValue = true }, AttentionWeights.Empty, arguments, null, hooks).Probabilities);
        Assert.Throws<ArgumentException>(
            "hooks",
            () => ReferenceAttention.Forward(Core, AttentionWeights.Empty, new AttentionArguments { Input = [1], Key = [1], Value = [5] }, null, hooks));
    }

    [Fact]
    public void Alibi_slopes_are_those_of_the_paper()
    {
        Near([.. Enumerable.Range(1, 8).Select(i => Math.Pow(2, -i))], Slopes(8));
        Near([.. Enumerable.Range(1, 16).Select(i => Math.Pow(2, -i / 2.0))], Slopes(16));
        Near([.. Slopes(8), .. Enumerable.Range(0, 4).Select(i => Slopes(16)[2 * i])], Slopes(12));
        Near([1.0 / 256], Slopes(1));
        Near([1.0 / 16, 1.0 / 256, 1.0 / 4], Slopes(3));

        AttentionShape shape = Core with { Alibi = true, Outputs = AttentionOutputs.MaskedScores };
        double slope = 1.0 / 256;
        Near([0, -slope, -2 * slope, -slope, 0, -slope], ReferenceAttention.Forward(shape, AttentionWeights.Empty, Rows(2, 3)).Scores);

        static double[] Slopes(int heads) => [.. Enumerable.Range(0, heads).Select(head => ReferenceBias.AlibiSlope(heads, head))];
    }

    /// <summary>T5's own settings: 32 buckets, distance 128; the values are its code's.</summary>
    [Fact]
    public void Relative_position_buckets_are_those_of_T5()
    {
        AttentionShape both = Core with { RelativePositionBuckets = 32, RelativePositionMaxDistance = 128 };
        int[] distances = [0, 1, 7, 8, 11, 12, 15, 16, 22, 23, 31, 32, 45, 46, 63, 64, 90, 91, 127, 128, 5000];
        int[] buckets = [0, 1, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 15, 15];
        Assert.Equal(buckets, distances.Select(distance => ReferenceBias.Bucket(both, -distance)));
        Assert.Equal(buckets.Skip(1).Select(bucket => bucket + 16), distances.Skip(1).Select(distance => ReferenceBias.Bucket(both, distance)));

        AttentionShape causal = both with { Causal = true };
        int[] causalBuckets = [0, 1, 7, 8, 11, 12, 15, 16, 18, 18, 21, 21, 23, 24, 26, 26, 29, 29, 31, 31, 31];
        Assert.Equal(causalBuckets, distances.Select(distance => ReferenceBias.Bucket(causal, -distance)));
        Assert.Equal(0, ReferenceBias.Bucket(causal, 17));

        // The table is [buckets, heads].
        AttentionShape shape =
            Core with { Heads = 2, KvHeads = 2, RelativePositionBuckets = 4, RelativePositionMaxDistance = 8, Outputs = AttentionOutputs.MaskedScores };
        AttentionWeights weights = AttentionWeights.Empty.WithRelativePositionBias([0, 1, 2, 3, 4, 5, 6, 7]);
        Near(
            [0, 6, 2, 0, 1, 7, 3, 1],
            ReferenceAttention.Forward(shape, weights, new AttentionArguments { Input = new float[4], Key = new float[4], Value = new float[4] }).Scores);
    }

    [Fact]
    public void Sinks_and_appended_keys_enter_the_denominator()
    {
        AttentionShape sinks = Core with { Sinks = true, Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities };
        ReferenceResult result = ReferenceAttention.Forward(
            sinks, AttentionWeights.Empty.WithSinks([2]), new AttentionArguments { Input = [1], Key = [1, 3], Value = [10, 20] });
        double sum = Math.Exp(1) + Math.Exp(3) + Math.Exp(2);
        Near(((Math.Exp(1) * 10) + (Math.Exp(3) * 20)) / sum, result.Output[0]);
        Near([Math.Exp(1) / sum, Math.Exp(3) / sum], result.Probabilities);
        Near(Math.Log(sum), result.LogSumExp[0]);
        Near(2, ReferenceAttention.Forward(sinks, AttentionWeights.Empty.WithSinks([2]), new AttentionArguments { Input = [1] }).LogSumExp[0]);
        Assert.Equal(double.NegativeInfinity, ReferenceAttention.Forward(Core with { Outputs = AttentionOutputs.LogSumExp }, AttentionWeights.Empty,
            new AttentionArguments { Input = [1] }).LogSumExp[0]);

        // A mask hides the one key; the learned key and the zeros stay, capped but not biased.
        AttentionShape appended = Core with { BiasKeyValue = true, ZeroKeyValue = true, Softcap = 2, KeyLengths = true, AdditiveMask = MaskAxes.Key,
            Outputs = AttentionOutputs.LogSumExp };
        result = ReferenceAttention.Forward(
            appended, AttentionWeights.Empty.WithBiasKeyValue([3], [7]),
            new AttentionArguments { Input = [1], Key = [1], Value = [10], KeyLengths = [0], AdditiveMask = [50] });
        double learned = Math.Exp(2 * Math.Tanh(1.5));
        Near(learned * 7 / (learned + 1), result.Output[0]);
        Near(Math.Log(learned + 1), result.LogSumExp[0]);
    }

    [Fact]
    public void Masked_keys_do_nothing_whatever_they_hold_and_attended_ones_propagate()
    {
        AttentionShape shape = Core with { AdditiveMask = MaskAxes.Key };
        Near(2, ReferenceAttention.Forward(shape, AttentionWeights.Empty,
            new AttentionArguments { Input = [1], Key = [float.NaN, 1], Value = [float.NaN, 2], AdditiveMask = [float.NegativeInfinity, 0] }).Output[0]);
        Assert.True(double.IsNaN(ReferenceAttention.Forward(shape, AttentionWeights.Empty,
            new AttentionArguments { Input = [1], Key = [float.NaN, 1], Value = [1, 2], AdditiveMask = [-1e30f, 0] }).Output[0]));
        Assert.True(double.IsNaN(ReferenceAttention.Forward(Core, AttentionWeights.Empty,
            new AttentionArguments { Input = [1], Key = [1, 1], Value = [float.NaN, 2] }).Output[0]));

        // −∞ from a modifier masks too: the row is empty.
        var hooks = new ReferenceHooks { ScoreModifier = (_, _, _, _) => double.NegativeInfinity };
        Near(0, ReferenceAttention.Forward(Core with { HasScoreModifier = true }, AttentionWeights.Empty,
            new AttentionArguments { Input = [1], Key = [1], Value = [5] }, null, hooks).Output[0]);
        Assert.Throws<ArgumentException>(
            "hooks",
            () => ReferenceAttention.Forward(Core, AttentionWeights.Empty, new AttentionArguments { Input = [1], Key = [1], Value = [5] }, null, hooks));
    }

    [Theory]
    [InlineData(QueryKeyNorm.Rms)]
    [InlineData(QueryKeyNorm.Layer)]
    public void Queries_and_keys_are_normalised_before_they_are_rotated(QueryKeyNorm norm)
    {
        AttentionShape shape = Core with { HeadDim = 2, QueryKeyNorm = norm, QueryKeyNormEpsilon = 0.5f, Scale = 1, Rotary = RotaryKind.HalfSplit,
            RotaryDim = 2, Positions = true, Outputs = AttentionOutputs.ScaledScores };
        bool layer = norm == QueryKeyNorm.Layer;
        AttentionWeights weights = AttentionWeights.Empty.WithQueryKeyNorm([2, 3], [1, 1], layer ? [0.5f, 0] : default, layer ? [0, 0] : default);

        // Of (1, 3): mean square 5, mean 2 and variance 1. Position 0 does not turn, position 1 turns by 1.
        double[] query = layer ? [(2 * (1 - 2) / Math.Sqrt(1.5)) + 0.5, 3 * (3 - 2) / Math.Sqrt(1.5)] : [2 / Math.Sqrt(5.5), 9 / Math.Sqrt(5.5)];
        double[] key = layer ? [-1 / Math.Sqrt(1.5), 1 / Math.Sqrt(1.5)] : [1 / Math.Sqrt(5.5), 3 / Math.Sqrt(5.5)];
        double turned = (((query[0] * Math.Cos(1)) - (query[1] * Math.Sin(1))) * key[0]) + (((query[1] * Math.Cos(1)) + (query[0] * Math.Sin(1))) * key[1]);
        double straight = (query[0] * key[0]) + (query[1] * key[1]);
        double back = (((query[0] * Math.Cos(1)) + (query[1] * Math.Sin(1))) * key[0]) + (((query[1] * Math.Cos(1)) - (query[0] * Math.Sin(1))) * key[1]);
        ReferenceResult result = ReferenceAttention.Forward(
            shape, weights, new AttentionArguments { Input = [1, 3, 1, 3], Key = [1, 3, 1, 3], Value = new float[4], Positions = [1, 0] });
        Near([straight, turned, back, straight], result.Scores);
    }

    [Fact]
    public void Rotary_frequencies_are_stretched()
    {
        AttentionShape plain = Core with { HeadDim = 128, Rotary = RotaryKind.HalfSplit, RotaryDim = 128, RotaryBase = 500_000 };
        Near(Math.Pow(500_000, -0.5) / 4, ReferenceRotary.Frequency(plain with { RotaryScaling = RotaryScaling.Linear, RotaryScalingFactor = 4 }, 32));

        // Llama 3.1: original length 8,192, factor 8, wavelengths up to 2,048 stay, from 8,192 on they are stretched.
        AttentionShape llama = plain with { RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 8, RotaryOriginalLength = 8192,
            RotaryLowFrequencyFactor = 1, RotaryHighFrequencyFactor = 4 };
        for (int pair = 0; pair < 64; pair++)
        {
            double frequency = ReferenceRotary.Frequency(plain, pair), wavelength = 2 * Math.PI / frequency;
            double factor = ReferenceRotary.Frequency(llama, pair) / frequency;
            if (wavelength < 2048)
                Near(1, factor);
            else if (wavelength > 8192)
                Near(0.125, factor);
            else
                Near(0.125 + (0.875 * ((8192 / wavelength) - 1) / 3), factor);
        }

        // YaRN, base 10,000, original length 4,096: pairs 20.9 and 45.03 turn 32 times and once, so pairs to 20 stay, those from 46 on are stretched.
        AttentionShape yarn = plain with { RotaryBase = 10_000, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 16, RotaryOriginalLength = 4096,
            RotaryBetaFast = 32, RotaryBetaSlow = 1 };
        for (int pair = 0; pair < 64; pair++)
        {
            double ramp = Math.Clamp((pair - 20) / 26.0, 0, 1);
            Near((ramp / 16) + 1 - ramp, ReferenceRotary.Frequency(yarn, pair) / Math.Pow(10_000, -pair / 64.0));
        }

        // The factor of cosines and sines multiplies queries and keys, so scores get its square.
        AttentionShape scores = Core with { HeadDim = 2, Scale = 1, Rotary = RotaryKind.Interleaved, RotaryDim = 2, RotaryAttentionFactor = 3,
            Outputs = AttentionOutputs.ScaledScores };
        Near(
            [9 * 25],
            ReferenceAttention.Forward(scores, AttentionWeights.Empty, new AttentionArguments { Input = [3, 4], Key = [3, 4], Value = [0, 0] }).Scores);
    }

    [Fact]
    public void Layouts_and_value_widths_give_the_same_numbers()
    {
        AttentionShape rowsHeads = Core with { Heads = 4, KvHeads = 2, HeadDim = 3, ValueHeadDim = 5, Outputs = AttentionOutputs.LogSumExp };
        AttentionShape headsRows = rowsHeads with { Layout = HeadLayout.HeadsRows };
        float[] queries = TestNumbers.Random(1, 2 * 6 * 12), keys = TestNumbers.Random(2, 2 * 7 * 6), values = TestNumbers.Random(3, 2 * 7 * 10);
        ReferenceResult rows = ReferenceAttention.Forward(
            rowsHeads, AttentionWeights.Empty, new AttentionArguments { Input = queries, Key = keys, Value = values, Batch = 2 });
        ReferenceResult heads = ReferenceAttention.Forward(headsRows, AttentionWeights.Empty, new AttentionArguments
        {
            Input = Swap(queries, 6, 4, 3), Key = Swap(keys, 7, 2, 3), Value = Swap(values, 7, 2, 5), Batch = 2,
        });
        Assert.Equal(2 * 6 * 4 * 5, rows.Output.Length);
        Assert.Equal(Swap(rows.Output, 6, 4, 5), heads.Output);
        Assert.Equal(Swap(rows.LogSumExp, 6, 4, 1), heads.LogSumExp);

        // [2, rows, heads, width] to [2, heads, rows, width].
        static T[] Swap<T>(T[] all, int rows, int heads, int width) =>
        [
            .. from batch in Enumerable.Range(0, 2)
               from head in Enumerable.Range(0, heads)
               from row in Enumerable.Range(0, rows)
               from element in Enumerable.Range(0, width)
               select all[(((((batch * rows) + row) * heads) + head) * width) + element],
        ];
    }

    [Fact]
    public void Averaged_probabilities_are_the_mean_of_the_heads()
    {
        AttentionShape shape = TestNumbers.Shape(4, 3, 12) with { Causal = true, Outputs = AttentionOutputs.Probabilities };
        AttentionWeights weights = AttentionWeights.Random(shape, 1);
        float[] input = TestNumbers.Random(2, 2 * 5 * 12);
        double[] each = ReferenceAttention.Forward(shape, weights, new AttentionArguments { Input = input, Batch = 2 }).Probabilities;
        double[] mean = ReferenceAttention.Forward(
            shape with { Outputs = AttentionOutputs.AveragedProbabilities }, weights, new AttentionArguments { Input = input, Batch = 2 }).Probabilities;
        Assert.Equal(2 * 5 * 5, mean.Length);
        for (int sequence = 0; sequence < 2; sequence++)
        {
            for (int pair = 0; pair < 25; pair++)
                Near(Enumerable.Range(0, 4).Average(head => each[(((sequence * 4) + head) * 25) + pair]), mean[(sequence * 25) + pair]);
        }

        for (int row = 0; row < 5; row++)
            Near(1, mean.AsSpan(row * 5, 5).ToArray().Sum());
    }

    public static TheoryDataRow<AttentionShape>[] RaggedShapes =>
    [
        new(TestNumbers.Shape(2, 3, 6) with { Ragged = true, Outputs = AttentionOutputs.LogSumExp }) { Label = "self" },
        new(TestNumbers.Shape(2, 4, 6) with { Ragged = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 4, Positions = true, Documents = true,
            BooleanMask = MaskAxes.Batch | MaskAxes.Head | MaskAxes.Key }) { Label = "positions, documents, masks" },
        new(TestNumbers.Shape(2, 3, 6, memoryDim: 4) with { Ragged = true, Causal = true, CausalAlignment = CausalAlignment.BottomRight,
            Outputs = AttentionOutputs.Probabilities }) { Label = "cross, bottom-right" },
        new(Core with { Heads = 2, HeadDim = 2, ValueHeadDim = 3, Ragged = true, KeyLengths = true, KeyStarts = true, PrefixLengths = true, Causal = true,
            Outputs = AttentionOutputs.MaskedScores }) { Label = "core" },
    ];

    [Theory]
    [MemberData(nameof(RaggedShapes))]
    public void Ragged_sequences_give_what_they_give_alone(AttentionShape shape)
    {
        int[] rows = [0, 3, 7, 8], keys = shape.IsCrossAttention || !shape.HasProjections ? [0, 4, 4, 9] : rows;
        AttentionWeights weights = AttentionWeights.Random(shape, 3);
        float[] input = TestNumbers.Random(4, 8 * shape.InputDim), memory = TestNumbers.Random(5, shape.IsCrossAttention ? 9 * shape.MemoryDim : 0);
        float[] key = TestNumbers.Random(6, shape.HasProjections ? 0 : 9 * shape.KeyDim),
        value = TestNumbers.Random(7, shape.HasProjections ? 0 : 9 * shape.ValueDim);
        int[] positions = shape.Positions ? [4, 2, 0, 1, 1, 7, 3, 2] : [], documents = shape.Documents ? [0, 0, 1, 3, 3, 4, 4, 9] : [];
        bool[] mask = shape.BooleanMask == MaskAxes.None ? [] : [.. Enumerable.Range(0, 16).Select(index => index % 3 != 0)];
        int[] lengths = shape.KeyLengths ? [3, 0, 5] : [], starts = shape.KeyStarts ? [1, 0, 2] : [], prefixes = shape.PrefixLengths ? [2, 0, 4] : [];
        ReferenceResult together = ReferenceAttention.Forward(shape, weights, new AttentionArguments
        {
            Input = input, Memory = memory, Key = key, Value = value, RowOffsets = rows,
            KeyOffsets = shape.IsCrossAttention || !shape.HasProjections ? keys : [],
            Positions = positions, Documents = documents, BooleanMask = mask, KeyLengths = lengths, KeyStarts = starts, PrefixLengths = prefixes, Batch = 3,
        });
        var output = new List<double>();
        var other = new List<double>();
        for (int sequence = 0; sequence < 3; sequence++)
        {
            ReferenceResult alone = ReferenceAttention.Forward(shape with { Ragged = false }, weights, new AttentionArguments
            {
                Input = Part(input, rows, sequence, shape.InputDim), Memory = Part(memory, keys, sequence, shape.MemoryDim),
                Key = Part(key, keys, sequence, shape.KeyDim), Value = Part(value, keys, sequence, shape.ValueDim),
                Positions = Part(positions, rows, sequence, 1), Documents = Part(documents, keys, sequence, 1), BooleanMask = Part(mask, keys, sequence, 2),
                KeyLengths = One(lengths, sequence), KeyStarts = One(starts, sequence), PrefixLengths = One(prefixes, sequence),
            });
            output.AddRange(alone.Output);
            other.AddRange([.. alone.LogSumExp, .. alone.Probabilities, .. alone.Scores]);
        }

        Assert.Equal(output, together.Output);
        Assert.Equal(other, [.. together.LogSumExp, .. together.Probabilities, .. together.Scores]);

        static ReadOnlySpan<T> Part<T>(T[] all, int[] offsets, int sequence, int width) =>
            all.Length == 0 ? [] : all.AsSpan((offsets[sequence] * width)..(offsets[sequence + 1] * width));
        static int[] One(int[] all, int sequence) => all.Length == 0 ? [] : [all[sequence]];
    }

    [Fact]
    public void Ragged_chunks_with_lengths_of_their_own_give_what_one_forward_gives()
    {
        AttentionShape shape = TestNumbers.Shape(2, 4, 6) with { Ragged = true, Causal = true, Rotary = RotaryKind.Interleaved, RotaryDim = 4, WindowLeft = 3 };
        AttentionWeights weights = AttentionWeights.Random(shape, 3);
        float[] input = TestNumbers.Random(4, 9 * 6);
        double[] expected = ReferenceAttention.Forward(shape, weights, new AttentionArguments { Input = input, RowOffsets = [0, 5, 9] }).Output;
        var cache = new ReferenceCache(shape, 2);
        double[] first = ReferenceAttention.Forward(
            shape,
            weights,
            new AttentionArguments { Input = [.. input.AsSpan(0, 4 * 6), .. input.AsSpan(5 * 6, 6)], RowOffsets = [0, 4, 5] },
            cache,
            null).Output;
        Assert.Equal([4, 1], [cache.LengthOf(0), cache.LengthOf(1)]);
        double[] second = ReferenceAttention.Forward(
            shape, weights, new AttentionArguments { Input = [.. input.AsSpan(4 * 6, 6), .. input.AsSpan(6 * 6)], RowOffsets = [0, 1, 4] }, cache, null).Output;
        double[] joined = [.. first.AsSpan(0, 24), .. second.AsSpan(0, 6), .. first.AsSpan(24), .. second.AsSpan(6)];
        Assert.Equal(expected, joined);
    }

    [Fact]
    public void Padding_that_is_skipped_gives_zeros_and_is_not_read()
    {
        AttentionShape shape = TestNumbers.Shape(1, 1, 1) with { KeyLengths = true, SkipPadding = true, QueryBias = false, KeyBias = false, ValueBias = false,
            Outputs = AttentionOutputs.LogSumExp };
        AttentionWeights weights = AttentionWeights.FromSpans([0], [1], [1], [1], outputBias: [100]);
        ReferenceResult result = ReferenceAttention.Forward(
            shape, weights, new AttentionArguments { Input = [3, 5, float.NaN, 7, float.NaN, float.NaN], KeyLengths = [2, 1], Batch = 2 });
        Near([104, 104, 0, 107, 0, 0], result.Output);
        Assert.Equal([double.NegativeInfinity], [.. result.LogSumExp.Where(double.IsInfinity).Distinct()]);
    }

    [Theory]
    [InlineData(HeadLayout.RowsHeads)]
    [InlineData(HeadLayout.HeadsRows)]
    public void Caches_load_and_give_plain_keys_and_values(HeadLayout layout)
    {
        AttentionShape shape = Core with { Heads = 2, KvHeads = 2, HeadDim = 2, ValueHeadDim = 3, Layout = layout };
        float[] keys = TestNumbers.Random(1, 2 * 4 * 4), values = TestNumbers.Random(2, 2 * 4 * 6), query = TestNumbers.Random(3, 2 * 3 * 4);
        double[] expected = ReferenceAttention.Forward(
            shape, AttentionWeights.Empty, new AttentionArguments { Input = query, Key = keys, Value = values, Batch = 2 }).Output;
        var cache = new ReferenceCache(shape, 2);
        cache.Load(keys, values, layout);
        Assert.Equal(
            expected, ReferenceAttention.Forward(shape, AttentionWeights.Empty, new AttentionArguments { Input = query, Batch = 2 }, cache, null).Output);
        var (keysBack, valuesBack) = cache.ToArrays(layout);
        Assert.Equal(keys.Select(value => (double)value), keysBack);
        Assert.Equal(values.Select(value => (double)value), valuesBack);
    }

    private static void Near(double expected, double actual) => Assert.Equal(expected, actual, 1e-6);

    private static void Near(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Near(expected[i], actual[i]);
    }
}
