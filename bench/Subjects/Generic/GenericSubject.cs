using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generic;

namespace AttentionGen.Bench.Subjects;

/// <summary>The ordinary block of bench/Generic; always one thread.</summary>
internal sealed class GenericSubject : Subject<AttentionData>
{
    private AttentionData? data;
    private GenericAttention? attention;
    private GenericAttentionCache? cache;
    private float[] output = [];

    public override string Name => Comparison.GenericName;

    public override ReadOnlySpan<float> Output => output;

    public static bool Supports(AttentionShape shape) => shape is
        { CausalAlignment: CausalAlignment.TopLeft, WindowLeft: < 0, WindowRight: < 0, HasScoreModifier: false, HasProbabilityModifier: false };

    public override void Run()
    {
        AttentionData data = this.data!;
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

    protected override void PrepareFor(AttentionData data, int threads)
    {
        int positions = data.Workload.CachedRows + data.Workload.Rows;
        attention = new GenericAttention(GenericShapes.Attention(data.Workload.Shape, positions), GenericShapes.Attention(data.Weights));
        this.data = data;
        output = new float[data.Input.Length];
        if (!data.Workload.UsesCache)
            return;
        cache = attention.CreateCache(positions);
        attention.Forward(data.Past, new float[data.Past.Length], cache);
    }
}
