namespace AttentionGen.Bench.Training;

/// <summary>Rows whose training is timed.</summary>
/// <param name="Name">Of the workload.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Rows">Rows of each.</param>
/// <param name="Threads">Threads that a call may use.</param>
internal sealed record TrainingWorkload(string Name, int Batch, int Rows, int Threads)
{
    private const int Width = 512;
    private const int Hidden = 2048;

    public float[] Input { get; } = Uniform(new Random(1), Batch * Rows * Width);

    public float[] OutputGradient { get; } = Uniform(new Random(2), Batch * Rows * Width);

    /// <summary>Whether a whole layer is trained, and an attention block otherwise.</summary>
    public bool IsLayer => Name.StartsWith("layer", StringComparison.Ordinal);

    /// <summary>Floating-point operations of the products of a forward: two for each multiply-add.</summary>
    public double ForwardOperations => Projections + Attention;

    /// <summary>Those of a backward: twice as many for each projection, and five products of attention where the forward has two (Dao et al. 2022).</summary>
    public double BackwardOperations => (2 * Projections) + (2.5 * Attention);

    private double Projections => 2.0 * Batch * Rows * Width * ((4 * Width) + (IsLayer ? 2 * Hidden : 0));

    private double Attention => 2.0 * 2 * Batch * Rows * Rows * Width;

    public static IEnumerable<TrainingWorkload> All(int threads)
    {
        foreach (int rows in (int[])[128, 512, 2048])
            yield return new($"h8-d512-s{rows}", 1, rows, threads);
        yield return new("layer-h8-d512-f2048-b8-s128", 8, 128, threads);
    }

    /// <summary>Ours first, then the path to beat where there is one.</summary>
    public IEnumerable<ITrainingSubject> CreateSubjects()
    {
        const int Seed = 3;
        if (!IsLayer)
        {
            AttentionWeights own = AttentionWeights.Random(TrainedBlock.Shape, Seed);
            yield return new GeneratedBlock(this, own, new TrainedBlock(own));
            yield break;
        }

        TransformerLayerWeights weights = TransformerLayerWeights.Random(TrainedLayer.Shape, Seed);
        yield return new GeneratedLayer(this, weights, new TrainedLayer(weights));
        yield return new GenericTrainingSubject(this, TrainedLayer.Shape, TransformerLayerWeights.Random(TrainedLayer.Shape, Seed));
    }

    private static float[] Uniform(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (2 * random.NextSingle()) - 1)];
}
