using AttentionGen.Bench.Workloads;
using AttentionGen.Generic;

namespace AttentionGen.Bench.Subjects;

/// <summary>The ordinary block of bench/Generic; always one thread.</summary>
internal sealed class GenericSubject : ISubject
{
    private WorkloadData? _data;
    private GenericAttention? _attention;
    private GenericAttentionCache? _cache;
    private float[] _output = [];

    public string Name => "generic";

    public string Form => "";

    public ReadOnlySpan<float> Output => _output;

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
        _attention = new GenericAttention(options, new GenericAttentionWeights
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
        _data = data;
        _output = new float[data.Input.Length];
        if (!data.Workload.UsesCache)
            return;
        _cache = _attention.CreateCache(positions);
        _attention.Forward(data.Past, new float[data.Past.Length], _cache);
    }

    public void Run()
    {
        WorkloadData data = _data!;
        if (_cache is not null)
        {
            _cache.Truncate(data.Workload.CachedRows);
            _attention!.Forward(data.Input, _output, _cache);
        }
        else if (data.Workload.Shape.IsCrossAttention)
        {
            _attention!.Forward(data.Input, data.Memory, _output, data.Workload.Batch, data.Workload.KeyLengths);
        }
        else
        {
            _attention!.Forward(data.Input, _output, data.Workload.Batch, data.Workload.KeyLengths);
        }
    }

    public void Dispose()
    {
    }
}
