using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>A function of each element of a vector.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
/// <typeparam name="T">The vector.</typeparam>
internal interface IElementFunction<TSelf, T>
    where TSelf : struct, IElementFunction<TSelf, T>
    where T : struct, IFloatVector<T>
{
    /// <summary>The function with what it needs for all vectors.</summary>
    static abstract TSelf Create();

    T Of(T x);
}

/// <summary>What becomes of a function's values.</summary>
internal interface IGate
{
    /// <summary>The vector to store.</summary>
    /// <typeparam name="T">The vector.</typeparam>
    /// <param name="values">The function's values.</param>
    /// <param name="factors">First element of the row of factors.</param>
    /// <param name="i">The element of the row.</param>
    static abstract T Of<T>(T values, ref float factors, nint i)
        where T : struct, IFloatVector<T>;
}

/// <summary>The values as they are.</summary>
internal readonly struct WithoutGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T values, ref float factors, nint i)
        where T : struct, IFloatVector<T> => values;
}

/// <summary>The values times the factors.</summary>
internal readonly struct WithGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T values, ref float factors, nint i)
        where T : struct, IFloatVector<T> => values * T.Load(ref factors, i);
}

internal readonly struct Identity<T> : IElementFunction<Identity<T>, T>
    where T : struct, IFloatVector<T>
{
    public static Identity<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x) => x;
}

internal readonly struct Relu<T> : IElementFunction<Relu<T>, T>
    where T : struct, IFloatVector<T>
{
    public static Relu<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x) => T.NegativeToZero(x);
}

/// <summary>x · ½ · (1 + tanh(v)) = x / (1 + 2^(−2v · log2 e)) with v = √(2/π) · (x + 0.044715 x³).</summary>
internal readonly struct GeluTanh<T> : IElementFunction<GeluTanh<T>, T>
    where T : struct, IFloatVector<T>
{
    public static GeluTanh<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x)
    {
        T dividend = T.AtLeast(T.Create(-10.0609665f), x), z = T.AtMost(T.Create(10.0310888f), dividend);
        T slope = T.MultiplyAdd(z * z, T.Create(-0.102943242f), T.Create(-2.30220819f));
        T shifted = T.MultiplyAdd(z, slope, T.Create(PowerOfTwo.RoundAndBias));
        T fraction = T.MultiplyAdd(z, slope, T.Create(PowerOfTwo.RoundAndBias) - shifted);
        return dividend / T.MultiplyAdd(PowerOfTwo.Of(fraction), T.PowerFromLowBits(shifted), T.Create(1));
    }
}

/// <summary>x / (1 + 2^(−1.702 x · log2 e)).</summary>
internal readonly struct QuickGelu<T> : IElementFunction<QuickGelu<T>, T>
    where T : struct, IFloatVector<T>
{
    public static QuickGelu<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x) => Logistic.Times(x, -2.45546699f, 2.61094986e-8f, -52.1285776f, 51.7213231f);
}

/// <summary>x / (1 + 2^(−x · log2 e)).</summary>
internal readonly struct Silu<T> : IElementFunction<Silu<T>, T>
    where T : struct, IFloatVector<T>
{
    public static Silu<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x) => Logistic.Times(x, -1.44269502f, -1.92596303e-8f, -88.7228391f, 88.0296919f);
}

internal static class Logistic
{
    /// <summary>x / (1 + 2^(slope · x)) with a negative slope that is the sum of two float32, the second one small.</summary>
    /// <param name="x">Any numbers.</param>
    /// <param name="slope">The first part of the slope.</param>
    /// <param name="slopeRest">The second part.</param>
    /// <param name="lowest">Where the power is 2¹²⁸, so infinite: from here down the result is 0.</param>
    /// <param name="highest">Where the power is 2⁻¹²⁷, which counts as 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Times<T>(T x, float slope, float slopeRest, float lowest, float highest)
        where T : struct, IFloatVector<T>
    {
        T dividend = T.AtLeast(T.Create(lowest), x);
        return dividend / OnePlusPower(T.AtMost(T.Create(highest), dividend), slope, slopeRest);
    }

    /// <summary>σ(x) = 1 / (1 + 2^(−x · log2 e)): 0 from −88.8 down, and NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IFloatVector<T> =>
        T.Create(1) / OnePlusPower(T.AtMost(T.Create(88.0296919f), T.AtLeast(T.Create(-88.7228391f), x)), -1.44269502f, -1.92596303e-8f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T OnePlusPower<T>(T z, float slope, float slopeRest)
        where T : struct, IFloatVector<T>
    {
        T shifted = T.MultiplyAdd(z, T.Create(slope), T.Create(PowerOfTwo.RoundAndBias));
        T fraction = T.MultiplyAdd(z, T.Create(slope), T.Create(PowerOfTwo.RoundAndBias) - shifted);
        fraction = T.MultiplyAdd(z, T.Create(slopeRest), fraction);
        return T.MultiplyAdd(PowerOfTwo.Of(fraction), T.PowerFromLowBits(shifted), T.Create(1));
    }
}

internal static class PowerOfTwo
{
    /// <summary>
    /// 1.5 · 2²³ + 127. Adding it rounds a number to an integer and leaves that integer in the low bits, biased as an exponent is; what rounding took away is
    /// the fraction.
    /// </summary>
    public const float RoundAndBias = 12583039;

    /// <summary>2ˣ for x ≤ 0, as the softmax computes it: exactly 0 from −127 down, NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T OfNegative<T>(T x)
        where T : struct, IFloatVector<T>
    {
        x = T.AtLeast(T.Create(-127), x);
        T shifted = x + T.Create(RoundAndBias);
        return Of(x - (shifted - T.Create(RoundAndBias))) * T.PowerFromLowBits(shifted);
    }

    /// <summary>exp(x) for x up to 0, exactly 0 where 2 to the power of x log₂e is below 2⁻¹²⁶.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exponential<T>(T x)
        where T : struct, IFloatVector<T>
    {
        // log₂e as the sum of two float32.
        T z = T.AtLeast(T.Create(-88.0296919f), x);
        T shifted = T.MultiplyAdd(z, T.Create(1.44269502f), T.Create(RoundAndBias));
        T fraction = T.MultiplyAdd(z, T.Create(1.44269502f), T.Create(RoundAndBias) - shifted);
        fraction = T.MultiplyAdd(z, T.Create(1.92596303e-8f), fraction);
        return Of(fraction) * T.PowerFromLowBits(shifted);
    }

    /// <summary>2ˣ for x in [−½, ½], by the polynomial of the softmax: 0.80 ulp at worst.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IFloatVector<T>
    {
        T power = T.Create(0.000153488989f);
        power = T.MultiplyAdd(power, x, T.Create(0.00134009169f));
        power = T.MultiplyAdd(power, x, T.Create(0.00961860642f));
        power = T.MultiplyAdd(power, x, T.Create(0.0555033684f));
        power = T.MultiplyAdd(power, x, T.Create(0.240226448f));
        power = T.MultiplyAdd(power, x, T.Create(0.693147182f));
        return T.MultiplyAdd(power, x, T.Create(1));
    }
}
