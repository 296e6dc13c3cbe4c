using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A generated class, through the interface that they all have.</summary>
internal sealed class GeneratedSubject<TKernel> : ISubject
    where TKernel : class, IAttentionKernel<TKernel>
{
    private WorkloadData? data;
    private TKernel? kernel;
    private AttentionCache? cache;
    private float[] input = [];
    private float[] output = [];
    private float[] padded = [];
    private int[] rowOffsets = [];
    private ForwardOptions options;

    public string Name => Comparison.GeneratedName;

    public string Form => "";

    /// <summary>With padding where the batch is ragged, so that it can be compared.</summary>
    public ReadOnlySpan<float> Output
    {
        get
        {
            if (rowOffsets.Length == 0)
                return output;
            CopyRows(data!.Workload, output, padded, pad: true);
            return padded;
        }
    }

    public bool Supports(Workload workload) => true;

    public void Prepare(WorkloadData data, int threads)
    {
        Workload workload = data.Workload;
        this.data = data;
        options = new ForwardOptions { MaxDegreeOfParallelism = threads };
        kernel = TKernel.Create(data.Weights);
        input = data.Input;
        output = new float[workload.Batch * workload.Rows * workload.Shape.OutputDim];
        if (workload.Shape.Ragged)
        {
            rowOffsets = [0, .. workload.KeyLengths.Select((_, sequence) => workload.KeyLengths.Take(sequence + 1).Sum())];
            input = new float[rowOffsets[^1] * workload.Shape.DModel];
            output = new float[input.Length];
            padded = new float[data.Input.Length];
            CopyRows(workload, data.Input, input, pad: false);
        }

        if (!workload.UsesCache)
            return;
        cache = kernel.CreateCache(workload.CachedRows + workload.Rows);
        kernel.Forward(new AttentionArguments
        {
            Input = data.Past,
            Key = data.PastKey,
            Value = data.PastValue,
            Output = new float[workload.CachedRows * workload.Shape.OutputDim],
            Cache = cache,
        });
    }

    public void Run()
    {
        // Every call sees the same cached rows.
        cache?.Truncate(data!.Workload.CachedRows);
        kernel!.Forward(new AttentionArguments
        {
            Input = input,
            Key = data!.Key,
            Value = data.Value,
            Memory = data.Memory,
            Output = output,
            Cache = cache,
            KeyLengths = rowOffsets.Length == 0 ? data.Workload.KeyLengths : [],
            RowOffsets = rowOffsets,
            Batch = data.Workload.Batch,
            Options = options,
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
