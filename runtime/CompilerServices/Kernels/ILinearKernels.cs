using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The kernels of a generated class of one product, for one vector target. Members come with new versions, with a default: a library that was compiled
/// before runs on.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface ILinearKernels
{
    /// <summary>Whether the kernels read rows through pointers, so that the caller's rows must not move.</summary>
    static abstract bool PinsRows { get; }

    /// <summary>Multiplies rows by weights and adds the bias.</summary>
    /// <param name="a">[rows, Inputs].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="weights">The first of the panels.</param>
    /// <param name="bias">The bias of the first column.</param>
    /// <param name="panels">Panels of 16 columns: a multiple of <see cref="ILinearConstants.ColumnUnit"/>.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    static abstract void Project(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride);
}
