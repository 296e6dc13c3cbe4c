using AttentionGen.Bench.Workloads;
using AttentionGen.Generic;

namespace AttentionGen.Bench.Subjects;

/// <summary>The ordinary block of bench/Generic; always one thread.</summary>
internal sealed class GenericSubject : ISubject
{
    private WorkloadData? data;
    private GenericAttention? attention;
    private GenericAttentionCache? cache;
    private float[] output = [];

    public string Name => "generic";

    public string Form => "";

    public ReadOnlySpan<float> Output => output;

    public bool Supports(Workload workload) => workload.Shape is
        { CausalAlignment: CausalAlignment.TopLeft, WindowLeft: < 0, WindowRight: < 0, HasScoreModifier: false };

    public void Prepare(WorkloadData data, int threads)
    {
        AttentionShape shape = data.Workload.Shape;
        AttentionWeights weights = data.Weights;
        int positions = data.Workload.CachedRows + data.Workload.Rows;
        var options = new GenericAttentionOptions
        {
            Heads = shape.Heads,
            KvHeads = shape.KvHeads,
            HeadDim = shape.HeadDim,
            DModel = shape.DModel,
            MemoryDim = shape.MemoryDim,
            Causal = shape.Causal,
            Scale = shape.Scale,
            Rotary = shape.Rotary switch
            {
                RotaryKind.HalfSplit => GenericRotary.HalfSplit,
                RotaryKind.Interleaved => GenericRotary.Interleaved,
                _ => GenericRotary.None,
            },
            RotaryDim = shape.RotaryDim,
            RotaryBase = shape.RotaryBase,
            MaxPositions = positions,
        };
        attention = new GenericAttention(options, new GenericAttentionWeights
        {
            Query = weights.Query.ToArray(),
            Key = weights.Key.ToArray(),
            Value = weights.Value.ToArray(),
            Output = weights.Output.ToArray(),
            QueryBias = weights.QueryBias.ToArray(),
            KeyBias = weights.KeyBias.ToArray(),
            ValueBias = weights.ValueBias.ToArray(),
            OutputBias = weights.OutputBias.ToArray(),
        });
        this.data = data;
        output = new float[data.Input.Length];
        if (!data.Workload.UsesCache)
            return;
        cache = attention.CreateCache(positions);
        attention.Forward(data.Past, new float[data.Past.Length], cache);
    }

    public void Run()
    {
        WorkloadData data = this.data!;
        if (cache is not null)
        {
            cache.Truncate(data.Workload.CachedRows);
            attention!.Forward(data.Input, output, cache);
        }
        else if (data.Workload.Shape.IsCrossAttention)
        {
            attention!.Forward(data.Input, data.Memory, output, data.Workload.Batch, data.Workload.KeyLengths);
        }
        else
        {
            attention!.Forward(data.Input, output, data.Workload.Batch, data.Workload.KeyLengths);
        }
    }

    public void Dispose()
    {
    }
}
