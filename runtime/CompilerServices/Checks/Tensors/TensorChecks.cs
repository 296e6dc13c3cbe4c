using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>What is asked of a tensor by itself: that its elements lie one after the other, as those of a span.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TensorChecks
{
    /// <summary>Checks rows of a given width: a tensor of any axes whose last one is the width.</summary>
    /// <param name="argument">The name of the argument.</param>
    /// <param name="lengths">The lengths of its axes.</param>
    /// <param name="strides">Its strides.</param>
    /// <param name="width">The width of a row.</param>
    /// <returns>The number of elements, which lie one after the other.</returns>
    /// <exception cref="ArgumentException">The last axis has another length, or the tensor is not dense.</exception>
    public static int CheckRows(string argument, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, int width)
    {
        if (lengths.IsEmpty || lengths[^1] != width)
            TensorErrors.ThrowWidth(argument, lengths, width);
        return CountDense(argument, lengths, strides);
    }

    /// <summary>Checks rows of a given width that belong to the rows of the input, one to each.</summary>
    /// <param name="argument">The name of the argument.</param>
    /// <param name="lengths">The lengths of its axes.</param>
    /// <param name="strides">Its strides.</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="input">The lengths of the axes of the input: all but the last must be those of the tensor.</param>
    /// <returns>The number of elements, which lie one after the other.</returns>
    /// <exception cref="ArgumentException">The tensor has other axes, or is not dense.</exception>
    public static int CheckRows(string argument, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, int width, ReadOnlySpan<nint> input)
    {
        if (lengths.Length != input.Length || lengths[^1] != width || !lengths[..^1].SequenceEqual(input[..^1]))
            TensorErrors.ThrowRows(argument, lengths, width, input);
        return CountDense(argument, lengths, strides);
    }

    /// <summary>The number of elements of a tensor that is dense, in row-major order.</summary>
    internal static int CountDense(string argument, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides)
    {
        if (lengths.Contains(0))
            return 0;
        long elements = 1;
        for (int axis = lengths.Length - 1; axis >= 0; axis--)
        {
            // An axis of one element has no next one, whatever its stride.
            if (lengths[axis] != 1 && strides[axis] != elements)
                TensorErrors.ThrowStrides(argument, lengths, strides);
            elements = elements > int.MaxValue / lengths[axis] ? TensorErrors.ThrowTooLarge(argument, lengths) : elements * lengths[axis];
        }

        return (int)elements;
    }
}
