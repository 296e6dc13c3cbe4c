namespace AttentionGen.CompilerServices;

/// <summary>A call that threads share: what each of them needs to make the call's arguments again and compute a part.</summary>
internal struct AttentionWork : ISharedWork
{
    /// <summary>The path of the class.</summary>
    public required AttentionParts Parts;

    public required PackedWeights Weights;

    public required AttentionCache? Cache;

    public required SavedActivations? Activations;

    public required ForwardOptions Options;

    public required int MaskLength;

    public required ForwardDimensions Dimensions;

    public required CallSchedule Schedule;

    /// <inheritdoc/>
    public readonly void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own)
    {
        AttentionArguments arguments = ArgumentSpans.Restore(in spans, Cache, Activations, Dimensions.Batch, MaskLength, Options);
        Parts.Run(in this, in arguments, phase, part, ref shared, ref own);
    }
}

/// <summary>What computes a part of a call: the path of one class for one vector target.</summary>
internal abstract class AttentionParts
{
    /// <summary>Computes a part.</summary>
    /// <param name="work">The call.</param>
    /// <param name="arguments">Its checked arguments.</param>
    /// <param name="phase">The phase; every part of the phases before is done.</param>
    /// <param name="part">The part of the phase.</param>
    /// <param name="shared">Scratch of the whole call.</param>
    /// <param name="own">Scratch of this thread.</param>
    public abstract void Run(in AttentionWork work, in AttentionArguments arguments, int phase, int part, ref float shared, ref float own);

    /// <summary>Computes a part of the gradients.</summary>
    /// <inheritdoc cref="Run"/>
    public abstract void RunBackward(
        in BackwardWork work, in AttentionArguments arguments, in BackwardArguments backward, int phase, int part, ref float shared, ref float own);
}

/// <summary>The one object of a class's path.</summary>
internal sealed class AttentionParts<TKernels, TConstants> : AttentionParts
    where TKernels : struct, IAttentionKernels
    where TConstants : struct, IAttentionConstants
{
    public static readonly AttentionParts<TKernels, TConstants> Instance = new();

    /// <inheritdoc/>
    public override void Run(in AttentionWork work, in AttentionArguments arguments, int phase, int part, ref float shared, ref float own) =>
        AttentionCall<TKernels, TConstants>.RunPart(in work, in arguments, phase, part, ref shared, ref own);

    /// <inheritdoc/>
    public override void RunBackward(
        in BackwardWork work, in AttentionArguments arguments, in BackwardArguments backward, int phase, int part, ref float shared, ref float own) =>
        AttentionCall<TKernels, TConstants>.RunBackwardPart(in work, in arguments, in backward, phase, part, ref shared, ref own);
}
