using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The gradients of <see cref="Activations"/>, element by element and in place. The bits are the same at every vector width.
/// </summary>
internal static class ActivationGradients
{
    private const int MostLanes = 16;

    /// <summary>gradient = gradient · act′(x), for any number of columns.</summary>
    /// <param name="kind">Which function.</param>
    /// <param name="x">First element of the first row before the activation.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="gradient">First element of the first row of gradients.</param>
    /// <param name="gradientStride">Floats from a row of gradients to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    public static void MultiplySlopes(Activation kind, ref float x, nint stride, ref float gradient, nint gradientStride, nint rows, nint columns)
    {
        if (kind != Activation.None)
            Multiply(kind, slopes: true, ref x, stride, ref gradient, gradientStride, rows, columns);
    }

    /// <summary>values = values · act(x), for any number of columns.</summary>
    /// <param name="kind">Which function.</param>
    /// <param name="x">First element of the first row before the activation.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="values">First element of the first row of what is multiplied.</param>
    /// <param name="valueStride">Floats from a row of that to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    public static void MultiplyFunction(Activation kind, ref float x, nint stride, ref float values, nint valueStride, nint rows, nint columns) =>
        Multiply(kind, slopes: false, ref x, stride, ref values, valueStride, rows, columns);

    private static void Multiply(Activation kind, bool slopes, ref float x, nint stride, ref float values, nint valueStride, nint rows, nint columns)
    {
        if (Vector512.IsHardwareAccelerated)
            Multiply<Float512>(kind, slopes, ref x, stride, ref values, valueStride, rows, columns);
        else if (Vector256.IsHardwareAccelerated)
            Multiply<Float256>(kind, slopes, ref x, stride, ref values, valueStride, rows, columns);
        else
            Multiply<Float128>(kind, slopes, ref x, stride, ref values, valueStride, rows, columns);
    }

    /// <summary>The same in vectors of one width.</summary>
    internal static void Multiply<T>(Activation kind, bool slopes, ref float x, nint stride, ref float values, nint valueStride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
    {
        switch (kind)
        {
            case Activation.None when slopes:
                break;
            case Activation.None:
                Loop<T, Identity<T>>(ref x, stride, ref values, valueStride, rows, columns);
                break;
            case Activation.Relu:
                Choose<T, Relu<T>, ReluSlope<T>>(slopes, ref x, stride, ref values, valueStride, rows, columns);
                break;
            case Activation.Gelu:
                Choose<T, Gelu<T>, GeluSlope<T>>(slopes, ref x, stride, ref values, valueStride, rows, columns);
                break;
            case Activation.GeluTanh:
                Choose<T, GeluTanh<T>, GeluTanhSlope<T>>(slopes, ref x, stride, ref values, valueStride, rows, columns);
                break;
            case Activation.QuickGelu:
                Choose<T, QuickGelu<T>, QuickGeluSlope<T>>(slopes, ref x, stride, ref values, valueStride, rows, columns);
                break;
            case Activation.Silu:
                Choose<T, Silu<T>, SiluSlope<T>>(slopes, ref x, stride, ref values, valueStride, rows, columns);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "Expected an activation.");
        }
    }

    private static void Choose<T, TFunction, TSlope>(bool slopes, ref float x, nint stride, ref float values, nint valueStride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
        where TFunction : struct, IElementFunction<TFunction, T>
        where TSlope : struct, IElementFunction<TSlope, T>
    {
        if (slopes)
            Loop<T, TSlope>(ref x, stride, ref values, valueStride, rows, columns);
        else
            Loop<T, TFunction>(ref x, stride, ref values, valueStride, rows, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<T, TFunction>(ref float x, nint stride, ref float values, nint valueStride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
        where TFunction : struct, IElementFunction<TFunction, T>
    {
        TFunction function = TFunction.Create();
        Span<float> last = stackalloc float[2 * MostLanes];
        last.Clear();
        ref float lastX = ref MemoryMarshal.GetReference(last);
        ref float lastValue = ref Unsafe.Add(ref lastX, MostLanes);
        for (nint row = 0; row < rows; row++)
        {
            ref float from = ref Unsafe.Add(ref x, row * stride);
            ref float to = ref Unsafe.Add(ref values, row * valueStride);
            nint i = 0;
            for (; i <= columns - T.Lanes; i += T.Lanes)
                (T.Load(ref to, i) * function.Of(T.Load(ref from, i))).Store(ref to, i);
            if (i == columns)
                continue;
            // The function has no form for one element.
            StridedRows.Copy(ref Unsafe.Add(ref from, i), 0, ref lastX, 0, 1, (int)(columns - i));
            StridedRows.Copy(ref Unsafe.Add(ref to, i), 0, ref lastValue, 0, 1, (int)(columns - i));
            (T.Load(ref lastValue, 0) * function.Of(T.Load(ref lastX, 0))).Store(ref lastValue, 0);
            StridedRows.Copy(ref lastValue, 0, ref Unsafe.Add(ref to, i), 0, 1, (int)(columns - i));
        }
    }
}
