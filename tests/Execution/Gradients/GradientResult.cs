using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Gradients;

/// <summary>A step of training of one call: what its forward and its backward give.</summary>
internal sealed record GradientResult(
    float[] Output, float[] Input, float[] Memory, float[] ValueInput, float[] Key, float[] Value, AttentionGradients Gradients)
{
    /// <summary>Runs forward and backward.</summary>
    public static GradientResult Run(AttentionCase call, IKernel kernel, float[] outputGradient, int threads, SavedActivations? activations = null)
    {
        activations ??= kernel.Trainable.CreateActivations(call.Batch, call.Rows, call.Keys);
        activations.Dropout = call.Dropout;
        var output = new float[call.ResultLengths.Output];
        var input = new GuardedBuffer(call.Input.Length);
        var memory = new GuardedBuffer(call.Memory.Length);
        var valueInput = new GuardedBuffer(call.ValueInput.Length);
        var key = new GuardedBuffer(call.Key.Length);
        var value = new GuardedBuffer(call.Value.Length);
        var gradients = new AttentionGradients(call.Weights);
        AttentionArguments arguments = call.Arguments with { Activations = activations, Options = new() { MaxDegreeOfParallelism = threads } };
        kernel.Forward(arguments with { Output = output });
        // What the forward dropped counts.
        activations.Dropout = new(0.9f, 5);
        kernel.Trainable.Backward(arguments, new BackwardArguments
        {
            OutputGradient = outputGradient,
            InputGradient = input.Span,
            MemoryGradient = memory.Span,
            ValueInputGradient = valueInput.Span,
            KeyGradient = key.Span,
            ValueGradient = value.Span,
            Gradients = gradients,
        });
        return new(
            output, input.Check("inputGradient"), memory.Check("memoryGradient"), valueInput.Check("valueInputGradient"), key.Check("keyGradient"),
            value.Check("valueGradient"), gradients);
    }

    /// <summary>Every gradient with its name.</summary>
    public IEnumerable<(string Name, float[] Gradient)> All => new (string, float[])[]
        {
            ("Input", Input), ("Memory", Memory), ("ValueInput", ValueInput), ("Key", Key), ("Value", Value),
        }.Concat(Gradients.Tensors.ToArray().Select(tensor => ($"weights.{tensor.Name}", tensor.Gradient.ToArray())));

    /// <summary>Fails where any bit differs.</summary>
    public void AssertSameBits(GradientResult other, string what)
    {
        Compare.SameBits(Output, other.Output, 1, $"{what}, output");
        foreach (((string name, float[] mine), (_, float[] others)) in All.Zip(other.All))
            Compare.SameBits(mine, others, 1, $"{what}, {name}");
    }

    /// <inheritdoc cref="LearnedGradients.LargestError"/>
    public (double Error, string Name) LargestError(ReferenceGradients expected) =>
        LearnedGradients.LargestError(
            Gradients, expected, ("Input", Input, expected.Input), ("Memory", Memory, expected.Memory),
            ("ValueInput", ValueInput, expected.ValueInput), ("Key", Key, expected.Key), ("Value", Value, expected.Value));
}
