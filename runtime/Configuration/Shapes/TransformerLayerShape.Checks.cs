using System;

#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

public sealed partial record TransformerLayerShape
{
    /// <summary>Throws for a shape that no layer has. Shapes of generated classes are legal, but a caller can create any shape.</summary>
    /// <exception cref="ArgumentException">
    /// A value is outside the range that <see cref="TransformerLayerConfigAttribute"/> documents, or contradicts another.
    /// </exception>
    internal void ThrowIfIllegal()
    {
        Check(Attention is not null, "has no Attention; expected the shape of its attention block");
        Attention!.ThrowIfIllegal();
        Check(
            Attention.HasProjections,
            "has an Attention with HasProjections = False; expected True, since a layer adds what its attention projects back to DModel");
        Check(
            !Attention.IsCrossAttention,
            "has an Attention with IsCrossAttention = True; expected self-attention: MemoryDim of the layer adds the cross-attention");
        Check(MemoryDim is >= 0 and <= ShapeLimits.MaxDModel, $"has MemoryDim = {MemoryDim}; expected 0 to {ShapeLimits.MaxDModel}");
        Check(MemoryDim > 0 || !MemoryLengths, "has MemoryLengths = True and MemoryDim = 0; expected MemoryDim, since only a memory has such lengths");
        Check(
            MemoryDim == 0 || !ParallelBranches,
            "has ParallelBranches = True and a MemoryDim; expected branches one after another, since the cross-attention reads what the self-attention gives");
        Check(
            FeedForwardDim is >= 1 and <= ShapeLimits.MaxFeedForwardDim,
            $"has FeedForwardDim = {FeedForwardDim}; expected 1 to {ShapeLimits.MaxFeedForwardDim}");
        Check(
            (long)FeedForwardDim * DModel <= ShapeLimits.MaxArrayLength,
            $"has FeedForwardDim · DModel = {(long)FeedForwardDim * DModel}; expected at most {ShapeLimits.MaxArrayLength}, what an array can hold");
        Check(
            FeedForwardWeights != WeightFormat.Int8 || FeedForwardDim <= ShapeLimits.MaxByteInputs,
            $"has FeedForwardDim = {FeedForwardDim} and FeedForwardWeights = Int8; expected at most {ShapeLimits.MaxByteInputs}");
        Check(Activation is >= Activation.None and <= Activation.Silu, $"has Activation = {Activation}; expected one of the enumeration");
        Check(Norm is Norm.Layer or Norm.Rms, $"has Norm = {Norm}; expected Layer or Rms");
        Check(NormPlacement is >= NormPlacement.Pre and <= NormPlacement.Both, $"has NormPlacement = {NormPlacement}; expected Pre, Post or Both");
        Check(NormEpsilon is >= 0 and <= float.MaxValue, $"has NormEpsilon = {NormEpsilon}; expected a finite number of 0 or more");
        Check(ResidualScale is >= -float.MaxValue and <= float.MaxValue, $"has ResidualScale = {ResidualScale}; expected a finite number");
        Check(Gated || !GateBias, "has GateBias = True and Gated = False; expected no bias without the gate");
        Check(Norm == Norm.Layer || !NormBias, "has NormBias = True and Norm = Rms; expected no bias, which RMS norms do not have");
        Check(
            NormPlacement == NormPlacement.Pre || !ParallelBranches,
            $"has ParallelBranches = True and NormPlacement = {NormPlacement}; expected Pre, since both branches read the normalised input");
        Check(
            ParallelBranches || !ParallelNorms,
            "has ParallelNorms = True and ParallelBranches = False; expected ParallelBranches, since other branches have a norm of their own anyway");
    }

    private static void Check(bool isLegal, string message)
    {
        if (!isLegal)
            throw new ArgumentException($"shape {message}.", "shape");
    }
}
