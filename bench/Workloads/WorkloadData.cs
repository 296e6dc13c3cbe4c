namespace AttentionGen.Bench.Workloads;

/// <summary>Seeded inputs and weights of one workload, the same for every subject, and what must come out.</summary>
internal sealed class WorkloadData
{
    private const int Seed = 20_17;

    private double[]? expected;

    public WorkloadData(Workload workload)
    {
        Workload = workload;
        AttentionShape shape = workload.Shape;
        var random = new Random(Seed);
        Weights = AttentionWeights.Random(shape, Seed);
        Input = Fill(workload.Batch * workload.Rows * shape.InputDim);
        Memory = Fill(workload.MemoryRows * shape.MemoryDim);
        Past = Fill(workload.CachedRows * shape.InputDim);
        Key = Fill(shape.HasProjections ? 0 : workload.Batch * workload.Rows * shape.KeyDim);
        Value = Fill(shape.HasProjections ? 0 : workload.Batch * workload.Rows * shape.ValueDim);
        PastKey = Fill(shape.HasProjections ? 0 : workload.CachedRows * shape.KeyDim);
        PastValue = Fill(shape.HasProjections ? 0 : workload.CachedRows * shape.ValueDim);

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

    /// <summary>[batch, rows, DModel]; without projections the queries.</summary>
    public float[] Input { get; }

    /// <summary>Without projections, [batch, rows, KvHeads · HeadDim]; empty with them.</summary>
    public float[] Key { get; }

    /// <summary>Without projections, [batch, rows, KvHeads · ValueHeadDim]; empty with them.</summary>
    public float[] Value { get; }

    /// <summary>[memory rows, MemoryDim], or empty.</summary>
    public float[] Memory { get; }

    /// <summary>[cached rows, DModel]: what the cache has seen, or empty.</summary>
    public float[] Past { get; }

    /// <summary>Without projections, the keys in the cache.</summary>
    public float[] PastKey { get; }

    /// <summary>Without projections, the values in the cache.</summary>
    public float[] PastValue { get; }

    /// <summary>[batch, rows, DModel] in double precision; computed on first use, which takes a while.</summary>
    public double[] Expected => expected ??= Reference();

    /// <summary>Largest difference from <see cref="Expected"/> over the rows that count, as a part of the largest expected value.</summary>
    public double RelativeError(ReadOnlySpan<float> output)
    {
        double largest = 0;
        double error = 0;
        int width = Workload.Shape.OutputDim;
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

    /// <summary>Root mean square of the differences from <see cref="Expected"/> over the rows that count.</summary>
    public double RootMeanSquareError(ReadOnlySpan<float> output)
    {
        double squares = 0;
        long count = 0;
        int width = Workload.Shape.OutputDim;
        for (int sequence = 0; sequence < Workload.Batch; sequence++)
        {
            int start = sequence * Workload.Rows * width, end = start + (Workload.UsefulRows(sequence) * width);
            for (int i = start; i < end; i++)
                squares += (output[i] - Expected[i]) * (output[i] - Expected[i]);
            count += end - start;
        }
        return Math.Sqrt(squares / count);
    }

    private double[] Reference()
    {
        AttentionShape shape = Workload.Shape;
        if (shape.Ragged)
            shape = shape with { Ragged = false, KeyLengths = true };
        if (!Workload.UsesCache)
        {
            var arguments = new AttentionArguments { Input = Input, Key = Key, Value = Value, Memory = Memory, KeyLengths = Workload.KeyLengths, Batch = Workload.Batch };
            var hooks = new ReferenceHooks { ScoreModifier = Workload.ScoreModifier };
            return ReferenceAttention.Forward(shape, Weights, in arguments, null, hooks).Output;
        }

        var cache = new ReferenceCache(shape);
        ReferenceAttention.Forward(shape, Weights, new AttentionArguments { Input = Past, Key = PastKey, Value = PastValue }, cache, null);
        return ReferenceAttention.Forward(shape, Weights, new AttentionArguments { Input = Input, Key = Key, Value = Value }, cache, null).Output;
    }
}
