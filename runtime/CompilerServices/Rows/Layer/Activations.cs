using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Applies the function between the products of a feed-forward network to rows, in place. The bits are the same at every vector width.</summary>
internal static class Activations
{
    /// <summary>values = act(values).</summary>
    /// <param name="kind">Which function.</param>
    /// <param name="values">First element of the first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row: a multiple of 16.</param>
    public static void Apply(Activation kind, ref float values, nint stride, nint rows, nint columns)
    {
        if (Vector512.IsHardwareAccelerated)
            Apply<Float512>(kind, ref values, stride, rows, columns);
        else if (Vector256.IsHardwareAccelerated)
            Apply<Float256>(kind, ref values, stride, rows, columns);
        else
            Apply<Float128>(kind, ref values, stride, rows, columns);
    }

    /// <summary>gate = act(gate) · up.</summary>
    /// <param name="kind">Which function.</param>
    /// <param name="gate">First element of the first row of the gate.</param>
    /// <param name="gateStride">Floats from a row of the gate to the next.</param>
    /// <param name="up">First element of the first row of what is gated.</param>
    /// <param name="upStride">Floats from a row of that to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row: a multiple of 16.</param>
    public static void ApplyGate(Activation kind, ref float gate, nint gateStride, ref float up, nint upStride, nint rows, nint columns)
    {
        if (Vector512.IsHardwareAccelerated)
            ApplyGate<Float512>(kind, ref gate, gateStride, ref up, upStride, rows, columns);
        else if (Vector256.IsHardwareAccelerated)
            ApplyGate<Float256>(kind, ref gate, gateStride, ref up, upStride, rows, columns);
        else
            ApplyGate<Float128>(kind, ref gate, gateStride, ref up, upStride, rows, columns);
    }

    internal static void Apply<T>(Activation kind, ref float values, nint stride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
    {
        switch (kind)
        {
            case Activation.None:
                break;
            case Activation.Relu:
                Loop<T, Relu<T>>(ref values, stride, rows, columns);
                break;
            case Activation.Gelu:
                Loop<T, Gelu<T>>(ref values, stride, rows, columns);
                break;
            case Activation.GeluTanh:
                Loop<T, GeluTanh<T>>(ref values, stride, rows, columns);
                break;
            case Activation.QuickGelu:
                Loop<T, QuickGelu<T>>(ref values, stride, rows, columns);
                break;
            case Activation.Silu:
                Loop<T, Silu<T>>(ref values, stride, rows, columns);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "Expected an activation.");
        }
    }

    internal static void ApplyGate<T>(Activation kind, ref float gate, nint gateStride, ref float up, nint upStride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
    {
        switch (kind)
        {
            case Activation.None:
                GateLoop<T, Identity<T>>(ref gate, gateStride, ref up, upStride, rows, columns);
                break;
            case Activation.Relu:
                GateLoop<T, Relu<T>>(ref gate, gateStride, ref up, upStride, rows, columns);
                break;
            case Activation.Gelu:
                GateLoop<T, Gelu<T>>(ref gate, gateStride, ref up, upStride, rows, columns);
                break;
            case Activation.GeluTanh:
                GateLoop<T, GeluTanh<T>>(ref gate, gateStride, ref up, upStride, rows, columns);
                break;
            case Activation.QuickGelu:
                GateLoop<T, QuickGelu<T>>(ref gate, gateStride, ref up, upStride, rows, columns);
                break;
            case Activation.Silu:
                GateLoop<T, Silu<T>>(ref gate, gateStride, ref up, upStride, rows, columns);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "Expected an activation.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<T, TFunction>(ref float values, nint stride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
        where TFunction : struct, IElementFunction<TFunction, T>
    {
        TFunction function = TFunction.Create();
        for (nint row = 0; row < rows; row++)
        {
            ref float start = ref Unsafe.Add(ref values, row * stride);
            for (nint i = 0; i < columns; i += T.Lanes)
                function.Of(T.Load(ref start, i)).Store(ref start, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GateLoop<T, TFunction>(ref float gate, nint gateStride, ref float up, nint upStride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
        where TFunction : struct, IElementFunction<TFunction, T>
    {
        TFunction function = TFunction.Create();
        for (nint row = 0; row < rows; row++)
        {
            ref float start = ref Unsafe.Add(ref gate, row * gateStride);
            ref float factors = ref Unsafe.Add(ref up, row * upStride);
            for (nint i = 0; i < columns; i += T.Lanes)
                (function.Of(T.Load(ref start, i)) * T.Load(ref factors, i)).Store(ref start, i);
        }
    }
}
