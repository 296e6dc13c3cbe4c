namespace AttentionGen.Bench.Workloads;

/// <summary>Seeded inputs and weights of an attention block.</summary>
internal class AttentionData : WorkloadData
{
    protected const int Seed = 20_17;

    public AttentionData(AttentionWorkload workload)
        : this(workload, AttentionWeights.Random(workload.Shape, Seed + workload.Seed))
    {
    }

    protected AttentionData(AttentionWorkload workload, AttentionWeights weights)
    {
        Workload = workload;
        Weights = weights;
        AttentionShape shape = workload.Shape;
        var random = new Random(Seed + workload.Seed);
        Input = Fill(workload.Batch * workload.Rows * shape.InputDim);
        Memory = Fill(workload.MemoryRows * shape.MemoryDim);
        ValueInput = Fill(workload.MemoryRows * shape.ValueInputDim);
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

    /// <inheritdoc/>
    public override AttentionWorkload Workload { get; }

    public AttentionWeights Weights { get; }

    /// <summary>[batch, rows, DModel]; without projections the queries.</summary>
    public float[] Input { get; }

    /// <summary>Without projections, [batch, rows, KvHeads · HeadDim]; empty with them.</summary>
    public float[] Key { get; }

    /// <summary>Without projections, [batch, rows, KvHeads · ValueHeadDim]; empty with them.</summary>
    public float[] Value { get; }

    /// <summary>[memory rows, MemoryDim], or empty.</summary>
    public float[] Memory { get; }

    /// <summary>[memory rows, ValueInputDim], or empty.</summary>
    public float[] ValueInput { get; }

    /// <summary>[cached rows, DModel]: what the cache has seen, or empty.</summary>
    public float[] Past { get; }

    /// <summary>Without projections, the keys in the cache.</summary>
    public float[] PastKey { get; }

    /// <summary>Without projections, the values in the cache.</summary>
    public float[] PastValue { get; }

    /// <summary>Not the padding.</summary>
    protected override IEnumerable<Range> Counted
    {
        get
        {
            int width = Workload.Shape.OutputDim;
            for (int sequence = 0; sequence < Workload.Batch; sequence++)
            {
                int start = sequence * Workload.Rows * width;
                yield return start..(start + Workload.UsefulRows(sequence) * width);
            }
        }
    }

    /// <inheritdoc/>
    protected override double[] Reference()
    {
        AttentionShape shape = Workload.Shape;
        // In the reference a ragged batch has padding, as it has for the other subjects.
        if (shape.Ragged)
            shape = shape with { Ragged = false, KeyLengths = true };
        if (!Workload.UsesCache)
        {
            var arguments = new AttentionArguments
            {
                Input = Input, Key = Key, Value = Value, Memory = Memory, ValueInput = ValueInput, KeyLengths = Workload.KeyLengths, Batch = Workload.Batch,
            };
            return Forward(shape, in arguments, null);
        }

        var cache = new ReferenceCache(shape);
        // Keys that nothing changes are there without the outputs of their rows.
        if (!shape.HasProjections && shape.Rotary == RotaryKind.None && shape.QueryKeyNorm == QueryKeyNorm.None)
            cache.Load(PastKey, PastValue, shape.Layout);
        else
            Forward(shape, new AttentionArguments { Input = Past, Key = PastKey, Value = PastValue }, cache);
        return Forward(shape, new AttentionArguments { Input = Input, Key = Key, Value = Value }, cache);
    }

    /// <summary>One call of the reference.</summary>
    protected virtual double[] Forward(AttentionShape shape, in AttentionArguments arguments, ReferenceCache? cache) =>
        ReferenceAttention.Forward(shape, Weights, in arguments, cache, new ReferenceHooks
        {
            ScoreModifier = Workload.ScoreModifier, ProbabilityModifier = Workload.ProbabilityModifier,
        }).Output;
}
