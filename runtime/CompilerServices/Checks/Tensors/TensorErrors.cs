using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>What is said of tensors that a call refuses. Messages name the argument, its lengths and what was expected.</summary>
internal static class TensorErrors
{
    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    public static void ThrowAxes(string argument, ReadOnlySpan<nint> lengths, in TensorSizes sizes, int heads, ReadOnlySpan<int> axes)
    {
        string expected = Expected(in sizes, axes);
        if (heads > 0)
            expected += $" or {Expected(in sizes, [.. axes[..^1], heads, axes[^1] / heads])}";
        if (axes[0] == TensorAxis.Batch && (!sizes.IsKnown(TensorAxis.Batch) || sizes[TensorAxis.Batch] == 1))
            expected += $", or {Expected(in sizes, axes[1..])} for one sequence";
        throw new ArgumentException($"{argument} has lengths {List(lengths)}; expected {expected}.", argument);
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    public static void ThrowWidth(string argument, ReadOnlySpan<nint> lengths, int width) =>
        throw new ArgumentException($"{argument} has lengths {List(lengths)}; expected [..., {width}].", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    public static void ThrowRows(string argument, ReadOnlySpan<nint> lengths, int width, ReadOnlySpan<nint> input) =>
        throw new ArgumentException(
            $"{argument} has lengths {List(lengths)}; expected {List([.. input[..^1], width])}, a row for each row of input.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    public static void ThrowStrides(string argument, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides)
    {
        var dense = new nint[lengths.Length];
        for (int axis = lengths.Length - 1; axis >= 0; axis--)
            dense[axis] = axis == lengths.Length - 1 ? 1 : dense[axis + 1] * lengths[axis + 1];
        throw new ArgumentException(
            $"{argument} has lengths {List(lengths)} and strides {List(strides)}; expected strides {List(dense)}, those of a dense tensor in row-major order: "
                + "give a dense tensor, and copy to or from it (CopyTo, ToDenseTensor).", argument);
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    public static long ThrowTooLarge(string argument, ReadOnlySpan<nint> lengths) =>
        throw new ArgumentException($"{argument} has lengths {List(lengths)}; expected at most {int.MaxValue} elements, as a span has.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    public static void ThrowSequences(string argument, int length, int batch) =>
        throw new ArgumentException($"{argument}.Length is {length}; expected one for each sequence, batch = {batch}.", argument);

    private static string Expected(in TensorSizes sizes, ReadOnlySpan<int> axes)
    {
        var names = new string[axes.Length];
        for (int index = 0; index < axes.Length; index++)
            names[index] = Expected(in sizes, axes[index]);
        return $"[{string.Join(", ", names)}]";
    }

    private static string Expected(in TensorSizes sizes, int axis)
    {
        if (axis >= 0)
            return $"{axis}";
        if (sizes.IsKnown(axis))
            return $"{TensorAxis.Name(axis)} = {sizes[axis]}";
        return axis == TensorAxis.MaskLength && sizes.IsKnown(TensorAxis.Keys) ? $"0 to {sizes[TensorAxis.Keys]}" : TensorAxis.Name(axis);
    }

    private static string List(ReadOnlySpan<nint> lengths) => $"[{string.Join(", ", lengths.ToArray())}]";
}
