using System.Reflection;

namespace AttentionGen.Tests.Support;

/// <summary>Comparisons whose failures say where and by how much.</summary>
internal static class Compare
{
    /// <summary>What float32 loses in blocks of the tests' sizes, with room: error over 1 + |expected|.</summary>
    public const double Tolerance = 2e-5;

    /// <summary>
    /// What the results of a shape lose. Keys and values that were computed, and then rounded to a narrow format, lie so near the middle of two of its numbers
    /// now and then that float32 rounds them the other way: such a result may differ by the distance of the two. Those that are given have no such middle.
    /// </summary>
    public static double ToleranceOf(AttentionShape shape)
    {
        bool areGiven = !shape.HasProjections && shape.Rotary == RotaryKind.None && shape.QueryKeyNorm == QueryKeyNorm.None
            && !shape.InputBias;
        double distance = areGiven ? 0 : shape.KeyValues switch
        {
            KeyValueFormat.BFloat16 => 1 / 128.0,
            KeyValueFormat.Float16 => 1 / 1024.0,
            // Of the largest number of a head, which in the tests' cases is three times the others.
            KeyValueFormat.Int8 => 3 / 127.0,
            _ => 0,
        };
        return Tolerance + distance;
    }

    /// <summary>Fails where the error exceeds the tolerance times 1 + |expected|; returns the largest such error.</summary>
    public static double Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, int width, string what, double tolerance = Tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        for (int index = 0; index < expected.Length; index++)
        {
            // Equal infinities have no distance.
            if (expected[index] == actual[index])
                continue;
            double error = Math.Abs(expected[index] - actual[index]) / (1 + Math.Abs(expected[index]));
            // Written so that NaN on either side fails.
            if (!(error <= tolerance))
                Assert.Fail(
                    $"{what}: row {index / width}, column {index % width}: expected {expected[index]:R}, got {actual[index]:R} (error {error:E2}, allowed "
                        + $"{tolerance:E2}).");
            worst = Math.Max(worst, error);
        }

        return worst;
    }

    /// <summary>Fails where any bit differs; a NaN equals only the same NaN.</summary>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int width, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int index = 0; index < expected.Length; index++)
        {
            if (BitConverter.SingleToInt32Bits(expected[index]) != BitConverter.SingleToInt32Bits(actual[index]))
                Assert.Fail($"{what}: row {index / width}, column {index % width}: expected {expected[index]:R}, got {actual[index]:R}.");
        }
    }

    /// <summary>Fails where a property differs, and names it.</summary>
    public static void SameShape(AttentionShape expected, AttentionShape actual)
    {
        foreach (PropertyInfo property in typeof(AttentionShape).GetProperties())
        {
            object? wanted = property.GetValue(expected), found = property.GetValue(actual);
            Assert.True(Equals(wanted, found), $"{property.Name} is {found}, expected {wanted}.");
        }

        Assert.Equal(expected, actual);
    }

    /// <summary>Sum of squared errors.</summary>
    public static double SquaredError(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual)
    {
        double sum = 0;
        for (int index = 0; index < expected.Length; index++)
        {
            double error = expected[index] - actual[index];
            sum += error * error;
        }

        return sum;
    }
}
