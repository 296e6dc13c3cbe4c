using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

// Latent attention.
public static partial class KernelChecks
{
    /// <summary>Checks that weights are of exactly the block's shape.</summary>
    /// <param name="shape">What the block computes.</param>
    /// <param name="weights">What the caller gave.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, is missing or is superfluous.</exception>
    internal static void ValidateWeights(LatentAttentionShape shape, LatentAttentionWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        const string HeadWidths = "Heads · (HeadDim − RotaryDim + ValueHeadDim)", Biases = nameof(LatentAttentionShape.Biases);
        string queryInput = shape.QueryLatentDim == 0 ? "DModel" : "QueryLatentDim";
        if (shape.QueryLatentDim == 0 && weights.QueryDown is not null)
            throw new ArgumentException(
                $"weights.QueryDown ({weights.QueryDown.Projection.Weight.Source}) is given; expected null, because the configuration does not declare "
                    + "QueryLatentDim.",
                nameof(weights));
        if (shape.QueryLatentDim > 0)
        {
            if (weights.QueryDown is null)
                throw new ArgumentException(
                    $"weights.QueryDown is null; expected a matrix [{shape.QueryLatentDim}, {shape.DModel}], which is [QueryLatentDim, DModel].",
                    nameof(weights));
            Check("query down", weights.QueryDown, shape.QueryDownProduct, "QueryLatentDim", "DModel");
        }

        CheckVector("query norm", weights.QueryNorm.Length, shape.QueryLatentDim, "QueryLatentDim");
        Check("query up", weights.QueryUp, shape.QueryUpProduct, "Heads · HeadDim", queryInput);
        Check("key and value down", weights.KeyValueDown, shape.KeyValueDownProduct, "LatentDim + RotaryDim", "DModel");
        CheckVector("key and value norm", weights.KeyValueNorm.Length, shape.LatentDim, "LatentDim");
        Check("key and value up", weights.KeyValueUp, shape.KeyValueUpMatrix, HeadWidths, "LatentDim");
        Check("output", weights.Output, shape.OutputProduct, "DModel", "Heads · ValueHeadDim");

        static void Check(string role, LinearWeights? given, LinearShape product, string outputs, string inputs)
        {
            if (given is null)
                throw new ArgumentException($"The {role} matrix is null; expected [{product.Outputs}, {product.Inputs}].", nameof(weights));
            CheckProjection(role, given.Projection, product.Outputs, outputs, product.Inputs, inputs, product.Bias, Biases);
        }

        static void CheckVector(string role, int length, int expected, string name)
        {
            if (length != expected)
                throw new ArgumentException($"The {role} has {length} elements; expected {expected}, which is {name}.", nameof(weights));
        }
    }

    /// <summary>Checks the arguments of a call and works out its sizes.</summary>
    /// <param name="shape">What the block computes.</param>
    /// <param name="rowsShape">What it takes and gives, as an attention block would say it.</param>
    /// <param name="arguments">What the caller gave.</param>
    internal static LatentSizes Validate(LatentAttentionShape shape, AttentionShape rowsShape, in LatentAttentionArguments arguments)
    {
        AttentionCache? cache = arguments.Cache;
        LatentForm form = arguments.Form ?? (cache is null ? LatentForm.Expanded : LatentForm.Absorbed);
        CheckForm(form);
        ForwardDimensions dimensions = Validate(
            rowsShape,
            new AttentionArguments
            {
                Input = arguments.Input,
                Output = arguments.Output,
                RowOffsets = arguments.RowOffsets,
                Batch = arguments.Batch,
                Options = arguments.Options,
            });
        int rows = arguments.Input.Length / shape.DModel;
        long keys = rows;
        if (cache is not null)
        {
            CheckCache(shape.Attention, cache);
            if (cache.Batch != arguments.Batch)
                ThrowBatchOfCache(arguments.Batch, cache.Batch);
            if (!rowsShape.Ragged && !cache.HasEqualLengths)
                ThrowUnequalLengths(cache);
            for (int sequence = 0; sequence < cache.Batch; sequence++)
            {
                int newRows = rowsShape.Ragged ? arguments.RowOffsets[sequence + 1] - arguments.RowOffsets[sequence] : dimensions.Rows;
                if (newRows > cache.Capacity - cache.Lengths[sequence])
                    throw CacheErrors.Full(rowsShape.Ragged ? sequence : -1, cache.Lengths[sequence], cache.Capacity, "input", newRows);
                keys += cache.Lengths[sequence];
            }
        }

        CheckCountedPositions(
            shape.Attention, default, new ForwardDimensions(1, dimensions.Rows, dimensions.Rows + (cache?.Length ?? 0), cache?.Length ?? 0));
        if (LatentScratch.Largest(shape, rows, keys, form) > int.MaxValue)
            ThrowTooManyRows(rows, keys, form);
        return new LatentSizes(rows, (int)keys, form);
    }

    /// <summary>Checks that a form is one of the two.</summary>
    internal static void CheckForm(LatentForm form)
    {
        if (form is not (LatentForm.Expanded or LatentForm.Absorbed))
            throw new ArgumentOutOfRangeException(nameof(form), form, $"form is {form}; expected Expanded or Absorbed.");
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowTooManyRows(int rows, long keys, LatentForm form) =>
        throw new ArgumentException(
            $"input has {rows} rows and there are {keys} keys; expected so few that a matrix of the {form} form has at most {int.MaxValue} elements: pass the "
                + "rows in several calls.",
            "input");
}
