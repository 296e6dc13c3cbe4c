using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>A function of each element of a vector.</summary>
internal interface IElementFunction
{
    static abstract T Of<T>(T x)
        where T : struct, IFloatVector<T>;
}

internal readonly struct Identity : IElementFunction
{
    public static T Of<T>(T x)
        where T : struct, IFloatVector<T> => x;
}

internal readonly struct Relu : IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IFloatVector<T> => T.NegativeToZero(x);
}

/// <summary>
/// x · Φ(x) as max(x, 0) − |x| · Q(|x|), where Q(t) = ½ erfc(t / √2) = 2^(t · u(t) − 1) and u is a polynomial: no branch, and no cancellation where x is
/// negative, as ½x · (1 + erf(x / √2)) has it.
/// </summary>
internal readonly struct Gelu : IElementFunction
{
    /// <summary>Here t · u(t) is −126, and what it stands for is taken as 0.</summary>
    private const float Furthest = 11.3423233f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IFloatVector<T>
    {
        T t = T.AtMost(Furthest, T.Abs(x));

        // log2(erfc(t / √2)) / t on [0, 5.6], fitted for the least relative error of Q, which may grow with t as the error of rounding u does.
        // Further out Q is less than 2⁻²⁶, and the polynomial falls faster than the function.
        T u = T.Create(-2.36534898e-8f);
        u = T.MultiplyAdd(u, t, T.Create(7.20189519e-7f));
        u = T.MultiplyAdd(u, t, T.Create(-9.42239785e-6f));
        u = T.MultiplyAdd(u, t, T.Create(6.7156383e-5f));
        u = T.MultiplyAdd(u, t, T.Create(-0.000246819196f));
        u = T.MultiplyAdd(u, t, T.Create(-6.91846071e-5f));
        u = T.MultiplyAdd(u, t, T.Create(0.00703161024f));
        u = T.MultiplyAdd(u, t, T.Create(-0.0524975099f));
        u = T.MultiplyAdd(u, t, T.Create(-0.459203303f));
        u = T.MultiplyAdd(u, t, T.Create(-1.151106f));

        T shifted = T.MultiplyAdd(t, u, T.Create(PowerOfTwo.RoundAndBias - 1));
        T mantissa = PowerOfTwo.Of(T.MultiplyAdd(t, u, T.Create(PowerOfTwo.RoundAndBias - 1) - shifted));
        return T.MultiplySubtract(t * mantissa, T.PowerFromLowBits(shifted), T.NegativeToZero(x));
    }
}

/// <summary>x · ½ · (1 + tanh(v)) = x / (1 + 2^(−2v · log2 e)) with v = √(2/π) · (x + 0.044715 x³).</summary>
internal readonly struct GeluTanh : IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IFloatVector<T>
    {
        T dividend = T.AtLeast(-10.0609665f, x), z = T.AtMost(10.0310888f, dividend);
        T slope = T.MultiplyAdd(z * z, T.Create(-0.102943242f), T.Create(-2.30220819f));
        T shifted = T.MultiplyAdd(z, slope, T.Create(PowerOfTwo.RoundAndBias));
        T fraction = T.MultiplyAdd(z, slope, T.Create(PowerOfTwo.RoundAndBias) - shifted);
        return dividend / T.MultiplyAdd(PowerOfTwo.Of(fraction), T.PowerFromLowBits(shifted), T.Create(1));
    }
}

/// <summary>x / (1 + 2^(−1.702 x · log2 e)).</summary>
internal readonly struct QuickGelu : IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IFloatVector<T> => Logistic.Times(x, -2.45546699f, 2.61094986e-8f, -52.1285776f, 51.7213231f);
}

/// <summary>x / (1 + 2^(−x · log2 e)).</summary>
internal readonly struct Silu : IElementFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IFloatVector<T> => Logistic.Times(x, -1.44269502f, -1.92596303e-8f, -88.7228391f, 88.0296919f);
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
        T dividend = T.AtLeast(lowest, x), z = T.AtMost(highest, dividend);
        T shifted = T.MultiplyAdd(z, T.Create(slope), T.Create(PowerOfTwo.RoundAndBias));
        T fraction = T.MultiplyAdd(z, T.Create(slope), T.Create(PowerOfTwo.RoundAndBias) - shifted);
        fraction = T.MultiplyAdd(z, T.Create(slopeRest), fraction);
        return dividend / T.MultiplyAdd(PowerOfTwo.Of(fraction), T.PowerFromLowBits(shifted), T.Create(1));
    }
}

internal static class PowerOfTwo
{
    /// <summary>
    /// 1.5 · 2²³ + 127. Adding it rounds a number to an integer and leaves that integer in the low bits, biased as an exponent is; what rounding took away is
    /// the fraction.
    /// </summary>
    public const float RoundAndBias = 12583039;

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
