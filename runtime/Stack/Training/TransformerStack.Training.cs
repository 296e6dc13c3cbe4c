using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

public partial class TransformerStack
{
    /// <summary>
    /// Makes room for what a forward keeps for <see cref="Backward"/>. Declared by <see cref="AttentionConfigAttribute.Gradients"/> on every layer.
    /// </summary>
    /// <param name="batch">The largest number of sequences.</param>
    /// <param name="rows">Rows of each sequence; only their product with the batch counts.</param>
    /// <exception cref="NotSupportedException">A layer does not declare <see cref="AttentionConfigAttribute.Gradients"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative.</exception>
    /// <exception cref="OutOfMemoryException">So much memory cannot be had.</exception>
    public StackActivations CreateActivations(int batch, int rows) =>
        new([.. layers.Select(layer => layer.Trainable.CreateActivations(batch, rows))], DModel);

    /// <summary>Runs the layers and keeps what <see cref="Backward"/> reads. The output has the bits of the other forms of <c>Forward</c>.</summary>
    /// <param name="activations">Takes what is kept; from <see cref="CreateActivations"/>.</param>
    /// <param name="arguments">Inputs, output and options. There is no cache.</param>
    /// <inheritdoc cref="Forward(in AttentionArguments, TransformerStackCache?)" path="/exception"/>
    public void Forward(StackActivations activations, in AttentionArguments arguments)
    {
        CheckNoActivations(in arguments);
        CheckActivations(activations);
        AttentionArguments first = arguments with { Cache = null, Activations = activations.Layers[0] };
        KernelChecks.Validate(shapes[0], in first);
        ReadOnlySpan<float> input = arguments.Input;
        for (int layer = 0; layer < layers.Length; layer++)
        {
            Span<float> output = layer == layers.Length - 1 ? arguments.Output : activations.Output(layer, arguments.Input.Length);
            layers[layer].Forward(arguments with { Input = input, Output = output, Activations = activations.Layers[layer] });
            input = output;
        }
    }

    /// <summary>Computes the gradients of a loss from its gradient at the output.</summary>
    /// <param name="outputGradient">The gradient of the loss at the output, laid out as the output.</param>
    /// <param name="arguments">The inputs and options of the forward, with the same numbers in them. No output is needed.</param>
    /// <param name="activations">What the forward kept.</param>
    /// <param name="inputGradient">Where the gradient of the input goes; must not overlap an input or <paramref name="outputGradient"/>.</param>
    /// <param name="gradients">What the gradients of the weights are added to.</param>
    /// <exception cref="ArgumentException">
    /// An argument is missing, of the wrong length, overlaps a gradient, or does not fit what was kept. Nothing is written then.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. All gradients are undefined.</exception>
    public void Backward(
        ReadOnlySpan<float> outputGradient, in AttentionArguments arguments, StackActivations activations, Span<float> inputGradient,
        StackGradients gradients)
    {
        CheckActivations(activations);
        ArgumentNullException.ThrowIfNull(gradients);
        if (gradients.Layers.Count != layers.Length)
            throw new ArgumentException($"gradients has {gradients.Layers.Count} layers; expected {layers.Length}, as the stack has.", nameof(gradients));
        int floats = arguments.Input.Length;
        if (inputGradient.Length != floats)
            throw new ArgumentException(
                $"inputGradient.Length is {inputGradient.Length}; expected {floats}, the elements of the input.", nameof(inputGradient));
        if (inputGradient.Overlaps(arguments.Input) || inputGradient.Overlaps(outputGradient))
            throw new ArgumentException("inputGradient overlaps input or outputGradient; expected memory of its own.", nameof(inputGradient));
        using ScratchLease lease = ScratchLease.Rent(layers.Length > 1 ? 2 * (nint)floats : 0);
        ReadOnlySpan<float> given = outputGradient;
        for (int layer = layers.Length - 1; layer >= 0; layer--)
        {
            Span<float> target = layer == 0
                ? inputGradient
                : MemoryMarshal.CreateSpan(ref Unsafe.Add(ref lease.Reference, layer % 2 * (nint)floats), floats);
            ReadOnlySpan<float> input = layer == 0 ? arguments.Input : activations.Output(layer - 1, floats);
            layers[layer].Trainable.Backward(
                arguments with { Input = input, Output = default, Activations = activations.Layers[layer] },
                new BackwardArguments { OutputGradient = given, InputGradient = target, Gradients = gradients.Layers[layer] });
            given = target;
        }
    }

    /// <summary>Packs changed weights of every layer in place of those before, without allocating. No call of the layers may run meanwhile.</summary>
    /// <param name="weights">The weights of the layers, first to last.</param>
    /// <exception cref="ArgumentException">The number of layers differs, a tensor has another shape, or one is missing or superfluous.</exception>
    public void Pack(IReadOnlyList<TransformerLayerWeights> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Count != layers.Length)
            throw new ArgumentException($"weights has {weights.Count} layers; expected {layers.Length}, as the stack has.", nameof(weights));
        for (int layer = 0; layer < layers.Length; layer++)
            layers[layer].Trainable.Pack(weights[layer]);
    }

    private static void CheckNoActivations(in AttentionArguments arguments)
    {
        if (arguments.Activations is not null)
            throw new ArgumentException(
                "arguments.Activations is given; expected null, because these are the activations of one layer: a stack takes those of all its layers, from "
                    + "CreateActivations.", nameof(arguments));
    }

    private void CheckActivations(StackActivations activations)
    {
        ArgumentNullException.ThrowIfNull(activations);
        if (activations.Layers.Count != layers.Length)
            throw new ArgumentException(
                $"activations has {activations.Layers.Count} layers; expected {layers.Length}, as the stack has.", nameof(activations));
    }
}
