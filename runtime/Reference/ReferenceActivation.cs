namespace AttentionGen;

/// <summary>The functions of <see cref="Activation"/> in double precision.</summary>
internal static class ReferenceActivation
{
    public static double Of(Activation activation, double x) => activation switch
    {
        Activation.None => x,
        Activation.Relu => Relu(x),
        // x times a factor that falls to 0 faster than x grows: 0 is the limit.
        _ when double.IsNegativeInfinity(x) => 0,
        Activation.Gelu => Gelu(x),
        Activation.GeluTanh => GeluTanh(x),
        Activation.QuickGelu => x * Logistic(1.702 * x),
        Activation.Silu => x * Logistic(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "Expected an activation."),
    };

    /// <summary>The derivative of <see cref="Of"/>; that of ReLU is 0 at 0, as in PyTorch.</summary>
    public static double Slope(Activation activation, double x) => activation switch
    {
        Activation.None => 1,
        Activation.Relu => x > 0 ? 1 : 0,
        _ when double.IsNegativeInfinity(x) => 0,
        // Φ(x) + x φ(x).
        Activation.Gelu => 0.5 * Erfc(-x / Math.Sqrt(2)) + x * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI),
        Activation.GeluTanh => LogisticSlope(
            x, 2 * Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x), 2 * Math.Sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x)),
        Activation.QuickGelu => LogisticSlope(x, 1.702 * x, 1.702),
        Activation.Silu => LogisticSlope(x, x, 1),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "Expected an activation."),
    };

    /// <summary><c>erf(x) = 2/√π ∫₀ˣ exp(−t²) dt</c>.</summary>
    public static double Erf(double x) => Math.Abs(x) < 1 ? ErfSeries(x) : Math.CopySign(1 - ErfcTail(Math.Abs(x)), x);

    /// <summary><c>erfc(x) = 1 − erf(x)</c>, without the cancellation of that difference.</summary>
    public static double Erfc(double x) => x >= 1 ? ErfcTail(x) : 1 - Erf(x);

    /// <summary>NaN stays NaN, as in every other function.</summary>
    private static double Relu(double x) => x < 0 ? 0 : x;

    /// <summary><c>x Φ(x)</c>, where Φ is the distribution function of the normal distribution.</summary>
    private static double Gelu(double x) => x * 0.5 * Erfc(-x / Math.Sqrt(2));

    /// <summary><c>½ (1 + tanh(v)) = 1 / (1 + exp(−2v))</c>, which does not cancel where v is negative.</summary>
    private static double GeluTanh(double x) => x * Logistic(2 * Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));

    /// <summary>The derivative of <c>x σ(v(x))</c>: <c>σ(v) + x σ(v) (1 − σ(v)) v′</c>.</summary>
    private static double LogisticSlope(double x, double v, double slope) => Logistic(v) * (1 + x * Logistic(-v) * slope);

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary><c>2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!</c>, a series of terms of one sign (Abramowitz and Stegun 1964, 7.1.6).</summary>
    private static double ErfSeries(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 40; n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    /// <summary>
    /// <c>exp(−x²) / √π · 1 / (x + (1/2) / (x + (2/2) / (x + (3/2) / (x + …))))</c> for positive x, a continued fraction
    /// (Abramowitz and Stegun 1964, 7.1.14), evaluated from its far end.
    /// </summary>
    private static double ErfcTail(double x)
    {
        if (double.IsPositiveInfinity(x))
            return 0;
        double fraction = x;
        for (int n = 200; n > 0; n--)
            fraction = x + n / 2.0 / fraction;
        return Math.Exp(-x * x) / (Math.Sqrt(Math.PI) * fraction);
    }
}
