namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>Rotary positions in float64.</summary>
internal static class Rotation64
{
    /// <summary>θ^(−2i/d) for each pair of d elements.</summary>
    public static double[] Frequencies(int rotaryDim, double theta) =>
        [.. Enumerable.Range(0, rotaryDim / 2).Select(pair => Math.Pow(theta, -2.0 * pair / rotaryDim))];

    /// <summary>Heads whose elements i and i + d/2 are rotated, for the first d of them; <c>rotate_half</c> of most models.</summary>
    public static double[][][] Halves(double[][][] heads, double[] frequencies, double factor = 1) =>
        Rotate(heads, frequencies, factor, pair => (pair, pair + frequencies.Length));

    /// <summary>Heads whose elements 2i and 2i + 1 are rotated.</summary>
    public static double[][][] Neighbours(double[][][] heads, double[] frequencies) => Rotate(heads, frequencies, 1, pair => (2 * pair, (2 * pair) + 1));

    /// <summary>Llama 3.1: long waves are slower by the factor, short ones are not, and those between are mixed.</summary>
    public static double[] Llama3(double[] frequencies, double factor, double low, double high, double original) => [.. frequencies.Select(frequency =>
    {
        double wave = 2 * Math.PI / frequency;
        if (wave < original / high)
            return frequency;
        if (wave > original / low)
            return frequency / factor;
        double smooth = ((original / wave) - low) / (high - low);
        return ((1 - smooth) * frequency / factor) + (smooth * frequency);
    })];

    /// <summary>YaRN, without rounding of the range in which slow and fast pairs are mixed.</summary>
    public static double[] Yarn(int rotaryDim, double theta, double factor, double original, double fast, double slow)
    {
        double Pair(double rotations) => rotaryDim * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
        double first = Math.Max(0, Pair(fast)), last = Math.Min(rotaryDim - 1, Pair(slow));
        return [.. Frequencies(rotaryDim, theta).Select((frequency, pair) =>
        {
            double share = Math.Clamp((pair - first) / (last - first), 0, 1);
            return (frequency / factor * share) + (frequency * (1 - share));
        })];
    }

    private static double[][][] Rotate(double[][][] heads, double[] frequencies, double factor, Func<int, (int First, int Second)> pairOf) =>
        [.. heads.Select(head => (double[][])[.. head.Select((row, position) =>
        {
            double[] result = [.. row];
            for (int pair = 0; pair < frequencies.Length; pair++)
            {
                (int first, int second) = pairOf(pair);
                double cosine = factor * Math.Cos(position * frequencies[pair]), sine = factor * Math.Sin(position * frequencies[pair]);
                result[first] = (row[first] * cosine) - (row[second] * sine);
                result[second] = (row[second] * cosine) + (row[first] * sine);
            }

            return result;
        })])];
}
