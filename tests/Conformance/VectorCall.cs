using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>A conformance case as a configuration and a call of it, with everything that it must give.</summary>
internal sealed record VectorCall
{
    public required TestConfiguration Configuration { get; init; }

    public required AttentionCase Call { get; init; }

    /// <summary>Keys in the cache before the call, [batch, KvHeads, keys, HeadDim], and their values; null for a call without cache.</summary>
    public (float[] Keys, float[] Values)? Past { get; init; }

    /// <summary>What the call gives, by <see cref="VectorResult"/>.</summary>
    public required IReadOnlyList<(VectorResult Result, float[] Values)> Expected { get; init; }

    /// <summary>Error over 1 + |expected| that is allowed.</summary>
    public required double Tolerance { get; init; }

    /// <summary>Maps a case by its operator.</summary>
    public static VectorCall From(VectorFile file) => file.Operator switch
    {
        "ai.onnx.Attention" => OnnxAttentionMapping.Map(file),
        "com.microsoft.Attention" => MicrosoftAttentionMapping.Map(file),
        "com.microsoft.DecoderAttention" => DecoderAttentionMapping.Map(file),
        "com.microsoft.MultiHeadAttention" => MultiHeadAttentionMapping.Map(file),
        _ => throw new InvalidDataException($"{file.Name} is of {file.Operator}, which is no attention."),
    };

    /// <summary>1e-5 for float32, 2e-3 for float16; more where the case's own numbers are further from what its operator computes.</summary>
    public static double ToleranceOf(VectorFile file) => (file.IsHalf ? 2e-3 : 1e-5) + (Inexact.ContainsKey(file.Name) ? file.OwnError : 0);

    /// <summary>
    /// Cases whose expected numbers are further than 1e-5 from a float64 computation of their operator, as their case.json says too, and why.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Inexact { get; } = new Dictionary<string, string>
    {
        ["mha_Cross_WithPastAsKV"] = "The expected values are given with four decimals.",
        ["decoder_SelfAttentionWithCache"] = "The expected output is up to 1.7e-4 off a float64 computation of the operator; nobody says why.",
    };

    /// <summary>Fails where a result differs from the case's.</summary>
    public void Check(string name, Func<VectorResult, ReadOnlySpan<double>> actual)
    {
        foreach (var (result, values) in Expected)
        {
            ReadOnlySpan<double> found = actual(result);
            Assert.Equal(values.Length, found.Length);
            for (int index = 0; index < values.Length; index++)
            {
                double expected = values[index], error = Math.Abs(found[index] - expected) / (1 + Math.Abs(expected));
                bool same = double.IsInfinity(expected) ? found[index] == expected : error <= Tolerance;
                if (!same)
                    Assert.Fail($"{name}, {result}, element {index}: expected {expected:R}, got {found[index]:R} (error {error:E2}, allowed {Tolerance:E2}).");
            }
        }
    }
}

/// <summary>What a case expects.</summary>
internal enum VectorResult
{
    Output,

    /// <summary>[batch, KvHeads, keys, HeadDim], those of the call included.</summary>
    PresentKeys,

    /// <summary>[batch, KvHeads, keys, ValueHeadDim].</summary>
    PresentValues,
    Scores,
    Probabilities,
}
