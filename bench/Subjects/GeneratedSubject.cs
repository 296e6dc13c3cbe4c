using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A generated class, through the interface that they all have.</summary>
internal sealed class GeneratedSubject<TKernel> : ISubject
    where TKernel : class, IAttentionKernel<TKernel>
{
    private WorkloadData? _data;
    private TKernel? _kernel;
    private AttentionCache? _cache;
    private float[] _output = [];
    private ForwardOptions _options;

    public string Name => "attentiongen";

    public string Form => "";

    public ReadOnlySpan<float> Output => _output;

    public bool Supports(Workload workload) => true;

    public void Prepare(WorkloadData data, int threads)
    {
        Workload workload = data.Workload;
        _data = data;
        _options = new ForwardOptions { MaxDegreeOfParallelism = threads };
        _kernel = TKernel.Create(data.Weights);
        _output = new float[data.Input.Length];
        if (!workload.UsesCache)
            return;
        _cache = _kernel.CreateCache(workload.CachedRows + workload.Rows);
        _kernel.Forward(new AttentionArguments { Input = data.Past, Output = new float[data.Past.Length], Cache = _cache });
    }

    public void Run()
    {
        // Every call sees the same cached rows.
        _cache?.Truncate(_data!.Workload.CachedRows);
        _kernel!.Forward(new AttentionArguments
        {
            Input = _data!.Input,
            Memory = _data.Memory,
            Output = _output,
            Cache = _cache,
            KeyLengths = _data.Workload.KeyLengths,
            Batch = _data.Workload.Batch,
            Options = _options,
        });
    }

    public void Dispose()
    {
    }
}
