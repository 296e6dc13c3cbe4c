using AttentionGen.CompilerServices;

namespace AttentionGen.Bench.Explain;

/// <summary>What a forward spends its time on: the kernels of a class, and all that the path does between them.</summary>
internal enum Part
{
    InputProjection,
    MemoryProjection,
    ValueInputProjection,
    Scores,
    Modify,
    Softmax,
    Merge,
    ModifyProbabilities,
    Values,
    MergeHeads,
    Finish,
    JoinHeads,
    OutputProjection,
    Cap,
    Probabilities,

    /// <summary>Of a layer: what follows the output projection, residual sum and norm.</summary>
    AttentionSum,

    /// <summary>Of a layer: the first product of the feed-forward network, and its gate.</summary>
    UpProjection,

    /// <summary>Of a layer: what follows the first product.</summary>
    Activation,

    /// <summary>Of a layer: the last product of the feed-forward network.</summary>
    DownProjection,

    /// <summary>Of a layer: what follows the last product, residual sum and norm.</summary>
    FeedForwardSum,

    /// <summary>Of a class of one product: the product.</summary>
    Product,

    /// <summary>Of a class of one product: activation, gate, residual, and copies out of scratch.</summary>
    Epilogue,

    /// <summary>Norms before the attention, normalisation of heads, rotation, changes of layout, checks, and loops.</summary>
    Between,
}

/// <summary>One call of a kernel in a forward.</summary>
/// <param name="Part">Whose call.</param>
/// <param name="Rows">Rows, or query rows.</param>
/// <param name="Columns">Keys, where the part has them.</param>
/// <param name="Panels">Panels of columns, where the part is a product.</param>
/// <param name="Shared">Where weights, keys or values lie.</param>
/// <param name="Narrow">The matrix of a product with narrow weights.</param>
internal readonly record struct KernelCall(Part Part, nint Rows, nint Columns = 0, nint Panels = 0, nint Shared = 0, PackedMatrix? Narrow = null);
