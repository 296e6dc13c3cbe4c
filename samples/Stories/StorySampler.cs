using System.Numerics.Tensors;

namespace AttentionGen.Samples.Stories;

/// <summary>Chooses the next token from its logits.</summary>
public sealed class StorySampler
{
    private readonly float temperature;
    private readonly Random random;
    private float[] probabilities = [];

    /// <summary>A sampler with its own random numbers.</summary>
    /// <param name="temperature">0 always takes the most likely token; 1 draws as the model says; more is wilder.</param>
    /// <param name="seed">The same seed draws the same tokens; null draws others each time.</param>
    /// <exception cref="ArgumentOutOfRangeException">The temperature is negative or not finite.</exception>
    public StorySampler(float temperature, int? seed = null)
    {
        if (!float.IsFinite(temperature) || temperature < 0)
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "The temperature must be 0 or a positive number.");
        this.temperature = temperature;
        random = seed is int value ? new Random(value) : new Random();
    }

    /// <summary>The index of the chosen token.</summary>
    /// <param name="logits">At least one.</param>
    public int Sample(ReadOnlySpan<float> logits)
    {
        int likeliest = TensorPrimitives.IndexOfMax(logits);
        if (temperature == 0)
            return likeliest;

        Array.Resize(ref probabilities, logits.Length);
        TensorPrimitives.Subtract(logits, logits[likeliest], probabilities);
        TensorPrimitives.Divide(probabilities, temperature, probabilities);
        TensorPrimitives.Exp(probabilities, probabilities);
        double remaining = random.NextDouble() * TensorPrimitives.Sum<float>(probabilities);
        for (int token = 0; token < probabilities.Length; token++)
        {
            remaining -= probabilities[token];
            if (remaining < 0)
                return token;
        }
        // Rounding can leave a little of the sum.
        return likeliest;
    }
}
