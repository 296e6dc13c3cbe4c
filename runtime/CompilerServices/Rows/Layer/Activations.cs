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
        if (kind != Activation.None)
            Apply<WithoutGate>(kind, ref values, stride, ref values, stride, rows, columns);
    }

    /// <summary>gate = act(gate) · up.</summary>
    /// <param name="kind">Which function.</param>
    /// <param name="gate">First element of the first row of the gate.</param>
    /// <param name="gateStride">Floats from a row of the gate to the next.</param>
    /// <param name="up">First element of the first row of what is gated.</param>
    /// <param name="upStride">Floats from a row of that to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row: a multiple of 16.</param>
    public static void ApplyGate(Activation kind, ref float gate, nint gateStride, ref float up, nint upStride, nint rows, nint columns) =>
        Apply<WithGate>(kind, ref gate, gateStride, ref up, upStride, rows, columns);

    /// <summary>The same in the vectors of the processor.</summary>
    /// <typeparam name="TGate">What becomes of the function's values.</typeparam>
    private static void Apply<TGate>(Activation kind, ref float values, nint stride, ref float factors, nint factorStride, nint rows, nint columns)
        where TGate : struct, IGate
    {
        if (Vector512.IsHardwareAccelerated)
            Apply<Float512, TGate>(kind, ref values, stride, ref factors, factorStride, rows, columns);
        else if (Vector256.IsHardwareAccelerated)
            Apply<Float256, TGate>(kind, ref values, stride, ref factors, factorStride, rows, columns);
        else
            Apply<Float128, TGate>(kind, ref values, stride, ref factors, factorStride, rows, columns);
    }

    internal static void Apply<T, TGate>(Activation kind, ref float values, nint stride, ref float factors, nint factorStride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
        where TGate : struct, IGate
    {
        switch (kind)
        {
            case Activation.None:
                Loop<T, Identity<T>, TGate>(ref values, stride, ref factors, factorStride, rows, columns);
                break;
            case Activation.Relu:
                Loop<T, Relu<T>, TGate>(ref values, stride, ref factors, factorStride, rows, columns);
                break;
            case Activation.Gelu:
                Loop<T, Gelu<T>, TGate>(ref values, stride, ref factors, factorStride, rows, columns);
                break;
            case Activation.GeluTanh:
                Loop<T, GeluTanh<T>, TGate>(ref values, stride, ref factors, factorStride, rows, columns);
                break;
            case Activation.QuickGelu:
                Loop<T, QuickGelu<T>, TGate>(ref values, stride, ref factors, factorStride, rows, columns);
                break;
            case Activation.Silu:
                Loop<T, Silu<T>, TGate>(ref values, stride, ref factors, factorStride, rows, columns);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "Expected an activation.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<T, TFunction, TGate>(ref float values, nint stride, ref float factors, nint factorStride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
        where TFunction : struct, IElementFunction<TFunction, T>
        where TGate : struct, IGate
    {
        TFunction function = TFunction.Create();
        for (nint row = 0; row < rows; row++)
        {
            ref float start = ref Unsafe.Add(ref values, row * stride);
            ref float factor = ref Unsafe.Add(ref factors, row * factorStride);
            for (nint i = 0; i < columns; i += T.Lanes)
                TGate.Of(function.Of(T.Load(ref start, i)), ref factor, i).Store(ref start, i);
        }
    }
}
