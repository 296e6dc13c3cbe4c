using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>Products of their own classes, against sums in float64 and against themselves.</summary>
[Trait("Speed", "Slow")]
public sealed class LinearTests
{
    private static readonly int[] RowCounts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 23, 25, 48, 49, 119, 120, 121, 127, 130];

    public static TheoryData<int> All => LinearConfigurations.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Reports_its_shape(int index)
    {
        ILinearType type = LinearConfigurations.Type(index);
        Assert.Equal(LinearConfigurations.List[index].Shape, type.Shape);
        Assert.StartsWith($"Linear: {type.Shape.Inputs} input", type.Plan);
        long widened = type.Shape.Weights == WeightFormat.Float32 ? 0 : 4L * 64 * type.Shape.Inputs;
        Assert.InRange(type.GetScratchBytes(1000), 0, (4L * 120 * 8 * 16) + widened);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Agrees_with_sums_in_float64(int index)
    {
        (ILinearType type, LinearCase whole, ILinearObject linear) = Create(index);
        double[] expected = whole.Expected();
        double[] reference = ReferenceLinear.Forward(type.Shape, whole.Weights.Weight, whole.Weights.Bias, whole.Input, whole.Gate, whole.Residual);
        Assert.All(expected.Zip(reference), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        foreach (int rows in RowCounts)
        {
            LinearCase call = whole.Slice(0, rows);
            Compare.Close(
                expected.AsSpan(0, rows * type.Shape.Outputs), call.Run(linear), type.Shape.Outputs, $"{LinearConfigurations.List[index]}, {rows} rows");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Bits_of_a_row_do_not_depend_on_its_batch_or_on_threads(int index)
    {
        (ILinearType type, LinearCase whole, ILinearObject linear) = Create(index);
        int width = type.Shape.Outputs;
        float[] expected = whole.Run(linear);
        for (int first = 0; first < whole.Rows;)
        {
            int rows = Math.Min(RowCounts[1 + (first % (RowCounts.Length - 1))], whole.Rows - first);
            Compare.SameBits(
                expected.AsSpan(first * width, rows * width), whole.Slice(first, rows).Run(linear), width, $"{type.Shape}, {rows} rows from {first}");
            first += rows;
        }

        foreach (int rows in (int[])[1, 2, 9, 121, whole.Rows])
        {
            foreach (int threads in (int[])[2, 3, 8])
                Compare.SameBits(
                    expected.AsSpan(0, rows * width), whole.Slice(0, rows).Run(linear, threads), width, $"{type.Shape}, {rows} rows, {threads} threads");
        }
    }

    [Fact]
    public void More_rows_than_several_row_blocks_are_cut_for_threads_by_rows()
    {
        int index = LinearConfigurations.List.ToList().FindIndex(configuration => configuration.Inputs == 3);
        ILinearType type = LinearConfigurations.Type(index);
        LinearCase call = LinearCase.Create(type.Shape, 1000, seed: 3);
        ILinearObject linear = type.Create(call.Weights);
        float[] expected = call.Run(linear);
        Compare.Close(call.Expected(), expected, type.Shape.Outputs, "1000 rows");
        foreach (int threads in (int[])[2, 5, 8])
            Compare.SameBits(expected, call.Run(linear, threads), type.Shape.Outputs, $"{threads} threads");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_cancelled_call_throws_and_the_next_one_is_right(int threads)
    {
        (_, LinearCase call, ILinearObject linear) = Create(LinearConfigurations.List.Count - 1);
        float[] expected = call.Run(linear);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var output = new float[expected.Length];
        Assert.Throws<OperationCanceledException>(() => linear.Forward(new LinearArguments
        {
            Input = call.Input, Output = output, Residual = call.Residual,
            Options = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancelled.Token },
        }));
        Compare.SameBits(expected, call.Run(linear, threads), call.Shape.Outputs, "after a cancelled call");
    }

    private static (ILinearType Type, LinearCase Call, ILinearObject Linear) Create(int index)
    {
        ILinearType type = LinearConfigurations.Type(index);
        LinearCase call = LinearCase.Create(type.Shape, RowCounts[^1], seed: 11 + index);
        return (type, call, type.Create(call.Weights));
    }
}
