using AttentionGen.Bench.Subjects;

namespace AttentionGen.Bench.Workloads;

/// <summary>A call of one product.</summary>
internal sealed record LinearWorkload : Workload
{
    public required LinearShape Shape { get; init; }

    /// <summary>The generated class.</summary>
    public required Type Kernel { get; init; }

    /// <summary>What the generated class says of itself.</summary>
    public required string Plan { get; init; }

    public required int Rows { get; init; }

    /// <inheritdoc/>
    public override bool IsBoundByReading => Rows == 1;

    /// <inheritdoc/>
    public override long RequiredBytes => sizeof(float) * (long)Shape.Inputs * Shape.Outputs;

    /// <inheritdoc/>
    public override double UsefulOperations => 2.0 * Rows * Shape.Inputs * Shape.Outputs;

    public static LinearWorkload Of<TLinear>(string name, int rows)
        where TLinear : class, ILinear<TLinear> => new()
        {
            Name = name,
            Shape = TLinear.Shape,
            Kernel = typeof(TLinear),
            Plan = TLinear.Plan,
            CreateGenerated = () => new GeneratedLinearSubject<TLinear>(),
            Rows = rows,
        };

    /// <inheritdoc/>
    public override IEnumerable<ISubject> CreatePeers() => [OnnxLinearSubject.MatMul(), OnnxLinearSubject.Gemm(), new GenericLinearSubject()];

    /// <inheritdoc/>
    public override WorkloadData CreateData() => new LinearData(this);
}
