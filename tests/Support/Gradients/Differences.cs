namespace AttentionGen.Tests.Support;

/// <summary>
/// Derivatives by central differences of fourth order, (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h, of a loss in float64 over numbers in float32. Steps are
/// a power of two, and the numbers are multiples of it, so that they are moved by exactly a step.
/// </summary>
internal static class Differences
{
    private const float Step = 1 / 16384f;
    private const int Elements = 3;

    /// <summary>Rounds numbers to multiples of the step; what is not finite stays.</summary>
    public static void Round(Span<float> values)
    {
        foreach (ref float value in values)
            value = float.IsFinite(value) ? MathF.Round(value / Step) * Step : value;
    }

    /// <summary>Fails unless a gradient is right for some elements of a tensor, and for all of them together, along a direction of ±1.</summary>
    public static void Check(string what, Memory<float> values, double[] gradient, Func<double> loss, double tolerance = 1e-8)
    {
        Assert.True(values.Length == gradient.Length, $"{what} has {values.Length} elements, and its gradient {gradient.Length}.");
        if (values.Length == 0)
            return;
        var random = new Random(values.Length);
        var direction = new float[values.Length];
        for (int index = 0; index < direction.Length; index++)
            direction[index] = random.Next(2) == 0 ? Step : -Step;
        Along("all elements", direction);
        for (int sample = 0; sample < Math.Min(Elements, values.Length); sample++)
        {
            Array.Clear(direction);
            int element = values.Length <= Elements ? sample : random.Next(values.Length);
            direction[element] = Step;
            Along($"element {element}", direction);
        }

        void Along(string part, float[] direction)
        {
            double expected = ((8 * (Moved(1) - Moved(-1))) - (Moved(2) - Moved(-2))) / (12 * (double)Step);
            double actual = gradient.Zip(direction, (slope, move) => slope * move / Step).Sum();
            // Written so that NaN fails.
            if (!(Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected))))
                Assert.Fail($"{what}, {part}: differences give {expected:R}, backward gives {actual:R}.");

            double Moved(int steps)
            {
                float[] before = values.ToArray();
                for (int index = 0; index < direction.Length; index++)
                    values.Span[index] += steps * direction[index];
                double result = loss();
                before.CopyTo(values);
                return result;
            }
        }
    }
}
