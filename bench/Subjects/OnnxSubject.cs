using AttentionGen.Bench.Onnx;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A form of onnxruntime without a cache.</summary>
internal sealed class OnnxSubject : ISubject
{
    private readonly Func<WorkloadData, byte[]> model;
    private readonly Func<Workload, bool> supports;
    private BoundSession? session;
    private float[] output = [];

    private OnnxSubject(string form, Func<WorkloadData, byte[]> model, Func<Workload, bool> supports)
    {
        Form = form;
        this.model = model;
        this.supports = supports;
    }

    public string Name => "onnxruntime";

    public string Form { get; }

    public ReadOnlySpan<float> Output => output;

    public static OnnxSubject Attention() => new("Attention", OnnxModels.Attention, workload => IsPlain(workload) && HasProjectionBiases(workload.Shape) && !workload.Shape.IsCrossAttention);

    public static OnnxSubject MultiHeadAttention() => new("MultiHeadAttention", data => OnnxModels.MultiHeadAttention(data, biasInside: false), IsPlain);

    public static OnnxSubject MultiHeadAttentionWithBiases() => new(
        "MultiHeadAttention with biases", data => OnnxModels.MultiHeadAttention(data, biasInside: true), workload => IsPlain(workload) && HasProjectionBiases(workload.Shape));

    public bool Supports(Workload workload) => supports(workload);

    public void Prepare(WorkloadData data, int threads)
    {
        Workload workload = data.Workload;
        AttentionShape shape = workload.Shape;
        output = new float[data.Input.Length];
        session = new BoundSession(model(data), threads);
        session.BindInput(OnnxModels.Input, data.Input, workload.Batch, workload.Rows, shape.DModel);
        if (shape.IsCrossAttention)
            session.BindInput(OnnxModels.Memory, data.Memory, workload.Batch, workload.MemoryRows, shape.MemoryDim);
        if (workload.KeyLengths.Length > 0)
            session.BindInput(OnnxModels.KeyLengths, workload.KeyLengths, workload.Batch);
        session.BindOutput(OnnxModels.Output, output, workload.Batch, workload.Rows, shape.DModel);
    }

    public void Run() => session!.Run();

    public void Dispose() => session?.Dispose();

    /// <summary>These two operators know neither grouped heads nor rotary embedding nor a cache that is shared in place.</summary>
    private static bool IsPlain(Workload workload) =>
        !workload.UsesCache && workload.Shape.Rotary == RotaryKind.None && workload.Shape.KvHeads == workload.Shape.Heads
        && workload.Shape.WindowLeft < 0 && workload.Shape.WindowRight < 0 && !workload.Shape.HasScoreModifier;

    private static bool HasProjectionBiases(AttentionShape shape) => shape.QueryBias && shape.KeyBias && shape.ValueBias;
}
