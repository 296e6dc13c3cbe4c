using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A generated block of latent attention, in one of its forms.</summary>
internal sealed class GeneratedLatentSubject<TBlock>(LatentForm form, bool isOther) : Subject<LatentData>
    where TBlock : class, ILatentAttention<TBlock>
{
    private TBlock? block;
    private AttentionCache? cache;
    private float[] input = [];
    private float[] output = [];
    private int cachedRows;
    private ForwardOptions options;

    public override string Name => isOther ? $"{Comparison.GeneratedName}-{form.ToString().ToLowerInvariant()}" : Comparison.GeneratedName;

    public override ReadOnlySpan<float> Output => output;

    protected override void PrepareFor(LatentData data, int threads)
    {
        block = TBlock.Create(data.Weights);
        options = new ForwardOptions { MaxDegreeOfParallelism = threads };
        cachedRows = data.Workload.CachedRows;
        input = data.All[data.Cached..];
        output = new float[input.Length];
        if (cachedRows == 0)
            return;
        cache = block.CreateCache(cachedRows + data.Workload.Rows);
        block.Forward(new LatentAttentionArguments { Input = data.All.AsSpan(0, data.Cached), Output = new float[data.Cached], Cache = cache });
    }

    public override void Run()
    {
        cache?.Truncate(cachedRows);
        block!.Forward(new LatentAttentionArguments { Input = input, Output = output, Cache = cache, Form = form, Options = options });
    }
}
