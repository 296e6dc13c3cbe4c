using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A generated class whose calls have the arguments of attention, through the interface that all of its kind have.</summary>
internal abstract class GeneratedRowsSubject<TData> : Subject<TData>
    where TData : AttentionData
{
    private TData? data;
    private AttentionCache? cache;
    private float[] input = [];
    private float[] output = [];
    private float[] padded = [];
    private int[] rowOffsets = [];
    private ForwardOptions options;

    public override string Name => Comparison.GeneratedName;

    /// <summary>With padding where the batch is ragged, so that it can be compared.</summary>
    public override ReadOnlySpan<float> Output
    {
        get
        {
            if (rowOffsets.Length == 0)
                return output;
            CopyRows(data!.Workload, output, padded, pad: true);
            return padded;
        }
    }

    protected override void PrepareFor(TData data, int threads)
    {
        AttentionWorkload workload = data.Workload;
        this.data = data;
        options = new ForwardOptions { MaxDegreeOfParallelism = threads };
        Create(data);
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
        cache = CreateCache(workload.CachedRows + workload.Rows);
        Forward(new AttentionArguments
        {
            Input = data.Past,
            Key = data.PastKey,
            Value = data.PastValue,
            Output = new float[workload.CachedRows * workload.Shape.OutputDim],
            Cache = cache,
        });
    }

    public override void Run()
    {
        // Every call sees the same cached rows.
        cache?.Truncate(data!.Workload.CachedRows);
        Forward(new AttentionArguments
        {
            Input = input,
            Key = data!.Key,
            Value = data.Value,
            Memory = data.Memory,
            ValueInput = data.ValueInput,
            Output = output,
            Cache = cache,
            KeyLengths = rowOffsets.Length == 0 ? data.Workload.KeyLengths : [],
            RowOffsets = rowOffsets,
            Batch = data.Workload.Batch,
            Options = options,
        });
    }

    /// <summary>Between rows that follow each other and rows with padding.</summary>
    private static void CopyRows(AttentionWorkload workload, float[] from, float[] to, bool pad)
    {
        int width = workload.Shape.DModel;
        for (int sequence = 0, packed = 0; sequence < workload.Batch; packed += workload.UsefulRows(sequence++) * width)
        {
            int padded = sequence * workload.Rows * width;
            Array.Copy(from, pad ? packed : padded, to, pad ? padded : packed, workload.UsefulRows(sequence) * width);
        }
    }

    /// <summary>Packs the weights.</summary>
    protected abstract void Create(TData data);

    protected abstract AttentionCache CreateCache(int capacity);

    protected abstract void Forward(in AttentionArguments arguments);
}

/// <summary>A generated attention block.</summary>
internal sealed class GeneratedSubject<TKernel> : GeneratedRowsSubject<AttentionData>
    where TKernel : class, IAttentionKernel<TKernel>
{
    private TKernel? kernel;

    protected override void Create(AttentionData data) => kernel = TKernel.Create(data.Weights);

    protected override AttentionCache CreateCache(int capacity) => kernel!.CreateCache(capacity);

    protected override void Forward(in AttentionArguments arguments) => kernel!.Forward(in arguments);
}

/// <summary>A generated Transformer layer.</summary>
internal sealed class GeneratedLayerSubject<TLayer> : GeneratedRowsSubject<LayerData>
    where TLayer : class, ITransformerLayer<TLayer>
{
    private TLayer? layer;

    protected override void Create(LayerData data) => layer = TLayer.Create(data.LayerWeights);

    protected override AttentionCache CreateCache(int capacity) => layer!.CreateCache(capacity);

    protected override void Forward(in AttentionArguments arguments) => layer!.Forward(in arguments);
}
