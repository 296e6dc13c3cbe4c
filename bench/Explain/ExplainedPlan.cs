using AttentionGen.Bench.Subjects;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>What <c>explain</c> asks of a workload's plan, whatever kind of class computes it.</summary>
internal sealed record ExplainedPlan
{
    public required Workload Workload { get; init; }

    /// <summary>What the generated class says of itself.</summary>
    public required string Text { get; init; }

    public required VectorTarget Target { get; init; }

    /// <summary>Decisions and their reasons.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>Bytes of the packed weights.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Every matrix of weights.</summary>
    public required IReadOnlyList<StoredMatrix> Matrices { get; init; }

    /// <summary>Bytes of keys and values of one sequence.</summary>
    public long KeyValueBytes { get; init; }

    /// <summary>Bytes of scratch.</summary>
    public required long ScratchBytes { get; init; }

    /// <summary>The layer whose calls are timed, or null.</summary>
    public TransformerLayerShape? Layer { get; init; }

    /// <summary>Makes the subject whose kernels are timed.</summary>
    public required Func<ISubject> CreateTimed { get; init; }

    /// <summary>What the calls of a part need.</summary>
    public required Func<Part, IReadOnlyList<KernelCall>, PartCost> Cost { get; init; }

    /// <summary>The plan of a workload that <c>explain</c> knows.</summary>
    public static ExplainedPlan Of(Workload workload) => workload is LinearWorkload linear ? Of(linear) : Of((AttentionWorkload)workload);

    private static ExplainedPlan Of(AttentionWorkload workload)
    {
        TransformerLayerShape? layer = (workload as LayerWorkload)?.Layer;
        AttentionPlan plan = PlanOf.Shape(workload.Shape, layer);
        (Type subject, Type timed) = layer is not null
            ? (typeof(GeneratedLayerSubject<>), typeof(TimedLayer<>))
            : (typeof(GeneratedSubject<>), typeof(TimedKernel<>));
        return new()
        {
            Workload = workload,
            Text = workload.Plan,
            Target = plan.Target,
            Reasons = [.. plan.Reasons.Concat(plan.SharedReasons)],
            WeightBytes = plan.WeightBytes,
            Matrices = [.. plan.Matrices],
            KeyValueBytes = plan.KeyValueBytes * workload.Keys,
            ScratchBytes = sizeof(float) * (long)plan.Scratch.Length,
            Layer = layer,
            CreateTimed = () => Create(subject, timed, workload.Kernel),
            Cost = (part, calls) => PartCost.Of(part, calls, workload, plan),
        };
    }

    private static ExplainedPlan Of(LinearWorkload workload)
    {
        LinearPlan plan = PlanOf.Linear(workload.Shape);
        return new()
        {
            Workload = workload,
            Text = workload.Plan,
            Target = plan.Target,
            Reasons = [.. plan.Reasons.Concat(plan.SharedReasons)],
            WeightBytes = plan.WeightBytes,
            Matrices = [plan.Matrix],
            ScratchBytes = sizeof(float) * (long)plan.StripFloats * Math.Min(workload.Rows, plan.RowBlock),
            CreateTimed = () => Create(typeof(GeneratedLinearSubject<>), typeof(TimedLinear<>), workload.Kernel),
            Cost = (part, calls) => PartCost.Of(part, calls, workload, plan),
        };
    }

    private static ISubject Create(Type subject, Type timed, Type kernel) =>
        (ISubject)Activator.CreateInstance(subject.MakeGenericType(timed.MakeGenericType(kernel)))!;
}
