namespace AttentionGen.Bench.Workloads;

/// <summary>Seeded inputs and weights of one product.</summary>
internal sealed class LinearData : WorkloadData
{
    private const int Seed = 20_26;

    public LinearData(LinearWorkload workload)
    {
        Workload = workload;
        Weights = LinearWeights.Random(workload.Shape, Seed + workload.Seed);
        var random = new Random(Seed + workload.Seed);
        Input = new float[workload.Rows * workload.Shape.Inputs];
        foreach (ref float value in Input.AsSpan())
            value = 2 * random.NextSingle() - 1;
    }

    /// <inheritdoc/>
    public override LinearWorkload Workload { get; }

    public LinearWeights Weights { get; }

    /// <summary>[rows, Inputs].</summary>
    public float[] Input { get; }

    /// <inheritdoc/>
    protected override double[] Reference() => ReferenceLinear.Forward(Workload.Shape, Weights.Weight, Weights.Bias, Input);
}
