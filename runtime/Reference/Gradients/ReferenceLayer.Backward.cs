using AttentionGen.CompilerServices;

namespace AttentionGen;

public static partial class ReferenceLayer
{
    /// <summary>Takes the gradient of the output of a call without a cache back to its inputs and to every learned tensor.</summary>
    /// <param name="shape">The shape of the layer, without modifiers and mask predicate and with keys and values in float32.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="arguments">The arguments of the call. Outputs and options are not used.</param>
    /// <param name="outputGradient">∂L/∂output, in the layout of the output. What it holds for rows of padding that is skipped does not count.</param>
    /// <returns>∂L/∂input, ∂L/∂memory for a decoder layer, and ∂L/∂w for each learned tensor w.</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    /// <exception cref="NotSupportedException">The shape has a part without a known derivative.</exception>
    public static ReferenceGradients Backward(
        TransformerLayerShape shape, TransformerLayerWeights weights, in AttentionArguments arguments, ReadOnlySpan<float> outputGradient) =>
        Backward(shape, weights, in arguments, ReferenceRows.ToDoubles(outputGradient), ReferenceRows.ToDoubles(arguments.Input));

    /// <summary>The same with a gradient and with input rows in double precision.</summary>
    internal static ReferenceGradients Backward(
        TransformerLayerShape shape, TransformerLayerWeights weights, in AttentionArguments arguments, double[] outputGradient, double[] x)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        KernelChecks.ValidateWeights(shape, weights);
        CheckMemory(shape, in arguments, null);
        AttentionArguments own = arguments with { Memory = default, KeyOffsets = default, MemoryLengths = default, MemoryHeadMask = default };
        ReferenceSequence[] sequences = ReferenceSequence.Find(shape.Attention, in own, null);
        ReferenceAttention.CheckGradient(outputGradient.Length, x.Length);
        // The output of padding is zero, whatever is learned.
        double[] gradient = [.. outputGradient];
        ClearPadding(shape, in own, sequences, gradient);

        Dictionary<string, double[]> learned = ReferenceGradients.For(weights);
        var first = ReferenceBranch.Attention(shape, weights);
        var last = ReferenceBranch.FeedForward(shape, weights);
        double[] normalised = first.Input(x);
        double[] attended = ReferenceAttention.Forward(shape.Attention, weights.Attention, in own, null, null, normalised).Output;
        double[] memoryGradient = [], branch;
        if (shape.ParallelBranches)
        {
            ReferenceBranch second = shape.ParallelNorms ? last : first;
            branch = first.Scale(gradient);
            double[] inner = FeedForwardBackward(shape, weights, second.Input(x), branch, learned);
            gradient = Sum(gradient, second.InputBackward(x, inner, learned));
        }
        else
        {
            double[] h = first.Add(x, attended), sum = shape.MemoryDim > 0 ? AddMemory(shape, weights, in arguments, null, h) : h;
            double[] normalisedSum = last.Input(sum);
            (gradient, branch) = last.AddBackward(sum, FeedForward(shape, weights, normalisedSum), gradient, learned);
            gradient = Sum(gradient, last.InputBackward(sum, FeedForwardBackward(shape, weights, normalisedSum, branch, learned), learned));
            if (shape.MemoryDim > 0)
                (gradient, memoryGradient) = AddMemoryBackward(shape, weights, in arguments, h, gradient, learned);
            (gradient, branch) = first.AddBackward(x, attended, gradient, learned);
        }

        ReferenceGradients attention = ReferenceAttention.Backward(shape.Attention, weights.Attention, in own, branch, normalised);
        AddNamed(learned, nameof(weights.Attention), attention);
        return new() { Input = Sum(gradient, first.InputBackward(x, attention.Input, learned)), Memory = memoryGradient, Weights = learned };
    }

    private static (double[] Gradient, double[] Memory) AddMemoryBackward(
        TransformerLayerShape shape, TransformerLayerWeights weights, in AttentionArguments arguments, double[] h, double[] gradient,
        Dictionary<string, double[]> learned)
    {
        var branch = ReferenceBranch.CrossAttention(shape, weights);
        double[] rows = branch.Input(h);
        (gradient, double[] branchGradient) = branch.AddBackward(h, Attend(shape, weights, in arguments, null, rows), gradient, learned);
        AttentionArguments memory = MemoryArguments(in arguments);
        ReferenceGradients attention = ReferenceAttention.Backward(
            MemoryAttention(shape)!, weights.CrossAttention!, in memory, branchGradient, rows);
        AddNamed(learned, nameof(weights.CrossAttention), attention);
        return (Sum(gradient, branch.InputBackward(h, attention.Input, learned)), attention.Memory);
    }

    /// <summary>With h = act(Up(x)), or act(Gate(x)) ∘ Up(x), and y = Down(h): the gradient of x.</summary>
    private static double[] FeedForwardBackward(
        TransformerLayerShape shape, TransformerLayerWeights weights, double[] x, double[] gradient, Dictionary<string, double[]> learned)
    {
        double[] up = Project(shape, x, weights.Up, weights.UpBias), gate = Project(shape, x, weights.Gate, weights.GateBias);
        double[] inner = Inner(shape, up, gate);
        double[] innerGradient = ReferenceLinear.ProjectBackward(
            inner, shape.FeedForwardDim, weights.Down.Span, gradient, learned.Of(nameof(weights.Down)), learned.Of(nameof(weights.DownBias)));

        double[] upGradient = new double[up.Length], gateGradient = new double[gate.Length];
        for (int i = 0; i < up.Length; i++)
        {
            double activated = shape.Gated ? ReferenceActivation.Of(shape.Activation, gate[i]) : ReferenceActivation.Slope(shape.Activation, up[i]);
            upGradient[i] = innerGradient[i] * activated;
            if (shape.Gated)
                gateGradient[i] = innerGradient[i] * up[i] * ReferenceActivation.Slope(shape.Activation, gate[i]);
        }

        double[] result = ReferenceLinear.ProjectBackward(
            x, shape.DModel, weights.Up.Span, upGradient, learned.Of(nameof(weights.Up)), learned.Of(nameof(weights.UpBias)));
        return shape.Gated
            ? Sum(result, ReferenceLinear.ProjectBackward(
                x, shape.DModel, weights.Gate.Span, gateGradient, learned.Of(nameof(weights.Gate)), learned.Of(nameof(weights.GateBias))))
            : result;
    }

    private static void AddNamed(Dictionary<string, double[]> learned, string part, ReferenceGradients gradients)
    {
        foreach ((string name, double[] gradient) in gradients.Weights)
            learned.Add($"{part}.{name}", gradient);
    }

    private static double[] Sum(double[] one, double[] other) => [.. one.Zip(other, (left, right) => left + right)];
}
