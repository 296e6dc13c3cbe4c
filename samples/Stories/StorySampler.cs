using System.Numerics.Tensors;

namespace AttentionGen.Samples.Stories;

/// <summary>Chooses the next token from its logits.</summary>
public sealed class StorySampler
{
    private readonly float _temperature;
    private readonly Random _random;
    private float[] _probabilities = [];

    /// <summary>A sampler with its own random numbers.</summary>
    /// <param name="temperature">0 always takes the most likely token; 1 draws as the model says; more is wilder.</param>
    /// <param name="seed">The same seed draws the same tokens; null draws others each time.</param>
    /// <exception cref="ArgumentOutOfRangeException">The temperature is negative or not finite.</exception>
    public StorySampler(float temperature, int? seed = null)
    {
        if (!float.IsFinite(temperature) || temperature < 0)
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "The temperature must be 0 or a positive number.");
        _temperature = temperature;
        _random = seed is int value ? new Random(value) : new Random();
    }

    /// <summary>The index of the chosen token.</summary>
    /// <param name="logits">At least one.</param>
    public int Sample(ReadOnlySpan<float> logits)
    {
        int likeliest = TensorPrimitives.IndexOfMax(logits);
        if (_temperature == 0)
            return likeliest;

        Array.Resize(ref _probabilities, logits.Length);
        TensorPrimitives.Subtract(logits, logits[likeliest], _probabilities);
        TensorPrimitives.Divide(_probabilities, _temperature, _probabilities);
        TensorPrimitives.Exp(_probabilities, _probabilities);
        double remaining = _random.NextDouble() * TensorPrimitives.Sum<float>(_probabilities);
        for (int token = 0; token < _probabilities.Length; token++)
        {
            remaining -= _probabilities[token];
            if (remaining < 0)
                return token;
        }
        // Rounding can leave a little of the sum.
        return likeliest;
    }
}
