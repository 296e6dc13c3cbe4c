using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The numbers of a generated class of one product, as literals that the JIT and the AOT compiler fold into the path of a call. Members come with new
/// versions, with a default: a library that was compiled before runs on.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface ILinearConstants
{
    /// <summary>Width of the input rows.</summary>
    static abstract int Inputs { get; }

    /// <summary>Width of the output rows.</summary>
    static abstract int Outputs { get; }

    /// <summary>The function that each output goes through.</summary>
    static abstract Activation Activation { get; }

    /// <summary>Whether outputs are multiplied by the caller's rows.</summary>
    static abstract bool HasGate { get; }

    /// <summary>Whether the caller's rows are added.</summary>
    static abstract bool HasResidual { get; }

    /// <summary>Panels of the packed weights, those that only fill up to whole tiles included.</summary>
    static abstract int Panels { get; }

    /// <summary>Panels that any cut of the columns is a multiple of: whole tiles of every kernel.</summary>
    static abstract int ColumnUnit { get; }

    /// <summary>Panels of weights that all rows of a block go through before the next ones.</summary>
    static abstract int ColumnBlock { get; }

    /// <summary>Floats of the result whose activation, gate and residual follow at once, while they are in the cache.</summary>
    static abstract int FinishedFloats { get; }

    /// <summary>Rows of the input that go through the weights together.</summary>
    static abstract int RowBlock { get; }

    /// <summary>Rows of a thread's part are a multiple of this.</summary>
    static abstract int PartRows { get; }

    /// <summary>How the weights are stored.</summary>
    static virtual WeightFormat Weights => WeightFormat.Float32;

    /// <summary>The arithmetic of the product, if its weights are stored in blocks of integers.</summary>
    static virtual WeightArithmetic Arithmetic => WeightArithmetic.Float32;

    /// <summary>Panels that are interleaved in the weights, as the vector target that runs wants them.</summary>
    static abstract int InterleavedPanels { get; }
}
