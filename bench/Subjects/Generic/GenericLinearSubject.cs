using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generic;

namespace AttentionGen.Bench.Subjects;

/// <summary>A dot product for each output, as bench/Generic has it; always one thread.</summary>
internal sealed class GenericLinearSubject : Subject<LinearData>
{
    private LinearData? data;
    private float[] weight = [];
    private float[] bias = [];
    private float[] output = [];

    public override string Name => Comparison.GenericName;

    public override ReadOnlySpan<float> Output => output;

    public override void Run()
    {
        LinearShape shape = data!.Workload.Shape;
        GenericRows.Project(data.Input, shape.Inputs, weight, bias, output);
        if (shape.Activation == Activation.Gelu)
            GenericRows.Gelu(output);
    }

    protected override void PrepareFor(LinearData data, int threads)
    {
        if (data.Workload.Shape.Activation is not (Activation.None or Activation.Gelu))
            throw new NotSupportedException($"The generic product has no {data.Workload.Shape.Activation}.");
        this.data = data;
        weight = data.Weights.Weight.ToArray();
        bias = data.Weights.Bias.ToArray();
        output = new float[data.Workload.Rows * data.Workload.Shape.Outputs];
    }
}
