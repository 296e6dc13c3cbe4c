using System;
using System.Collections.Generic;
using System.Linq;
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
        long floats = Math.Max(Of(shape.Weights, Math.Max(shape.DModel, shape.JoinedDim)), Of(shape.Weights, Math.Max(shape.MemoryDim, shape.ValueSourceDim)));
        if (layer is null)
            return floats;
        floats = Math.Max(floats, Of(layer.FeedForwardWeights, Math.Max(layer.DModel, layer.FeedForwardDim)));
        return Math.Max(floats, Of(shape.Weights, layer.MemoryDim));
    }

    /// <summary>Every matrix of a class.</summary>
    public static IEnumerable<StoredMatrix> Matrices(AttentionSpec spec)
    {
        if (!spec.Shape.HasProjections)
            return [];
        IEnumerable<StoredMatrix> matrices = OfAttention(spec.Shape, "");
        if (spec.Layer is not { } layer)
            return matrices;
        if (layer.CrossAttention is { } cross)
            matrices = matrices.Concat(OfAttention(cross, "cross-attention's "));
        StoredMatrix First(string name) => Of(name, layer.FeedForwardDim, layer.DModel, layer.FeedForwardWeights, spec.Shape.Arithmetic);
        return
        [
            .. matrices,
            .. layer.Gated ? [First("gate")] : Array.Empty<StoredMatrix>(),
            First("up"),
            Of("down", layer.DModel, layer.FeedForwardDim, layer.FeedForwardWeights, spec.Shape.Arithmetic),
        ];
    }

    /// <summary>What is stored narrow, how it is computed, and what it costs.</summary>
    public static IEnumerable<string> Reasons(IEnumerable<StoredMatrix> matrices) =>
        matrices.Where(matrix => matrix.Format != WeightFormat.Float32).GroupBy(matrix => matrix.Format).Select(group =>
        {
            string list = string.Join(", ", group.Select(matrix => FormattableString.Invariant($"{matrix.Name} {matrix.Bytes / 1024.0:F0} KiB")));
            return $"Narrow weights ({list}): {Reason(group.Key, group.First().Arithmetic)}";
        });

    private static IEnumerable<StoredMatrix> OfAttention(AttentionShape shape, string owner)
    {
        StoredMatrix Matrix(string name, int outputs, int inputs) => Of(owner + name, outputs, inputs, shape.Weights, shape.Arithmetic);
        return
        [
            Matrix("queries", shape.QueryDim, shape.DModel),
            Matrix("keys", shape.KeyDim, shape.MemoryDim),
            Matrix("values", shape.ValueDim, shape.ValueSourceDim),
            .. shape.ProjectsOutput ? [Matrix("output", shape.DModel, shape.JoinedDim)] : Array.Empty<StoredMatrix>(),
            .. shape.OutputGate ? [Matrix("output gate", shape.JoinedDim, shape.DModel)] : Array.Empty<StoredMatrix>(),
        ];
    }

    private static StoredMatrix Of(string name, int outputs, int inputs, WeightFormat format, WeightArithmetic arithmetic) =>
        new(name, outputs, inputs, AttentionPlan.Panels(outputs), format, arithmetic);

    /// <summary>How weights of a format are stored and computed with, as a sentence.</summary>
    private static string Reason(WeightFormat format, WeightArithmetic arithmetic) =>
        $"{Storage(format)} {(NarrowLayout.Quantizes(format, arithmetic) ? Integers(format) : Widening)}";

    private static string Widening { get; } =
        $"Up to {NarrowLayout.FewRows} rows widen them in registers; for more, some columns are widened once for a row block, and the float32 kernels run on "
            + "them. Both give the bits of float32 weights.";

    private static string Integers(WeightFormat format) =>
        $"Each input row is quantised to int8 with {(format == WeightFormat.Int8 ? "a scale, an offset and one outlier" : "a scale for each 32 inputs")}, "
            + $"integers are summed exactly, and the error of the inputs, about {StoredMatrix.Percent(StoredMatrix.InputError)} of their spread, comes on top.";

    private static string Storage(WeightFormat format)
    {
        string form = format switch
        {
            WeightFormat.BFloat16 => "bfloat16, 2 bytes each",
            WeightFormat.Float16 => "float16, 2 bytes each",
            WeightFormat.Int8Blocks => "blocks of 32 int8 with a float16 scale (Q8_0), 1.06 bytes each",
            WeightFormat.Int4Blocks => "blocks of 32 int4 with a float16 scale (Q4_0), 0.56 bytes each",
            _ => "int8 with a float32 scale for each output, 1 byte each",
        };
        return $"{form}; rounding costs about {StoredMatrix.Percent(StoredMatrix.ErrorOf(format))} of their spread.";
    }
}
