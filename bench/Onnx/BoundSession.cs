using Microsoft.ML.OnnxRuntime;

namespace AttentionGen.Bench.Onnx;

/// <summary>A session whose inputs and outputs lie in arrays of ours: a run copies nothing in or out.</summary>
internal sealed class BoundSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly bool isOwner;
    private readonly RunOptions runOptions = new();
    private readonly OrtIoBinding binding;
    private readonly List<OrtValue> values = [];

    public BoundSession(byte[] model, int threads)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        session = new InferenceSession(model, options);
        isOwner = true;
        binding = session.CreateIoBinding();
    }

    private BoundSession(InferenceSession session)
    {
        this.session = session;
        binding = session.CreateIoBinding();
    }

    /// <summary>The same session for other inputs and outputs; it lives as long as this one.</summary>
    public BoundSession WithOtherBindings() => new(session);

    public void BindInput<T>(string name, T[] data, params long[] shape)
        where T : unmanaged => binding.BindInput(name, Pin(data, shape));

    public void BindOutput<T>(string name, T[] data, params long[] shape)
        where T : unmanaged => binding.BindOutput(name, Pin(data, shape));

    public void Run() => session.RunWithBinding(runOptions, binding);

    public void Dispose()
    {
        binding.Dispose();
        foreach (OrtValue value in values)
            value.Dispose();
        runOptions.Dispose();
        if (isOwner)
            session.Dispose();
    }

    private OrtValue Pin<T>(T[] data, long[] shape)
        where T : unmanaged
    {
        OrtValue value = OrtValue.CreateTensorValueFromMemory(data, shape);
        values.Add(value);
        return value;
    }
}
