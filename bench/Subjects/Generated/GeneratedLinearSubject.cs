using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>A generated product.</summary>
internal sealed class GeneratedLinearSubject<TLinear> : Subject<LinearData>
    where TLinear : class, ILinear<TLinear>
{
    private TLinear? linear;
    private float[] input = [];
    private float[] output = [];
    private ForwardOptions options;

    public override string Name => Comparison.GeneratedName;

    public override ReadOnlySpan<float> Output => output;

    protected override void PrepareFor(LinearData data, int threads)
    {
        linear = TLinear.Create(data.Weights);
        input = data.Input;
        output = new float[data.Workload.Rows * data.Workload.Shape.Outputs];
        options = new ForwardOptions { MaxDegreeOfParallelism = threads };
    }

    public override void Run() => linear!.Forward(new LinearArguments { Input = input, Output = output, Options = options });
}
