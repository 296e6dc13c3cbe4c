using System;
using System.Collections.Generic;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>What products with narrow weights need beside their float32 kernels, and what they cost: the same for every vector target.</summary>
internal static class NarrowPlan
{
    /// <summary>Whether any product has narrow weights.</summary>
    public static bool IsNarrow(AttentionSpec spec) =>
        spec.Shape.Weights != WeightFormat.Float32 || (spec.Layer is { } layer && layer.FeedForwardWeights != WeightFormat.Float32);

    /// <summary>Floats of scratch for the products of so many rows; none where all weights are float32.</summary>
    public static long ScratchFloats(AttentionShape shape, TransformerLayerShape? layer, int rows)
    {
        if (!shape.HasProjections)
            return 0;
        long Of(WeightFormat format, int inputs) => NarrowLayout.ScratchFloats(format, shape.Arithmetic, rows, inputs);
        long floats = Math.Max(Of(shape.Weights, Math.Max(shape.DModel, shape.JoinedDim)), Of(shape.Weights, shape.MemoryDim));
        if (layer is null)
            return floats;
        floats = Math.Max(floats, Of(layer.FeedForwardWeights, Math.Max(layer.DModel, layer.FeedForwardDim)));
        return Math.Max(floats, Of(shape.Weights, layer.MemoryDim));
    }

    /// <summary>What is stored narrow, how it is computed, and what it costs.</summary>
    public static IEnumerable<string> Reasons(AttentionSpec spec)
    {
        if (!spec.Shape.HasProjections)
            yield break;
        if (spec.Shape.Weights != WeightFormat.Float32)
            yield return $"Projections: {Reason(spec.Shape.Weights, spec.Shape.Arithmetic)}";
        if (spec.Layer is { } layer && layer.FeedForwardWeights != WeightFormat.Float32)
            yield return $"Feed-forward network: {Reason(layer.FeedForwardWeights, spec.Shape.Arithmetic)}";
    }

    /// <summary>How weights of a format are stored and computed with, as a sentence.</summary>
    public static string Reason(WeightFormat format, WeightArithmetic arithmetic) =>
        $"{Storage(format)} {(NarrowLayout.Quantizes(format, arithmetic) ? Integers(format) : Widening)}";

    private static string Widening { get; } =
        $"Up to {NarrowLayout.FewRows} rows widen them in registers; for more, some columns are widened once for a row block, and the float32 kernels run on "
            + "them. Both give the bits of float32 weights.";

    private static string Integers(WeightFormat format) =>
        $"Each input row is quantised to int8 with {(format == WeightFormat.Int8 ? "one scale" : "a scale for each 32 inputs")}, integers are summed "
            + "exactly, and the error of the inputs, about 0.6 % of their spread, comes on top.";

    /// <summary>
    /// The errors are relative to the root mean square of the weights, for normally distributed ones: half a step of the format, evenly distributed. A block of
    /// 32 has a largest magnitude of about 2.2 times their spread, a row of 512 of about 3.2 times.
    /// </summary>
    private static string Storage(WeightFormat format) => format switch
    {
        WeightFormat.BFloat16 => "weights are bfloat16, 2 bytes each; rounding float32 weights costs about 0.17 % of their spread.",
        WeightFormat.Float16 => "weights are float16, 2 bytes each; rounding float32 weights costs about 0.02 % of their spread.",
        WeightFormat.Int8Blocks => "weights are blocks of 32 int8 with a float16 scale (Q8_0), 1.06 bytes each; rounding costs about 0.5 % of their spread.",
        WeightFormat.Int4Blocks => "weights are blocks of 32 int4 with a float16 scale (Q4_0), 0.56 bytes each; rounding costs about 8 % of their spread.",
        _ => "weights are int8 with a float32 scale for each output, 1 byte each; rounding costs about 0.7 % of their spread.",
    };
}
