namespace AttentionGen;

/// <summary>Rounds keys and values to the format that a shape stores them in, head by head.</summary>
internal static class ReferenceRounding
{
    private const int MantissaBitsOfBFloat16 = 8;

    /// <summary>Rounds the heads of one row, in place.</summary>
    /// <param name="format">The format.</param>
    /// <param name="row">[heads · width].</param>
    /// <param name="width">Width of a head.</param>
    public static void Round(KeyValueFormat format, double[] row, int width)
    {
        for (int start = 0; start < row.Length; start += width)
        {
            Span<double> head = row.AsSpan(start, width);
            switch (format)
            {
                case KeyValueFormat.BFloat16:
                    foreach (ref double element in head)
                        element = ToBFloat16(element);
                    break;
                case KeyValueFormat.Float16:
                    foreach (ref double element in head)
                        element = (double)(Half)(float)element;
                    break;
                case KeyValueFormat.Int8:
                    RoundToIntegers(head);
                    break;
            }
        }
    }

    /// <summary>The nearest multiple of the last of 8 significant bits, ties to even; a float32 first.</summary>
    private static double ToBFloat16(double value)
    {
        float number = (float)value;
        if (number == 0 || !float.IsFinite(number))
            return number;
        double unit = Math.ScaleB(1, Math.Max(Math.ILogB(number), -126) - (MantissaBitsOfBFloat16 - 1));
        double rounded = Math.Round(number / unit, MidpointRounding.ToEven) * unit;
        return Math.Abs(rounded) > float.MaxValue ? double.CopySign(double.PositiveInfinity, rounded) : rounded;
    }

    /// <summary>
    /// A scale times integers from −127 to 127. The scale is the largest magnitude divided by 127, cut to 17 significant bits; what is smaller than normal
    /// numbers is 0, and NaN where an element is not finite.
    /// </summary>
    private static void RoundToIntegers(Span<double> head)
    {
        float largest = 0;
        foreach (double element in head)
            largest = Math.Max(largest, Math.Abs((float)element));
        if (!float.IsFinite(largest))
        {
            head.Fill(double.NaN);
            return;
        }

        float scale = largest / 127;
        if (scale > 0)
        {
            double unit = Math.ScaleB(1, Math.ILogB(scale) - 16);
            scale = (float)(Math.Floor(scale / unit) * unit);
        }

        foreach (ref double element in head)
            element = scale < Math.ScaleB(1, -126) ? 0 : scale * Math.Round((float)element / scale, MidpointRounding.ToEven);
    }
}
