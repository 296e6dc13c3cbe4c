using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>1 where x is positive, otherwise 0; NaN for NaN.</summary>
internal readonly struct ReluSlope<T> : IElementFunction<ReluSlope<T>, T>
    where T : struct, IFloatVector<T>
{
    public static ReluSlope<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x)
    {
        // The smallest float32 times 2¹²⁶ twice is more than 1.
        T one = T.Create(1), large = T.Create(8.50705917e37f);
        return T.AtMost(one, T.AtMost(one, T.NegativeToZero(x) * large) * large);
    }
}

/// <summary>Φ(x) + x · φ(x), where φ(x) = 2^(−x² · ½ log₂e) / √(2π) is the density of Φ.</summary>
internal readonly struct GeluSlope<T>(Gelu<T> gelu) : IElementFunction<GeluSlope<T>, T>
    where T : struct, IFloatVector<T>
{
    private readonly Gelu<T> gelu = gelu;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GeluSlope<T> Create() => new(Gelu<T>.Create());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x)
    {
        T tail = gelu.Tail(x, out T t, out T power) * power, half = T.Create(0.5f), sign = x & T.FromBits(0x8000_0000);
        T density = T.Create(0.398942292f) * PowerOfTwo.OfNegative(t * t * T.Create(-0.72134751f));
        // ½ − Q(|x|) and |x| · φ(x) both have the sign of x.
        return half + (T.MultiplyAdd(t, density, half - tail) | sign);
    }
}

/// <summary>The derivative of x · σ(w) with w = 2 √(2/π) · (x + 0.044715 x³).</summary>
internal readonly struct GeluTanhSlope<T> : IElementFunction<GeluTanhSlope<T>, T>
    where T : struct, IFloatVector<T>
{
    public static GeluTanhSlope<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x)
    {
        T z = T.AtMost(T.Create(10.0310888f), T.AtLeast(T.Create(-10.0609665f), x)), square = z * z;
        T exponent = T.MultiplyAdd(square, T.Create(-0.102943242f), T.Create(-2.30220819f));
        T shifted = T.MultiplyAdd(z, exponent, T.Create(PowerOfTwo.RoundAndBias));
        T fraction = T.MultiplyAdd(z, exponent, T.Create(PowerOfTwo.RoundAndBias) - shifted);
        T slope = T.MultiplyAdd(square, T.Create(0.214064443f), T.Create(1.59576917f));
        return LogisticSlope.Of(z * slope, PowerOfTwo.Of(fraction) * T.PowerFromLowBits(shifted));
    }
}

/// <summary>The derivative of x · σ(1.702 x).</summary>
internal readonly struct QuickGeluSlope<T> : IElementFunction<QuickGeluSlope<T>, T>
    where T : struct, IFloatVector<T>
{
    public static QuickGeluSlope<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x) => LogisticSlope.Of(x, 1.702f, -2.45546699f, 2.61094986e-8f, -52.1285776f, 51.7213231f);
}

/// <summary>The derivative of x · σ(x).</summary>
internal readonly struct SiluSlope<T> : IElementFunction<SiluSlope<T>, T>
    where T : struct, IFloatVector<T>
{
    public static SiluSlope<T> Create() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(T x) => LogisticSlope.Of(x, 1, -1.44269502f, -1.92596303e-8f, -88.7228391f, 88.0296919f);
}

/// <summary>The derivative of x · σ(w(x)) is σ + x w′ · σ (1 − σ), and with e = exp(−w) that is σ · (1 + x w′ · e σ): nothing cancels.</summary>
internal static class LogisticSlope
{
    /// <summary>For w = <paramref name="factor"/> · x.</summary>
    /// <inheritdoc cref="Logistic.Times{T}"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x, float factor, float slope, float slopeRest, float lowest, float highest)
        where T : struct, IFloatVector<T>
    {
        T z = T.AtMost(T.Create(highest), T.AtLeast(T.Create(lowest), x));
        T shifted = T.MultiplyAdd(z, T.Create(slope), T.Create(PowerOfTwo.RoundAndBias));
        T fraction = T.MultiplyAdd(z, T.Create(slope), T.Create(PowerOfTwo.RoundAndBias) - shifted);
        fraction = T.MultiplyAdd(z, T.Create(slopeRest), fraction);
        return Of(z * T.Create(factor), PowerOfTwo.Of(fraction) * T.PowerFromLowBits(shifted));
    }

    /// <summary>From x · w′ and exp(−w).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T slope, T power)
        where T : struct, IFloatVector<T>
    {
        // Infinity times zero would be NaN.
        power = T.AtMost(T.Create(1.70141173e38f), power);
        T one = T.Create(1), sigma = one / (power + one);
        return sigma * T.MultiplyAdd(slope, power * sigma, one);
    }
}
