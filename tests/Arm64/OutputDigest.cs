using System.Runtime.InteropServices;

namespace AttentionGen.Tests.Arm64;

/// <summary>The bits of the outputs of some calls as one hash, and their largest error.</summary>
/// <param name="quantizes">Whether inputs are quantised to 8 bits: the reference, which does not do so, is only near then.</param>
internal sealed class OutputDigest(bool quantizes = false)
{
    // What float32 loses in blocks of these sizes, with room: error over 1 + |expected|.
    private readonly double tolerance = quantizes ? 0.05 : 2e-5;

    private ulong hash = 14695981039346656037;
    private double worst;

    public void Add(float[] actual, double[] expected)
    {
        if (actual.Length != expected.Length)
            throw new InvalidOperationException($"{actual.Length} elements, the reference has {expected.Length}.");
        for (int index = 0; index < actual.Length; index++)
        {
            // Equal infinities have no distance; Math.Max keeps a NaN.
            if (actual[index] != expected[index])
                worst = Math.Max(worst, Math.Abs(expected[index] - actual[index]) / (1 + Math.Abs(expected[index])));
        }

        // FNV-1a over the bytes.
        foreach (byte part in MemoryMarshal.AsBytes<float>(actual))
            hash = (hash ^ part) * 1099511628211;
    }

    /// <summary>Writes the line of a call; false where a result was wrong.</summary>
    public bool Print(string call, string remark = "")
    {
        // Written so that NaN is wrong.
        bool right = worst <= tolerance;
        Console.WriteLine($"{call}: {hash:x16} error {worst:E1}{(right ? "" : $", allowed {tolerance:E1}")}{remark}");
        return right;
    }
}
