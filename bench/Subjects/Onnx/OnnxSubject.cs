using AttentionGen.Bench.Onnx;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A form of onnxruntime without a cache.</summary>
internal sealed class OnnxSubject(string form, Func<AttentionData, byte[]> model) : Subject<AttentionData>
{
    private BoundSession? session;
    private float[] output = [];

    public override string Name => OnnxModels.LibraryName;

    public override string Form => form;

    public override ReadOnlySpan<float> Output => output;

    public static OnnxSubject Attention() => new("Attention", OnnxModels.Attention);

    public static OnnxSubject MultiHeadAttention() => new("MultiHeadAttention", data => OnnxModels.MultiHeadAttention(data, biasInside: false));

    public static OnnxSubject MultiHeadAttentionWithBiases() =>
        new("MultiHeadAttention with biases", data => OnnxModels.MultiHeadAttention(data, biasInside: true));

    public static bool SupportsAttention(AttentionWorkload workload) =>
        SupportsMultiHeadAttention(workload) && HasProjectionBiases(workload.Shape) && !workload.Shape.IsCrossAttention;

    /// <summary>The operator knows neither grouped heads nor rotary embedding nor a cache that is shared in place.</summary>
    public static bool SupportsMultiHeadAttention(AttentionWorkload workload) =>
        !workload.UsesCache && workload.Shape.Rotary == RotaryKind.None && workload.Shape.KvHeads == workload.Shape.Heads
        && workload.Shape.WindowLeft < 0 && workload.Shape.WindowRight < 0 && !workload.Shape.HasScoreModifier && !workload.Shape.HasProbabilityModifier;

    public static bool HasProjectionBiases(AttentionShape shape) => shape.QueryBias && shape.KeyBias && shape.ValueBias;

    public override void Run() => session!.Run();

    public override void Dispose() => session?.Dispose();

    protected override void PrepareFor(AttentionData data, int threads)
    {
        AttentionWorkload workload = data.Workload;
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
}
