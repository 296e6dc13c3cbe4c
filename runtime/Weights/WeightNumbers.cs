namespace AttentionGen;

/// <summary>Numbers of a tensor that make a kernel slow or its output useless.</summary>
internal static class WeightNumbers
{
    /// <summary>The number of elements that are not 0 and smaller than 2⁻¹²⁶.</summary>
    public static long CountSubnormals(ReadOnlySpan<float> values)
    {
        long count = 0;
        foreach (float value in values)
            count += float.IsSubnormal(value) ? 1 : 0;
        return count;
    }

    /// <summary>A copy with 0 of the same sign in place of every subnormal number.</summary>
    public static float[] Flush(ReadOnlySpan<float> values)
    {
        float[] flushed = values.ToArray();
        foreach (ref float value in flushed.AsSpan())
            value = float.IsSubnormal(value) ? float.CopySign(0, value) : value;
        return flushed;
    }

    /// <summary>Checks that every element is a finite number.</summary>
    /// <param name="role">What the tensor is, for the message.</param>
    /// <param name="source">Where it comes from, or null where that is not known.</param>
    /// <param name="values">Its elements, or some of them.</param>
    /// <param name="first">The number of the first of these.</param>
    /// <exception cref="InvalidDataException">An element is NaN or infinite.</exception>
    public static void CheckFinite(string role, string? source, ReadOnlySpan<float> values, int first = 0)
    {
        for (int index = 0; index < values.Length; index++)
        {
            if (!float.IsFinite(values[index]))
            {
                string place = source is null ? "" : $" ({source})";
                throw new InvalidDataException(
                    FormattableString.Invariant($"The {role}{place} has {values[index]} as its element {first + index}; expected a finite number."));
            }
        }
    }
}
