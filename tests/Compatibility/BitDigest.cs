using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AttentionGen.Tests.Compatibility;

/// <summary>A digest of all bits that a class gives, and their largest error against float64.</summary>
internal sealed class BitDigest : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private double worst;

    /// <summary>Adds what a call gave.</summary>
    /// <param name="actual">Its numbers.</param>
    /// <param name="expected">As many, in float64; none for what float64 does not give.</param>
    public void Add(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected)
    {
        hash.AppendData(MemoryMarshal.AsBytes(actual));
        if (actual.Length != expected.Length)
            throw new ArgumentException($"{actual.Length} numbers, and {expected.Length} expected.", nameof(expected));
        double largest = 0, error = 0;
        for (int index = 0; index < actual.Length; index++)
        {
            if (actual[index] == expected[index])
                continue;
            // A NaN is as wrong as can be.
            double difference = Math.Abs(actual[index] - expected[index]);
            error = difference <= error ? error : difference;
            largest = Math.Max(largest, Math.Abs(expected[index]));
        }

        worst = Math.Max(worst, error / (1 + largest));
    }

    /// <summary>The line of a class: its name, the digest and the error.</summary>
    public void Print(string name) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{name} {Convert.ToHexStringLower(hash.GetHashAndReset())[..16]} {worst:E1}"));

    public void Dispose() => hash.Dispose();
}
