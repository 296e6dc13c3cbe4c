using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The content of an object of latent attention, and the path of its calls: products of generated classes, with rows between them in scratch. Nothing here
/// depends on the vector target. Immutable; threads may share it.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed partial class LatentBlock
{
    private readonly LatentParts parts;
    private readonly AttentionForward expanded, absorbed;
    private readonly Func<int, int, AttentionCache> createCache;
    private readonly LinearForward? queryDown;
    private readonly LinearForward queryUp, keyValueDown, keyUp, valueUp, output;
    private readonly LinearForward[] absorptions, headValues;
    private readonly RowNorm? queryNorm;
    private readonly RowNorm keyValueNorm;
    private readonly RotaryTable rotaryTable;

    /// <summary>What a caller gives and gets, as an attention block would say it: the checks of its arguments are the same.</summary>
    private readonly AttentionShape rowsShape;

    /// <summary>Checks weights and packs them.</summary>
    /// <param name="shape">What the block computes.</param>
    /// <param name="parts">The generated classes.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, is missing or is superfluous.</exception>
    public LatentBlock(LatentAttentionShape shape, LatentParts parts, LatentAttentionWeights weights)
    {
        KernelChecks.ValidateWeights(shape, weights);
        Shape = shape;
        this.parts = parts;
        (expanded, _) = parts.Expanded.Create();
        (absorbed, createCache) = parts.Absorbed.Create();
        rowsShape = new AttentionShape
        {
            Heads = shape.Heads, KvHeads = shape.Heads, HeadDim = shape.HeadDim, DModel = shape.DModel, MemoryDim = shape.DModel, Scale = 1,
            Causal = true, Ragged = shape.Attention.Ragged,
        };
        if (parts.QueryDown is { } down)
        {
            queryDown = Create(down, weights.QueryDown!);
            queryNorm = new RowNorm(Norm.Rms, weights.QueryNorm.Span, default, shape.NormEpsilon);
        }

        queryUp = Create(parts.QueryUp, weights.QueryUp);
        keyValueDown = Create(parts.KeyValueDown, weights.KeyValueDown);
        keyValueNorm = new RowNorm(Norm.Rms, weights.KeyValueNorm.Span, default, shape.NormEpsilon);
        output = Create(parts.Output, weights.Output);
        rotaryTable = RotaryTable.Get(shape.Attention);

        WeightTensor both = weights.KeyValueUp.Projection.Weight.AsMatrix(shape.KeyValueDim, shape.LatentDim);
        int keyDim = shape.ProjectedKeyDim, valueDim = shape.ValueHeadDim, stride = keyDim + valueDim;
        keyUp = Create(parts.KeyUp, both.Part(new FusedPart(0, keyDim, shape.Heads, stride), "key"));
        valueUp = Create(parts.ValueUp, both.Part(new FusedPart(keyDim, valueDim, shape.Heads, stride), "value"));
        absorptions = new LinearForward[shape.Heads];
        headValues = new LinearForward[shape.Heads];
        for (int head = 0; head < shape.Heads; head++)
        {
            absorptions[head] = Create(parts.Absorption, Transpose(both.Part(new FusedPart(head * stride, keyDim, 1, 0), "key"), shape.Weights));
            headValues[head] = Create(parts.HeadValue, both.Part(new FusedPart((head * stride) + keyDim, valueDim, 1, 0), "value"));
        }
    }

    /// <summary>What the block computes.</summary>
    public LatentAttentionShape Shape { get; }

    /// <summary>Creates an empty cache for the block.</summary>
    /// <param name="capacity">Keys that each sequence can hold.</param>
    /// <param name="batch">Sequences.</param>
    public AttentionCache CreateCache(int capacity, int batch) => createCache(capacity, batch);

    private static LinearForward Create(ProductKind kind, LinearWeights weights) => kind.Create(weights.Projection.Weight, weights.Projection.Bias);

    private static LinearForward Create(ProductKind kind, WeightTensor weight) => kind.Create(weight, WeightTensor.Absent("this product has none"));

    /// <summary>The transposed matrix of the numbers that a format holds for it.</summary>
    private static WeightTensor Transpose(WeightTensor matrix, WeightFormat format)
    {
        (int outputs, int inputs) = matrix.Shape!.Value;
        float[] held = matrix.Values.ToArray(), transposed = new float[held.Length];
        if (matrix.Format != format)
            WeightBlocks.Round(format, held, inputs);
        for (int row = 0; row < outputs; row++)
        {
            for (int column = 0; column < inputs; column++)
                transposed[(column * outputs) + row] = held[(row * inputs) + column];
        }

        return new WeightTensor(transposed, (inputs, outputs), $"{matrix.Source}, transposed");
    }
}
