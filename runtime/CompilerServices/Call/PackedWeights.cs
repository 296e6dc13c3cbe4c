using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>The content of a kernel object: weights, packed for the vector target that runs, and tables that grow on demand. Otherwise immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PackedWeights
{
    private PackedWeights(AttentionShape shape) => Shape = shape;

    /// <summary>What the kernel computes.</summary>
    public AttentionShape Shape { get; private set; }

    // A tensor that the shape does not declare is null, and no path reads it.
    internal PackedMatrix Query { get; private set; } = null!;

    internal PackedMatrix Key { get; private set; } = null!;

    internal PackedMatrix Value { get; private set; } = null!;

    internal PackedMatrix Output { get; private set; } = null!;

    internal PackedMatrix OutputGate { get; private set; } = null!;

    internal InputBiases InputBias { get; private set; } = null!;

    internal HeadNorm QueryNorm { get; private set; } = null!;

    internal HeadNorm KeyNorm { get; private set; } = null!;

    internal RotaryTable RotaryTable { get; private set; } = null!;

    internal DistanceBias DistanceBias { get; private set; } = null!;

    internal AlignedMemory Sinks { get; private set; } = null!;

    internal AppendedKeys AppendedKeys { get; private set; } = null!;

    /// <summary>The weights as the gradients' products read them, row-major; null for a class without gradients.</summary>
    internal AttentionWeights Trained { get; private set; } = null!;

    /// <summary>What a Transformer layer has beside its attention; null for an attention block alone.</summary>
    internal PackedLayer Layer { get; private set; } = null!;

    /// <summary>The cross-attention of a layer; null where there is none.</summary>
    internal PackedWeights Memory { get; private set; } = null!;

    /// <summary>Checks the weights of a layer with self-attention and cross-attention, and packs them.</summary>
    /// <typeparam name="TConstants">The class's numbers.</typeparam>
    /// <typeparam name="TMemory">The numbers of its cross-attention.</typeparam>
    /// <param name="shape">What the layer computes.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or one is missing or superfluous.</exception>
    public static PackedWeights Pack<TConstants, TMemory>(TransformerLayerShape shape, TransformerLayerWeights weights)
        where TConstants : struct, IAttentionConstants
        where TMemory : struct, IAttentionConstants
    {
        PackedWeights packed = Pack<TConstants>(shape, weights);
        packed.Memory = Pack<TMemory>(shape.CrossAttention!, weights.CrossAttention!);
        return packed;
    }

    /// <summary>Checks the weights of a Transformer layer and packs them.</summary>
    /// <typeparam name="TConstants">The class's numbers.</typeparam>
    /// <param name="shape">What the layer computes.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or one is missing or superfluous.</exception>
    public static PackedWeights Pack<TConstants>(TransformerLayerShape shape, TransformerLayerWeights weights)
        where TConstants : struct, IAttentionConstants
    {
        ArgumentNullException.ThrowIfNull(weights);
        KernelChecks.ValidateWeights(shape, weights);
        PackedWeights packed = Pack<TConstants>(shape.Attention, weights.Attention);
        packed.Layer = PackedLayer.Pack<TConstants>(shape, weights);
        return packed;
    }

    /// <summary>Checks weights and packs them.</summary>
    /// <typeparam name="TConstants">The class's numbers.</typeparam>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or a bias is missing or superfluous.</exception>
    public static PackedWeights Pack<TConstants>(AttentionShape shape, AttentionWeights weights)
        where TConstants : struct, IAttentionConstants
    {
        KernelChecks.ValidateWeights(shape, weights);
        var packed = new PackedWeights(shape);
        if ((TConstants.Features & AttentionFeatures.HeadNorms) != 0)
        {
            // The factor of the scores goes into what queries are multiplied by last. Softmax works in powers of two, except where something is done to
            // natural scores.
            double factor = (TConstants.Features & AttentionFeatures.NaturalScores) != 0 ? shape.Scale : shape.Scale / Math.Log(2);
            int width = shape.NormSpansHeads ? 0 : shape.HeadDim;
            packed.QueryNorm = new HeadNorm(shape.QueryKeyNorm, weights.QueryNorm, weights.QueryNormBias, shape.QueryKeyNormEpsilon, factor, width);
            packed.KeyNorm = new HeadNorm(shape.QueryKeyNorm, weights.KeyNorm, weights.KeyNormBias, shape.QueryKeyNormEpsilon, 1, width);
        }

        if ((TConstants.Features & AttentionFeatures.Projections) != 0)
        {
            PackedMatrix Pack(ProjectionWeights projection, int outputs, int inputs, int interleaved) => PackedMatrix.Pack(
                projection.Weight, projection.Bias.Values, outputs, inputs, PanelLayout.Panels(outputs), interleaved, shape.Weights, shape.Arithmetic);
            packed.Query = Pack(weights.QueryProjection, shape.QueryDim, shape.DModel, TConstants.InterleavedInput);
            packed.Key = Pack(weights.KeyProjection, shape.KeyDim, shape.MemoryDim, TConstants.InterleavedMemory);
            packed.Value = Pack(
                weights.ValueProjection, shape.ValueDim, shape.ValueSourceDim,
                shape.ValueInputDim > 0 ? TConstants.InterleavedValueInput : TConstants.InterleavedMemory);
            if (shape.ProjectsOutput)
                packed.Output = Pack(weights.OutputProjection, shape.DModel, shape.JoinedDim, TConstants.InterleavedOutput);
            if (shape.OutputGate)
                packed.OutputGate = Pack(weights.Learned.Gate, shape.JoinedDim, shape.DModel, TConstants.InterleavedInput);
        }

        if ((TConstants.Features & AttentionFeatures.InputBias) != 0)
            packed.InputBias = new InputBiases(shape, weights, TConstants.QueryFactor);
        packed.MakeTables(weights, TConstants.Features);
        if ((TConstants.Features & AttentionFeatures.Gradients) != 0)
            packed.Trained = weights;
        return packed;
    }

    /// <summary>Packs changed weights in place of those before, without allocating.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or a bias is missing or superfluous.</exception>
    public void Repack(AttentionWeights weights)
    {
        KernelChecks.ValidateWeights(Shape, weights);
        Query?.Repack(weights.Query, weights.QueryBias);
        Key?.Repack(weights.Key, weights.KeyBias);
        Value?.Repack(weights.Value, weights.ValueBias);
        Output?.Repack(weights.Output, weights.OutputBias);
        QueryNorm?.Set(weights.QueryNorm, weights.QueryNormBias);
        KeyNorm?.Set(weights.KeyNorm, weights.KeyNormBias);
        DistanceBias?.Set(weights.RelativePositionBias);
        if (Sinks is not null)
            weights.Sinks.CopyTo(MemoryMarshal.CreateSpan(ref Sinks.Reference, Shape.Heads));
        if (Shape.BiasKeyValue)
            AppendedKeys.Set(Shape, weights.BiasKey, weights.BiasValue);
        Trained = weights;
    }

    /// <summary>Packs changed weights of a layer in place of those before, without allocating.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or one is missing or superfluous.</exception>
    public void Repack(TransformerLayerWeights weights)
    {
        KernelChecks.ValidateWeights(Layer.Shape, weights);
        Repack(weights.Attention);
        Layer.Repack(weights);
    }

    /// <summary>The same weights, shared, with the rotary frequencies for contexts of another length.</summary>
    /// <param name="rotaryLength">Positions of the longest context.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public PackedWeights WithRotaryLength(int rotaryLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rotaryLength, 1);
        var other = (PackedWeights)MemberwiseClone();
        other.Shape = Shape with { RotaryLength = rotaryLength };
        other.RotaryTable = RotaryTable.Get(other.Shape);
        return other;
    }

    /// <summary>Makes room for what a forward keeps for the gradients.</summary>
    /// <param name="batch">Sequences at most.</param>
    /// <param name="rows">Query rows of each sequence.</param>
    /// <param name="keys">Keys of each sequence where they do not come from the rows; otherwise 0.</param>
    public SavedActivations CreateActivations(int batch, int rows, int keys) => new(Shape, Layer?.Shape, batch, rows, keys);

    /// <summary>Creates an empty cache for the kernel. Tables are extended as far as calls with the cache read them, so that none of these allocates.</summary>
    /// <param name="capacity">Keys that each sequence can hold.</param>
    /// <param name="batch">Sequences.</param>
    /// <exception cref="NotSupportedException">The kernel has no cache, or one with a part for a memory, whose capacity is missing.</exception>
    public AttentionCache CreateCache(int capacity, int batch)
    {
        if (Memory is not null)
            throw CacheErrors.NoMemoryCapacity();
        return CreateOwnCache(capacity, batch);
    }

    private AttentionCache CreateOwnCache(int capacity, int batch)
    {
        var cache = new AttentionCache(Shape, capacity, batch);
        if (!Shape.RotaryTables)
            RotaryTable?.Prepare(capacity);
        DistanceBias?.Ensure(2 * (nint)capacity);
        cache.KeepTables(RotaryTable, DistanceBias);
        return cache;
    }

    /// <summary>Creates an empty cache for a layer with self-attention and cross-attention.</summary>
    /// <param name="capacity">Keys that each sequence can hold.</param>
    /// <param name="memoryCapacity">Memory rows that each sequence can hold.</param>
    /// <param name="batch">Sequences.</param>
    public AttentionCache CreateCache(int capacity, int memoryCapacity, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memoryCapacity, 1);
        AttentionCache cache = CreateOwnCache(capacity, batch);
        cache.AddMemory(Memory.CreateCache(memoryCapacity, batch));
        return cache;
    }

    private void MakeTables(AttentionWeights weights, AttentionFeatures features)
    {
        if ((features & (AttentionFeatures.HalfSplitRotary | AttentionFeatures.InterleavedRotary)) != 0)
            RotaryTable = RotaryTable.Get(Shape);
        if ((features & AttentionFeatures.DistanceBiases) != 0)
            DistanceBias = new DistanceBias(Shape, weights.RelativePositionBias);
        if ((features & AttentionFeatures.Sinks) != 0)
            Sinks = AlignedMemory.CopyOf(weights.Sinks);
        if ((features & AttentionFeatures.AppendsKeys) != 0)
            AppendedKeys = new AppendedKeys(Shape, weights.BiasKey, weights.BiasValue);
    }
}
