using AttentionGen.Bench.Onnx;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>One product by onnxruntime.</summary>
internal sealed class OnnxLinearSubject(string form, Func<LinearData, byte[]> model) : Subject<LinearData>
{
    private BoundSession? session;
    private float[] output = [];

    public override string Name => OnnxModels.LibraryName;

    public override string Form => form;

    public override ReadOnlySpan<float> Output => output;

    public static OnnxLinearSubject MatMul() => new("MatMul", OnnxLinears.MatMul);

    public static OnnxLinearSubject Gemm() => new("Gemm", OnnxLinears.Gemm);

    public override void Run() => session!.Run();

    public override void Dispose() => session?.Dispose();

    protected override void PrepareFor(LinearData data, int threads)
    {
        LinearWorkload workload = data.Workload;
        output = new float[workload.Rows * workload.Shape.Outputs];
        session = new BoundSession(model(data), threads);
        session.BindInput(OnnxModels.Input, data.Input, workload.Rows, workload.Shape.Inputs);
        session.BindOutput(OnnxModels.Output, output, workload.Rows, workload.Shape.Outputs);
    }
}
