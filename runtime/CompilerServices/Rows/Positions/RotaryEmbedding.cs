using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Rotates pairs of a head by the angle of its position (Su et al. 2021): <c>y0 = x0·cos − x1·sin</c>, <c>y1 = x1·cos + x0·sin</c>.
/// Products are rounded before they are added, at every vector width, so that the bits are the same everywhere.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class RotaryEmbedding
{
    /// <summary>Rotates the pairs (i, i + rotaryDim/2) of the leading heads of each row, in place.</summary>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="heads">Heads to rotate in each row.</param>
    /// <param name="headDim">Floats from a head to the next.</param>
    /// <param name="rotaryDim">Leading elements of each head that are rotated; even.</param>
    /// <param name="table">First element of a <see cref="RotaryTable"/> that reaches the last position.</param>
    /// <param name="firstPosition">Position of the first row.</param>
    public static void ApplyHalfSplit(
        ref float strip, nint stripStride, nint rows, nint heads, nint headDim, nint rotaryDim, ref float table, nint firstPosition) =>
        ApplyHalfSplit<Forwards>(ref strip, stripStride, rows, heads, headDim, rotaryDim, rotaryDim / 2, ref table, firstPosition);

    /// <summary>The same in one direction or the other, for the first pairs (i, i + distance).</summary>
    /// <inheritdoc cref="ApplyHalfSplit"/>
    internal static void ApplyHalfSplit<TDirection>(
        ref float strip, nint stripStride, nint rows, nint heads, nint headDim, nint rotaryDim, nint distance, ref float table, nint firstPosition)
        where TDirection : struct, IRotation
    {
        nint half = rotaryDim / 2;
        for (nint row = 0; row < rows; row++)
        {
            ref float cosines = ref Unsafe.Add(ref table, (firstPosition + row) * rotaryDim);
            for (nint head = 0; head < heads; head++)
                RotateHalfSplit<TDirection>(ref Unsafe.Add(ref strip, row * stripStride + head * headDim), distance, ref cosines, half);
        }
    }

    /// <summary>Rotates the pairs (2i, 2i + 1) of the leading heads of each row, in place.</summary>
    /// <inheritdoc cref="ApplyHalfSplit"/>
    public static void ApplyInterleaved(
        ref float strip, nint stripStride, nint rows, nint heads, nint headDim, nint rotaryDim, ref float table, nint firstPosition) =>
        ApplyInterleaved<Forwards>(ref strip, stripStride, rows, heads, headDim, rotaryDim, ref table, firstPosition);

    /// <summary>The same in one direction or the other.</summary>
    /// <inheritdoc cref="ApplyHalfSplit"/>
    internal static void ApplyInterleaved<TDirection>(
        ref float strip, nint stripStride, nint rows, nint heads, nint headDim, nint rotaryDim, ref float table, nint firstPosition)
        where TDirection : struct, IRotation
    {
        nint half = rotaryDim / 2;
        for (nint row = 0; row < rows; row++)
        {
            ref float cosines = ref Unsafe.Add(ref table, (firstPosition + row) * rotaryDim);
            for (nint head = 0; head < heads; head++)
                RotateInterleaved<TDirection>(ref Unsafe.Add(ref strip, row * stripStride + head * headDim), ref cosines, half);
        }
    }

    private static void RotateHalfSplit<TDirection>(ref float first, nint distance, ref float cosines, nint half)
        where TDirection : struct, IRotation
    {
        ref float second = ref Unsafe.Add(ref first, distance);
        ref float sines = ref Unsafe.Add(ref cosines, half);
        nint i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= half - 8; i += 8)
            {
                Vector256<float> x0 = Vector256.LoadUnsafe(ref first, (nuint)i), x1 = Vector256.LoadUnsafe(ref second, (nuint)i);
                Vector256<float> cosine = Vector256.LoadUnsafe(ref cosines, (nuint)i), sine = TDirection.Sine(Vector256.LoadUnsafe(ref sines, (nuint)i));
                (x0 * cosine - x1 * sine).StoreUnsafe(ref first, (nuint)i);
                (x1 * cosine + x0 * sine).StoreUnsafe(ref second, (nuint)i);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= half - 4; i += 4)
            {
                Vector128<float> x0 = Vector128.LoadUnsafe(ref first, (nuint)i), x1 = Vector128.LoadUnsafe(ref second, (nuint)i);
                Vector128<float> cosine = Vector128.LoadUnsafe(ref cosines, (nuint)i), sine = TDirection.Sine(Vector128.LoadUnsafe(ref sines, (nuint)i));
                (x0 * cosine - x1 * sine).StoreUnsafe(ref first, (nuint)i);
                (x1 * cosine + x0 * sine).StoreUnsafe(ref second, (nuint)i);
            }
        }

        for (; i < half; i++)
            RotatePair(ref Unsafe.Add(ref first, i), ref Unsafe.Add(ref second, i), Unsafe.Add(ref cosines, i), TDirection.Sine(Unsafe.Add(ref sines, i)));
    }

    private static void RotateInterleaved<TDirection>(ref float head, ref float cosines, nint half)
        where TDirection : struct, IRotation
    {
        ref float sines = ref Unsafe.Add(ref cosines, half);
        nint i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            // x0·cos + x1·(−sin) has the bits of x0·cos − x1·sin.
            Vector128<float> signs = Vector128.Create(-0f, 0f, -0f, 0f);
            for (; i <= half - 4; i += 4)
            {
                Vector128<float> cosine = Vector128.LoadUnsafe(ref cosines, (nuint)i), sine = TDirection.Sine(Vector128.LoadUnsafe(ref sines, (nuint)i));
                ref float pairs = ref Unsafe.Add(ref head, 2 * i);
                Vector128<float> lower = Vector128.LoadUnsafe(ref pairs), upper = Vector128.LoadUnsafe(ref pairs, 4);
                RotateTwoPairs(lower, Vector128.Shuffle(cosine, Vector128.Create(0, 0, 1, 1)), Vector128.Shuffle(sine, Vector128.Create(0, 0, 1, 1)) ^ signs)
                    .StoreUnsafe(ref pairs);
                RotateTwoPairs(upper, Vector128.Shuffle(cosine, Vector128.Create(2, 2, 3, 3)), Vector128.Shuffle(sine, Vector128.Create(2, 2, 3, 3)) ^ signs)
                    .StoreUnsafe(ref pairs, 4);
            }
        }

        for (; i < half; i++)
            RotatePair(
                ref Unsafe.Add(ref head, 2 * i), ref Unsafe.Add(ref head, 2 * i + 1), Unsafe.Add(ref cosines, i), TDirection.Sine(Unsafe.Add(ref sines, i)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> RotateTwoPairs(Vector128<float> pairs, Vector128<float> cosines, Vector128<float> signedSines) =>
        pairs * cosines + Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2)) * signedSines;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotatePair(ref float first, ref float second, float cosine, float sine)
    {
        float x0 = first, x1 = second;
        first = x0 * cosine - x1 * sine;
        second = x1 * cosine + x0 * sine;
    }
}
