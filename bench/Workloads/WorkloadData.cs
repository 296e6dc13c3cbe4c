namespace AttentionGen.Bench.Workloads;

/// <summary>Inputs and weights of one workload, the same for every subject, and what must come out.</summary>
internal abstract class WorkloadData
{
    private double[]? expected;

    public abstract Workload Workload { get; }

    /// <summary>The output in double precision; computed on first use, which takes a while.</summary>
    public double[] Expected => expected ??= Reference();

    /// <summary>The parts of the output that count.</summary>
    protected virtual IEnumerable<Range> Counted => [Range.All];

    /// <summary>Largest difference from <see cref="Expected"/> over the rows that count, as a part of the largest expected value.</summary>
    public double RelativeError(ReadOnlySpan<float> output)
    {
        CheckLength(output);
        double largest = 0, error = 0;
        foreach (Range range in Counted)
        {
            (int start, int length) = range.GetOffsetAndLength(output.Length);
            for (int i = start; i < start + length; i++)
            {
                largest = Math.Max(largest, Math.Abs(Expected[i]));
                double difference = Math.Abs(output[i] - Expected[i]);
                // A comparison would let NaN pass.
                error = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(error, difference);
            }
        }
        return error / largest;
    }

    /// <summary>Root mean square of the differences from <see cref="Expected"/> over the rows that count.</summary>
    public double RootMeanSquareError(ReadOnlySpan<float> output)
    {
        CheckLength(output);
        double squares = 0;
        long count = 0;
        foreach (Range range in Counted)
        {
            (int start, int length) = range.GetOffsetAndLength(output.Length);
            for (int i = start; i < start + length; i++)
                squares += (output[i] - Expected[i]) * (output[i] - Expected[i]);
            count += length;
        }
        return Math.Sqrt(squares / count);
    }

    /// <summary>Computes <see cref="Expected"/>.</summary>
    protected abstract double[] Reference();

    private void CheckLength(ReadOnlySpan<float> output)
    {
        if (output.Length != Expected.Length)
            throw new InvalidOperationException($"The output has {output.Length} elements; expected {Expected.Length}.");
    }
}
