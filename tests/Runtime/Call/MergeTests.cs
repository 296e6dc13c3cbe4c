namespace AttentionGen.Tests.Runtime;

/// <summary>Merged partial results against softmax attention over all keys at once, in float64, written out here.</summary>
public sealed class MergeTests
{
    /// <summary>Output and log-sum-exp of each row over its scores, [rows, keys], and values, [keys, width].</summary>
    private static (double[] Output, double[] LogSumExp) Attend(double[][] scores, double[][] values, int width)
    {
        double[] output = new double[scores.Length * width], logSumExp = new double[scores.Length];
        for (int row = 0; row < scores.Length; row++)
        {
            double maximum = scores[row].DefaultIfEmpty(double.NegativeInfinity).Max();
            double sum = scores[row].Sum(score => Math.Exp(score - maximum));
            logSumExp[row] = scores[row].Length == 0 ? double.NegativeInfinity : maximum + Math.Log(sum);
            for (int key = 0; key < scores[row].Length; key++)
            {
                for (int column = 0; column < width; column++)
                    output[(row * width) + column] += Math.Exp(scores[row][key] - maximum) / sum * values[key][column];
            }
        }

        return (output, logSumExp);
    }

    private static float[] Narrow(double[] values) => [.. values.Select(value => (float)value)];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(8, 10)]
    [InlineData(13, 64)]
    [InlineData(5, 129)]
    public void Parts_give_the_whole(int rows, int width)
    {
        var random = new Random(width);
        foreach (double scale in (double[])[1, 30, 1e4])
        {
            foreach (int split in (int[])[0, 1, 20, 40])
            {
                double[][] scores =
                    [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, 40).Select(_ => scale * ((2 * random.NextDouble()) - 1)).ToArray())];
                double[][] values = [.. Enumerable.Range(0, 40).Select(_ => Enumerable.Range(0, width).Select(_ => (2 * random.NextDouble()) - 1).ToArray())];
                var (first, firstLog) = Attend([.. scores.Select(row => row[..split])], values[..split], width);
                var (second, secondLog) = Attend([.. scores.Select(row => row[split..])], values[split..], width);
                var (whole, wholeLog) = Attend(scores, values, width);

                float[] output = new float[rows * width], logSumExp = new float[rows];
                AttentionMerge.Merge(Narrow(first), Narrow(firstLog), Narrow(second), Narrow(secondLog), output, logSumExp);
                for (int row = 0; row < rows; row++)
                {
                    // The log-sum-exp came in rounded: at 1e4 by 5e-4, which is the relative error of a factor.
                    Assert.Equal(wholeLog[row], logSumExp[row], 1e-7 * (10 + Math.Abs(wholeLog[row])));
                    for (int column = 0; column < width; column++)
                        Assert.Equal(whole[(row * width) + column], output[(row * width) + column], 3e-7 * (1 + scale));
                }
            }
        }
    }

    [Fact]
    public void A_side_without_keys_leaves_the_other_as_it_is()
    {
        float none = float.NegativeInfinity;
        float[] first = [.. TestNumbers.Random(1, 27), -0f, float.NaN, float.NaN],
        second = [float.NaN, -0f, float.PositiveInfinity, .. TestNumbers.Random(2, 27)];
        // The place of the result is not empty.
        float[] output = [.. Enumerable.Repeat(7f, 30)], logSumExp = [7, 7, 7];
        AttentionMerge.Merge(first, [1, 2, none], second, [none, 3, none], output, logSumExp);
        Assert.Equal(first[..10], output[..10]);
        Assert.Equal((1f, none), (logSumExp[0], logSumExp[2]));
        Assert.Equal(new float[10], output[20..]);

        output.AsSpan().Fill(7);
        AttentionMerge.Merge(second, [none, 3, none], first, [1, 2, none], output, logSumExp);
        Assert.Equal(first[..10], output[..10]);
        Assert.Equal((1f, none), (logSumExp[0], logSumExp[2]));
        Assert.Equal(new float[10], output[20..]);

        // The one side's keys may be far below: its factor is then 0, and the other's 1.
        AttentionMerge.Merge(first, [-2e4f, 3e38f, 0], second[..30], [0, 0, 0], output, logSumExp);
        Assert.Equal(first[10..20], output[10..20]);
        Assert.Equal((0f, 3e38f), (logSumExp[0], logSumExp[1]));
    }

    [Fact]
    public void Numbers_that_are_none_stay_so()
    {
        float[] output = new float[2], logSumExp = new float[2];
        AttentionMerge.Merge([1, float.NaN], [float.NaN, 0], [1, 1], [0, 0], output, logSumExp);
        Assert.True(float.IsNaN(output[0]) && float.IsNaN(output[1]) && float.IsNaN(logSumExp[0]));
        Assert.Equal((float)Math.Log(2), logSumExp[1]);
    }

    [Fact]
    public void The_result_may_replace_either_side()
    {
        float[] first = TestNumbers.Random(1, 60), firstLog = TestNumbers.Random(2, 6), second = TestNumbers.Random(3, 60),
        secondLog = TestNumbers.Random(4, 6);
        float[] output = new float[60], logSumExp = new float[6];
        AttentionMerge.Merge(first, firstLog, second, secondLog, output, logSumExp);
        float[] replaced = [.. first], replacedLog = [.. firstLog];
        AttentionMerge.Merge(replaced, replacedLog, second, secondLog, replaced, replacedLog);
        Assert.Equal(output, replaced);
        Assert.Equal(logSumExp, replacedLog);
        AttentionMerge.Merge(first, firstLog, second, secondLog, second, secondLog);
        Assert.Equal(output, second);
        Assert.Equal(logSumExp, secondLog);
        AttentionMerge.Merge([], [], [], [], [], []);
    }

    [Fact]
    public void Lengths_and_places_are_checked()
    {
        float[] memory = new float[100];
        Refused(
            "output",
            "output.Length is 7; expected a multiple of logSumExp.Length, 2",
            () => AttentionMerge.Merge(memory.AsSpan(0, 7), new float[2], [], [], [], []));
        Refused(
            "output", "output.Length is 7; expected a multiple of logSumExp.Length, 0", () => AttentionMerge.Merge(memory.AsSpan(0, 7), [], [], [], [], []));
        Refused(
            "otherOutput",
            "otherOutput.Length is 4; expected output.Length = 8",
            () => AttentionMerge.Merge(new float[8], new float[2], new float[4], new float[2], new float[8], new float[2]));
        Refused(
            "otherLogSumExp",
            "expected logSumExp.Length = 2",
            () => AttentionMerge.Merge(new float[8], new float[2], new float[8], new float[1], new float[8], new float[2]));
        Refused(
            "mergedOutput",
            "expected output.Length = 8",
            () => AttentionMerge.Merge(new float[8], new float[2], new float[8], new float[2], new float[9], new float[2]));
        Refused(
            "mergedLogSumExp",
            "expected logSumExp.Length = 2",
            () => AttentionMerge.Merge(new float[8], new float[2], new float[8], new float[2], new float[8], new float[3]));
        Refused(
            "mergedOutput",
            "mergedOutput overlaps output; expected memory of its own, or the same",
            () => AttentionMerge.Merge(memory.AsSpan(0, 8), new float[2], new float[8], new float[2], memory.AsSpan(4, 8), new float[2]));
        Refused(
            "mergedLogSumExp",
            "mergedLogSumExp overlaps output; expected memory of its own.",
            () => AttentionMerge.Merge(memory.AsSpan(0, 8), new float[2], new float[8], new float[2], new float[8], memory.AsSpan(0, 2)));
    }

    private static void Refused(string argument, string message, Action action) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(argument, action).Message);
}
