namespace AttentionGen.CompilerServices;

// Training of a layer: what its forward keeps, and what its backward is given.
public static partial class KernelChecks
{
    /// <summary>Checks that what a layer's call keeps has room where the caller wants it kept.</summary>
    internal static void CheckLayerActivations(TransformerLayerShape shape, in AttentionArguments arguments)
    {
        if (arguments.Activations is { } activations && !shape.Equals(activations.Layer?.Shape))
            ThrowShapeOfActivations();
    }

    /// <summary>Checks the arguments of a layer's backward and works out its sizes.</summary>
    /// <inheritdoc cref="ValidateBackward(AttentionShape, in AttentionArguments, in AttentionArguments, in BackwardArguments)"/>
    internal static ForwardDimensions ValidateBackward(
        TransformerLayerShape shape, in AttentionArguments arguments, in AttentionArguments given, in BackwardArguments backward)
    {
        ForwardDimensions dimensions = ValidateBackwardSizes(shape.Attention, in arguments, in given, in backward);
        CheckLayerActivations(shape, in arguments);
        ArgumentNullException.ThrowIfNull(backward.Gradients, "gradients");
        if (backward.Gradients is not TransformerLayerGradients own)
            throw new ArgumentException($"gradients are {backward.Gradients.GetType().Name}; expected TransformerLayerGradients.", "gradients");
        CheckGradients(shape.Attention, own.Attention);
        bool both = shape.NormPlacement == NormPlacement.Both;
        long inner = shape.FeedForwardDim, matrix = inner * shape.DModel;
        CheckGradientLength(nameof(own.Up), own.Up, true, matrix);
        CheckGradientLength(nameof(own.UpBias), own.UpBias, shape.UpBias, inner);
        CheckGradientLength(nameof(own.Gate), own.Gate, shape.Gated, matrix);
        CheckGradientLength(nameof(own.GateBias), own.GateBias, shape.GateBias, inner);
        CheckGradientLength(nameof(own.Down), own.Down, true, matrix);
        CheckGradientLength(nameof(own.DownBias), own.DownBias, shape.DownBias, shape.DModel);
        CheckNorm(nameof(own.AttentionNorm), nameof(own.AttentionNormBias), own.AttentionNorm, own.AttentionNormBias, true);
        CheckNorm(nameof(own.AttentionOutputNorm), nameof(own.AttentionOutputNormBias), own.AttentionOutputNorm, own.AttentionOutputNormBias, both);
        CheckNorm(nameof(own.FeedForwardNorm), nameof(own.FeedForwardNormBias), own.FeedForwardNorm, own.FeedForwardNormBias, shape.HasFeedForwardNorm);
        CheckNorm(nameof(own.FeedForwardOutputNorm), nameof(own.FeedForwardOutputNormBias), own.FeedForwardOutputNorm, own.FeedForwardOutputNormBias, both);
        return dimensions;

        void CheckNorm(string name, string biasName, Memory<float> weight, Memory<float> bias, bool isThere)
        {
            CheckGradientLength(name, weight, isThere, shape.DModel);
            CheckGradientLength(biasName, bias, isThere && shape.NormBias, shape.DModel);
        }
    }
}
