using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

// Training: what a forward keeps, and what a backward is given.
public static partial class KernelChecks
{
    /// <summary>Checks that what a call keeps has room where the caller wants it kept.</summary>
    private static void CheckActivations(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        if (arguments.Activations is not { } activations)
            return;
        if (!shape.Gradients)
            ThrowActivationsUndeclared();
        if (!activations.Shape.Equals(shape))
            ThrowShapeOfActivations();
        if (arguments.Cache is not null)
            ThrowActivationsAndCache();
        (long rows, long keys) = TotalSizes(shape, in arguments, in dimensions);
        if (dimensions.Batch > activations.Batch || rows > activations.MostRows || keys > activations.MostKeys)
            ThrowActivationsTooSmall(activations, dimensions.Batch, rows, keys);
    }

    /// <summary>Checks the arguments of a backward and works out its sizes.</summary>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="arguments">The arguments of the forward; offsets and lengths are copies.</param>
    /// <param name="given">The arguments that the caller gave.</param>
    /// <param name="backward">Where gradients come from and go to.</param>
    internal static ForwardDimensions ValidateBackward(
        AttentionShape shape, in AttentionArguments arguments, in AttentionArguments given, in BackwardArguments backward)
    {
        ForwardDimensions dimensions = ValidateBackwardSizes(shape, in arguments, in given, in backward);
        CheckGradients(shape, backward.Gradients);
        return dimensions;
    }

    /// <summary>Checks everything but the gradients of weights.</summary>
    private static ForwardDimensions ValidateBackwardSizes(
        AttentionShape shape, in AttentionArguments arguments, in AttentionArguments given, in BackwardArguments backward)
    {
        ArgumentNullException.ThrowIfNull(arguments.Activations, "activations");
        // Typed forms take the batch from it.
        if (!arguments.Activations.IsFilled)
            ThrowNotFilled();
        ForwardDimensions dimensions = ValidateInputs(shape, in arguments);
        CheckActivations(shape, in arguments, in dimensions);
        CheckFilled(arguments.Activations, TotalSizes(shape, in arguments, in dimensions), in dimensions);
        long rows = arguments.Input.Length / Math.Max(1, shape.InputDim);
        CheckTotal("outputGradient", "an output", true, backward.OutputGradient.Length, rows * shape.OutputDim, "elements of the output");
        CheckTotal("inputGradient", "an input", true, backward.InputGradient.Length, arguments.Input.Length, "elements of the input");
        CheckTotal(
            "keyGradient", "Projections = false", !shape.HasProjections, backward.KeyGradient.Length, arguments.Key.Length, "elements of the keys");
        CheckTotal(
            "valueGradient", "Projections = false", !shape.HasProjections, backward.ValueGradient.Length, arguments.Value.Length, "elements of the values");
        CheckTotal(
            "memoryGradient", "MemoryDim", shape.IsCrossAttention, backward.MemoryGradient.Length, arguments.Memory.Length, "elements of the memory");
        CheckTotal(
            "valueInputGradient", "ValueInputDim", shape.ValueInputDim > 0, backward.ValueInputGradient.Length, arguments.ValueInput.Length,
            "elements of the input of values");
        CheckGradientOverlaps(shape, in given, in backward);
        return dimensions;
    }

    /// <summary>What was kept must be of a call of these sizes.</summary>
    private static void CheckFilled(SavedActivations activations, (long Rows, long Keys) total, in ForwardDimensions dimensions)
    {
        ForwardDimensions kept = activations.Dimensions;
        if (activations.Sequences != dimensions.Batch || activations.AllRows != total.Rows || activations.AllKeys != total.Keys || kept.Rows != dimensions.Rows)
            ThrowOtherForward(activations, dimensions.Batch, total.Rows, total.Keys);
    }

    /// <summary>Gradients of weights must be of exactly the kernel's shape.</summary>
    private static void CheckGradients(AttentionShape shape, WeightGradients? gradients)
    {
        bool norms = shape.QueryKeyNorm != QueryKeyNorm.None, shifts = shape.NormAddsBias, projects = shape.HasProjections;
        bool learns = projects || norms || shape.Sinks || shape.RelativePositionBuckets > 0 || shape.BiasKeyValue;
        if (gradients is null && !learns)
            return;
        ArgumentNullException.ThrowIfNull(gradients);
        if (gradients is not AttentionGradients own)
            throw new ArgumentException($"gradients are {gradients.GetType().Name}; expected AttentionGradients.", nameof(gradients));
        CheckGradientLength(nameof(own.Query), own.Query, projects, (long)shape.QueryDim * shape.DModel);
        CheckGradientLength(nameof(own.Key), own.Key, projects, (long)shape.KeyDim * shape.MemoryDim);
        CheckGradientLength(nameof(own.Value), own.Value, projects, (long)shape.ValueDim * shape.ValueSourceDim);
        CheckGradientLength(nameof(own.Output), own.Output, projects, (long)shape.DModel * shape.JoinedDim);
        CheckGradientLength(nameof(own.QueryBias), own.QueryBias, projects && shape.QueryBias, shape.QueryDim);
        CheckGradientLength(nameof(own.KeyBias), own.KeyBias, projects && shape.KeyBias, shape.KeyDim);
        CheckGradientLength(nameof(own.ValueBias), own.ValueBias, projects && shape.ValueBias, shape.ValueDim);
        CheckGradientLength(nameof(own.OutputBias), own.OutputBias, projects && shape.OutputBias, shape.DModel);
        CheckGradientLength(nameof(own.QueryNorm), own.QueryNorm, norms, shape.QueryNormDim);
        CheckGradientLength(nameof(own.QueryNormBias), own.QueryNormBias, shifts, shape.QueryNormDim);
        CheckGradientLength(nameof(own.KeyNorm), own.KeyNorm, norms, shape.KeyNormDim);
        CheckGradientLength(nameof(own.KeyNormBias), own.KeyNormBias, shifts, shape.KeyNormDim);
        CheckGradientLength(nameof(own.Sinks), own.Sinks, shape.Sinks, shape.Heads);
        CheckGradientLength(
            nameof(own.RelativePositionBias), own.RelativePositionBias, shape.RelativePositionBuckets > 0, shape.RelativePositionBuckets * shape.Heads);
        CheckGradientLength(nameof(own.BiasKey), own.BiasKey, shape.BiasKeyValue, shape.KeyDim);
        CheckGradientLength(nameof(own.BiasValue), own.BiasValue, shape.BiasKeyValue, shape.ValueDim);
    }

    private static void CheckGradientLength(string name, Memory<float> gradient, bool isThere, long length)
    {
        if (gradient.Length != (isThere ? length : 0))
            ThrowGradient(name, gradient.Length, isThere ? length : 0);
    }

    /// <summary>Gradients that are written must not overlap what is still read, or each other.</summary>
    private static void CheckGradientOverlaps(AttentionShape shape, in AttentionArguments given, in BackwardArguments backward)
    {
        CheckGradient("inputGradient", backward.InputGradient, shape, in given, in backward);
        CheckGradient("keyGradient", backward.KeyGradient, shape, in given, in backward);
        CheckGradient("valueGradient", backward.ValueGradient, shape, in given, in backward);
        CheckGradient("memoryGradient", backward.MemoryGradient, shape, in given, in backward);
        CheckApart("keyGradient", backward.KeyGradient, "inputGradient", backward.InputGradient);
        CheckApart("valueGradient", backward.ValueGradient, "inputGradient", backward.InputGradient);
        CheckApart("valueGradient", backward.ValueGradient, "keyGradient", backward.KeyGradient);
        CheckApart("memoryGradient", backward.MemoryGradient, "inputGradient", backward.InputGradient);
        if (shape.ValueInputDim == 0)
            return;
        CheckGradient("valueInputGradient", backward.ValueInputGradient, shape, in given, in backward);
        CheckApart("valueInputGradient", backward.ValueInputGradient, "inputGradient", backward.InputGradient);
        CheckApart("valueInputGradient", backward.ValueInputGradient, "memoryGradient", backward.MemoryGradient);
    }

    private static void CheckGradient(
        string argument, ReadOnlySpan<float> gradient, AttentionShape shape, in AttentionArguments given, in BackwardArguments backward)
    {
        CheckInputs(argument, gradient, shape, in given);
        CheckInput(argument, gradient, "outputGradient", backward.OutputGradient);
    }

    /// <summary>Rows and keys of all sequences of a call without a cache.</summary>
    private static (long Rows, long Keys) TotalSizes(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions) => shape.Ragged
        ? (arguments.RowOffsets[dimensions.Batch], RaggedBatch.NewKeyOffsets(shape, in arguments)[dimensions.Batch])
        : ((long)dimensions.Batch * dimensions.Rows, (long)dimensions.Batch * dimensions.Keys);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowActivationsUndeclared() => throw new ArgumentException(
        "activations are given; expected null, because the configuration of this kernel does not declare Gradients.", "activations");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowShapeOfActivations() => throw new ArgumentException(
        "activations were created by a kernel of another shape; expected those of this kernel: see CreateActivations.", "activations");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowActivationsAndCache() => throw new ArgumentException(
        "activations and a cache are given; expected one of the two: keys in a cache come from earlier calls, and have no gradient here.", "activations");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowActivationsTooSmall(SavedActivations activations, int batch, long rows, long keys) => throw new ArgumentException(
        $"activations have room for {activations.Batch} sequences of {activations.MostRows} rows and {activations.MostKeys} keys in all; this call has "
            + $"{batch}, {rows} and {keys}.", "activations");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNotFilled() =>
        throw new ArgumentException("activations are empty; expected those that a Forward has filled.", "activations");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOtherForward(SavedActivations activations, int batch, long rows, long keys) => throw new ArgumentException(
        $"activations were filled by {activations.Sequences} sequences of {activations.AllRows} rows and {activations.AllKeys} keys in all; the arguments have "
            + $"{batch}, {rows} and {keys}: expected those of that Forward.", "activations");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowGradient(string name, int length, long expected) => throw new ArgumentException(
        $"gradients.{name} has {length} elements; expected {expected}, as the weights of this kernel have.", "gradients");
}
