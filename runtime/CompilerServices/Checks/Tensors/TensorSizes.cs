using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The sizes of a call that takes tensors, as one tensor after another tells them. A size that is known must be the same in every further tensor. It works
/// on lengths and strides alone, so that the runtime needs no type of System.Numerics.Tensors.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct TensorSizes
{
    /// <summary>By axis, one more than the size; 0 where it is not known.</summary>
    private KnownSizes known;

    /// <summary>The size of an axis, which is known.</summary>
    /// <param name="axis">One of <see cref="TensorAxis"/>.</param>
    public readonly int this[int axis] => known[~axis] - 1;

    /// <summary>Notes a size that something else than a tensor tells.</summary>
    /// <param name="axis">One of <see cref="TensorAxis"/>.</param>
    /// <param name="size">Its size.</param>
    public void Know(int axis, int size) => known[~axis] = size + 1;

    /// <summary>
    /// Notes how many keys masks of a call with a cache have. Where the path of a call refuses the cache, its words are better, so nothing is noted.
    /// </summary>
    /// <param name="cache">The cache of a self-attention.</param>
    /// <param name="newKeys">Keys that the call appends.</param>
    public void KnowKeys(AttentionCache cache, int newKeys)
    {
        if (cache.HasEqualLengths && newKeys <= cache.Capacity - cache.Length)
            Know(TensorAxis.Keys, cache.Length + newKeys);
    }

    /// <summary>Notes how many keys masks of a call have whose cache holds a projected memory.</summary>
    /// <param name="cache">The cache of a cross-attention.</param>
    public void KnowKeys(AttentionCache cache)
    {
        if (cache.HasEqualLengths && cache.IsFilled)
            Know(TensorAxis.Keys, cache.Length);
    }

    /// <summary>Checks a tensor, and notes the sizes that it tells.</summary>
    /// <param name="argument">The name of the argument.</param>
    /// <param name="lengths">The lengths of its axes.</param>
    /// <param name="strides">Its strides.</param>
    /// <param name="axes">For each axis a length, or one of <see cref="TensorAxis"/>. One sequence may leave out a first axis of the batch.</param>
    /// <returns>The number of elements, which lie one after the other.</returns>
    /// <exception cref="ArgumentException">The tensor has other axes, is not dense, or has more elements than a span can.</exception>
    public int Check(
        string argument, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, ReadOnlySpan<int> axes) =>
        CheckHeads(argument, lengths, strides, 0, axes);

    /// <summary>Checks a tensor whose last axis holds heads side by side, or whose last two axes are heads and their elements.</summary>
    /// <param name="argument">The name of the argument.</param>
    /// <param name="lengths">The lengths of its axes.</param>
    /// <param name="strides">Its strides.</param>
    /// <param name="heads">The number of heads; 0 where the last axis cannot be cut.</param>
    /// <param name="axes">As in <see cref="Check"/>, with all heads in the last axis.</param>
    /// <returns>The number of elements.</returns>
    /// <exception cref="ArgumentException">The tensor has other axes, is not dense, or has more elements than a span can.</exception>
    public int CheckHeads(
        string argument, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, int heads, ReadOnlySpan<int> axes)
    {
        KnownSizes before = known;
        if (!Match(lengths, heads, axes))
        {
            known = before;
            TensorErrors.ThrowAxes(argument, lengths, in this, heads, axes);
        }

        return TensorChecks.CountDense(argument, lengths, strides);
    }

    /// <summary>Checks a tensor that may be left out: an empty one is not wanted.</summary>
    /// <inheritdoc cref="Check"/>
    public int CheckResult(
        string argument, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, ReadOnlySpan<int> axes) =>
        lengths.IsEmpty || lengths.Contains(0) ? 0 : Check(argument, lengths, strides, axes);

    /// <summary>Checks the length of an argument that has one element for each sequence.</summary>
    /// <param name="argument">The name of the argument.</param>
    /// <param name="length">Its length.</param>
    /// <exception cref="ArgumentException">It is not the number of sequences.</exception>
    public readonly void CheckSequences(string argument, int length)
    {
        if (length != this[TensorAxis.Batch])
            TensorErrors.ThrowSequences(argument, length, this[TensorAxis.Batch]);
    }

    internal readonly bool IsKnown(int axis) => known[~axis] > 0;

    private bool Match(ReadOnlySpan<nint> lengths, int heads, ReadOnlySpan<int> axes)
    {
        if (heads > 0 && lengths.Length == axes.Length + 1)
            return lengths[^2] == heads && lengths[^1] == axes[^1] / heads && MatchEach(lengths[..^2], axes[..^1]);
        if (lengths.Length == axes.Length)
            return MatchEach(lengths, axes);
        return lengths.Length == axes.Length - 1 && axes[0] == TensorAxis.Batch && Match(1, TensorAxis.Batch) && MatchEach(lengths, axes[1..]);
    }

    private bool MatchEach(ReadOnlySpan<nint> lengths, ReadOnlySpan<int> axes)
    {
        for (int index = 0; index < axes.Length; index++)
        {
            if (!Match(lengths[index], axes[index]))
                return false;
        }

        return true;
    }

    private bool Match(nint length, int axis)
    {
        if (axis >= 0)
            return length == axis;
        if (IsKnown(axis))
            return length == this[axis];
        if (length >= int.MaxValue || (axis == TensorAxis.MaskLength && IsKnown(TensorAxis.Keys) && length > this[TensorAxis.Keys]))
            return false;
        Know(axis, (int)length);
        return true;
    }

    [InlineArray(7)]
    private struct KnownSizes
    {
        private int first;
    }
}
