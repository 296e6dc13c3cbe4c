using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A generated class, through the interface that they all have.</summary>
internal sealed class GeneratedSubject<TKernel> : ISubject
    where TKernel : class, IAttentionKernel<TKernel>
{
    private WorkloadData? _data;
    private TKernel? _kernel;
    private AttentionCache? _cache;
    private float[] _input = [];
    private float[] _output = [];
    private float[] _padded = [];
    private int[] _rowOffsets = [];
    private ForwardOptions _options;

    public string Name => "attentiongen";

    public string Form => "";

    /// <summary>With padding where the batch is ragged, so that it can be compared.</summary>
    public ReadOnlySpan<float> Output
    {
        get
        {
            if (_rowOffsets.Length == 0)
                return _output;
            CopyRows(_data!.Workload, _output, _padded, pad: true);
            return _padded;
        }
    }

    public bool Supports(Workload workload) => true;

    public void Prepare(WorkloadData data, int threads)
    {
        Workload workload = data.Workload;
        _data = data;
        _options = new ForwardOptions { MaxDegreeOfParallelism = threads };
        _kernel = TKernel.Create(data.Weights);
        _input = data.Input;
        _output = new float[workload.Batch * workload.Rows * workload.Shape.OutputDim];
        if (workload.Shape.Ragged)
        {
            _rowOffsets = [0, .. workload.KeyLengths.Select((_, sequence) => workload.KeyLengths.Take(sequence + 1).Sum())];
            _input = new float[_rowOffsets[^1] * workload.Shape.DModel];
            _output = new float[_input.Length];
            _padded = new float[data.Input.Length];
            CopyRows(workload, data.Input, _input, pad: false);
        }

        if (!workload.UsesCache)
            return;
        _cache = _kernel.CreateCache(workload.CachedRows + workload.Rows);
        _kernel.Forward(new AttentionArguments
        {
            Input = data.Past,
            Key = data.PastKey,
            Value = data.PastValue,
            Output = new float[workload.CachedRows * workload.Shape.OutputDim],
            Cache = _cache,
        });
    }

    public void Run()
    {
        // Every call sees the same cached rows.
        _cache?.Truncate(_data!.Workload.CachedRows);
        _kernel!.Forward(new AttentionArguments
        {
            Input = _input,
            Key = _data!.Key,
            Value = _data.Value,
            Memory = _data.Memory,
            Output = _output,
            Cache = _cache,
            KeyLengths = _rowOffsets.Length == 0 ? _data.Workload.KeyLengths : [],
            RowOffsets = _rowOffsets,
            Batch = _data.Workload.Batch,
            Options = _options,
        });
    }

    /// <summary>Between rows that follow each other and rows with padding.</summary>
    private static void CopyRows(Workload workload, float[] from, float[] to, bool pad)
    {
        int width = workload.Shape.DModel;
        for (int sequence = 0, packed = 0; sequence < workload.Batch; packed += workload.UsefulRows(sequence++) * width)
        {
            int padded = sequence * workload.Rows * width;
            Array.Copy(from, pad ? packed : padded, to, pad ? padded : packed, workload.UsefulRows(sequence) * width);
        }
    }

    public void Dispose()
    {
    }
}
