using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generic;

namespace AttentionGen.Bench.Subjects;

/// <summary>The ordinary layer of bench/Generic; always one thread.</summary>
internal sealed class GenericLayerSubject : Subject<LayerData>
{
    private LayerData? data;
    private GenericLayer? layer;
    private GenericAttentionCache? cache;
    private float[] output = [];

    public override string Name => Comparison.GenericName;

    public override ReadOnlySpan<float> Output => output;

    public override void Run()
    {
        cache?.Truncate(data!.Workload.CachedRows);
        layer!.Forward(data!.Input, output, cache);
    }

    protected override void PrepareFor(LayerData data, int threads)
    {
        int positions = data.Workload.CachedRows + data.Workload.Rows;
        this.data = data;
        layer = GenericShapes.Layer(data.Workload.Layer, data.LayerWeights, positions);
        output = new float[data.Input.Length];
        if (!data.Workload.UsesCache)
            return;
        cache = layer.CreateCache(positions);
        layer.Forward(data.Past, new float[data.Past.Length], cache);
    }
}
