using AttentionGen.Bench.Onnx;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>GroupQueryAttention of onnxruntime, past and present in the same buffer as its own generation loop has them.</summary>
internal sealed class OnnxGroupQuerySubject : ISubject
{
    private BoundSession? session;
    private float[] output = [];

    public string Name => "onnxruntime";

    public string Form => "GroupQueryAttention";

    public ReadOnlySpan<float> Output => output;

    public bool Supports(Workload workload)
    {
        AttentionShape shape = workload.Shape;
        return workload.Batch == 1 && shape.Causal && !shape.IsCrossAttention && shape.CausalAlignment == CausalAlignment.TopLeft && shape.HeadDim % 8 == 0
            && shape.WindowRight < 0 && !shape.HasScoreModifier;
    }

    public void Prepare(WorkloadData data, int threads)
    {
        Workload workload = data.Workload;
        int total = workload.CachedRows + workload.Rows;
        AttentionShape shape = workload.Shape;
        float[] keys = new float[total * shape.KeyDim];
        float[] values = new float[total * shape.KeyDim];
        byte[] model = OnnxModels.GroupQueryAttention(data, total);
        if (workload.UsesCache)
        {
            using BoundSession prefill = Bind(model, threads, shape, data.Past, new float[data.Past.Length], keys, values, workload.CachedRows, total);
            prefill.Run();
        }
        output = new float[data.Input.Length];
        session = Bind(model, threads, shape, data.Input, output, keys, values, total, total);
    }

    public void Run() => session!.Run();

    public void Dispose() => session?.Dispose();

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
