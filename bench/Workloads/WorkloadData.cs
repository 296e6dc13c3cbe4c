namespace AttentionGen.Bench.Workloads;

/// <summary>Seeded inputs and weights of one workload, the same for every subject, and what must come out.</summary>
internal sealed class WorkloadData
{
    private const int Seed = 20_17;

    private double[]? _expected;

    public WorkloadData(Workload workload)
    {
        Workload = workload;
        AttentionShape shape = workload.Shape;
        var random = new Random(Seed);
        Weights = AttentionWeights.Random(shape, Seed);
        Input = Fill(workload.Batch * workload.Rows * shape.DModel);
        Memory = Fill(workload.MemoryRows * shape.MemoryDim);
        Past = Fill(workload.CachedRows * shape.DModel);

        float[] Fill(int count)
        {
            var values = new float[count];
            foreach (ref float value in values.AsSpan())
                value = 2 * random.NextSingle() - 1;
            return values;
        }
    }

    public Workload Workload { get; }

    public AttentionWeights Weights { get; }

    /// <summary>[batch, rows, DModel].</summary>
    public float[] Input { get; }

    /// <summary>[memory rows, MemoryDim], or empty.</summary>
    public float[] Memory { get; }

    /// <summary>[cached rows, DModel]: what the cache has seen, or empty.</summary>
    public float[] Past { get; }

    /// <summary>[batch, rows, DModel] in double precision; computed on first use, which takes a while.</summary>
    public double[] Expected => _expected ??= Reference();

    /// <summary>Largest difference from <see cref="Expected"/> over the rows that count, as a part of the largest expected value.</summary>
    public double RelativeError(ReadOnlySpan<float> output)
    {
        double largest = 0;
        double error = 0;
        int width = Workload.Shape.DModel;
        for (int sequence = 0; sequence < Workload.Batch; sequence++)
        {
            int start = sequence * Workload.Rows * width;
            for (int i = start; i < start + Workload.UsefulRows(sequence) * width; i++)
            {
                largest = Math.Max(largest, Math.Abs(Expected[i]));
                double difference = Math.Abs(output[i] - Expected[i]);
                // A comparison would let NaN pass.
                error = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(error, difference);
            }
        }
        return error / largest;
    }

    private double[] Reference()
    {
        AttentionShape shape = Workload.Shape;
        if (shape.Ragged)
            shape = shape with { Ragged = false, KeyLengths = true };
        if (!Workload.UsesCache)
        {
            var arguments = new AttentionArguments { Input = Input, Memory = Memory, KeyLengths = Workload.KeyLengths, Batch = Workload.Batch };
            var hooks = new ReferenceHooks { ScoreModifier = Workload.ScoreModifier };
            return ReferenceAttention.Forward(shape, Weights, in arguments, null, hooks).Output;
        }

        var cache = new ReferenceCache(shape);
        ReferenceAttention.Forward(shape, Weights, Past, cache);
        return ReferenceAttention.Forward(shape, Weights, Input, cache);
    }
}
