using AttentionGen.Bench.Onnx;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>GroupQueryAttention of onnxruntime, past and present in the same buffer as its own generation loop has them.</summary>
/// <param name="form">What is special about the model.</param>
/// <param name="model">Makes the model for a number of keys that the cache holds.</param>
internal sealed class OnnxGroupQuerySubject(string form, Func<AttentionData, int, byte[]> model) : Subject<AttentionData>
{
    private BoundSession? session;
    private float[] output = [];

    public override string Name => OnnxModels.LibraryName;

    public override string Form => form;

    public override ReadOnlySpan<float> Output => output;

    public static OnnxGroupQuerySubject Attention() => new("GroupQueryAttention", OnnxModels.GroupQueryAttention);

    public static bool Supports(AttentionWorkload workload)
    {
        AttentionShape shape = workload.Shape;
        // It rotates heads of whole sixteens only.
        int unit = shape.Rotary == RotaryKind.None ? 8 : 16;
        return workload.Batch == 1 && shape.Causal && !shape.IsCrossAttention && shape.CausalAlignment == CausalAlignment.TopLeft && shape.HeadDim % unit == 0
            && shape.WindowRight < 0 && !shape.HasScoreModifier && !shape.HasProbabilityModifier;
    }

    public override void Run() => session!.Run();

    public override void Dispose() => session?.Dispose();

    protected override void PrepareFor(AttentionData data, int threads)
    {
        AttentionWorkload workload = data.Workload;
        int total = workload.CachedRows + workload.Rows;
        AttentionShape shape = workload.Shape;
        float[] keys = new float[total * shape.KeyDim];
        float[] values = new float[total * shape.KeyDim];
        byte[] bytes = model(data, total);
        if (workload.UsesCache)
        {
            using BoundSession prefill = Bind(bytes, threads, shape, data.Past, new float[data.Past.Length], keys, values, workload.CachedRows, total);
            prefill.Run();
        }
        output = new float[data.Input.Length];
        session = Bind(bytes, threads, shape, data.Input, output, keys, values, total, total);
    }

    private static BoundSession Bind(
        byte[] model, int threads, AttentionShape shape, float[] input, float[] output, float[] keys, float[] values, int length, int capacity)
    {
        var session = new BoundSession(model, threads);
        int rows = input.Length / shape.DModel;
        session.BindInput(OnnxModels.Input, input, 1, rows, shape.DModel);
        session.BindInput(OnnxModels.PastKey, keys, 1, shape.KvHeads, capacity, shape.HeadDim);
        session.BindInput(OnnxModels.PastValue, values, 1, shape.KvHeads, capacity, shape.HeadDim);
        // The operator takes each length less one.
        session.BindInput(OnnxModels.KeyLengths, new[] { length - 1 }, 1);
        session.BindInput(OnnxModels.TotalLength, new[] { length }, 1);
        session.BindOutput(OnnxModels.Output, output, 1, rows, shape.DModel);
        session.BindOutput(OnnxModels.PresentKey, keys, 1, shape.KvHeads, capacity, shape.HeadDim);
        session.BindOutput(OnnxModels.PresentValue, values, 1, shape.KvHeads, capacity, shape.HeadDim);
        return session;
    }
}
