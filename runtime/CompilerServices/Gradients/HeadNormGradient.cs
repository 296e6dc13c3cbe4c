using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The gradient of <see cref="HeadNorm"/>: with <c>x̂ = (x − mean) · inverse</c> and <c>g = gradient · w</c> that of the head is
/// <c>inverse · (g − mean(g) − x̂ · mean(g · x̂))</c>, without the two means for a root mean square, that of the weights <c>Σ gradient · x̂</c>, and that of
/// the biases <c>Σ gradient</c>. In one order of the elements, so that the bits are the same everywhere.
/// </summary>
internal static class HeadNormGradient
{
    /// <summary>Goes from the gradients of normalised heads to those of the heads, in place.</summary>
    /// <param name="kind">Which normalisation; not none.</param>
    /// <param name="epsilon">What it adds to the mean square, or to the variance.</param>
    /// <param name="heads">The first head before the normalisation.</param>
    /// <param name="headStride">Floats from a head to the next.</param>
    /// <param name="width">Floats that are normalised together.</param>
    /// <param name="weights">[width], or [count][width] where each head has its own.</param>
    /// <param name="gradients">[count][width]: of the normalised heads; then of the heads.</param>
    /// <param name="count">Heads.</param>
    /// <param name="weightGradient">As many as there are weights: added to.</param>
    /// <param name="biasGradient">As many: added to; empty where there are no biases.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(
        QueryKeyNorm kind, float epsilon, ref float heads, nint headStride, int width, ReadOnlySpan<float> weights, ref float gradients, nint count,
        Span<float> weightGradient, Span<float> biasGradient)
    {
        bool centres = kind == QueryKeyNorm.Layer;
        for (nint row = 0; row < count; row++)
        {
            int place = weights.Length == width ? 0 : (int)row * width;
            ref float head = ref Unsafe.Add(ref heads, row * headStride);
            ref float gradient = ref Unsafe.Add(ref gradients, row * width);
            double sum = 0, squares = 0;
            for (int i = 0; centres && i < width; i++)
                sum += Unsafe.Add(ref head, i);
            float mean = (float)(sum / width);
            for (int i = 0; i < width; i++)
                squares += (Unsafe.Add(ref head, i) - mean) * (double)(Unsafe.Add(ref head, i) - mean);
            float inverse = (float)(1 / Math.Sqrt((squares / width) + epsilon));
            double total = 0, projected = 0;
            for (int i = 0; i < width; i++)
            {
                float normed = (Unsafe.Add(ref head, i) - mean) * inverse, given = Unsafe.Add(ref gradient, i), weighted = given * weights[place + i];
                weightGradient[place + i] += given * normed;
                if (!biasGradient.IsEmpty)
                    biasGradient[place + i] += given;
                total += weighted;
                projected += weighted * (double)normed;
            }

            float mean1 = centres ? (float)(total / width) : 0, mean2 = (float)(projected / width);
            for (int i = 0; i < width; i++)
            {
                float normed = (Unsafe.Add(ref head, i) - mean) * inverse;
                Unsafe.Add(ref gradient, i) = inverse * ((Unsafe.Add(ref gradient, i) * weights[place + i]) - mean1 - (normed * mean2));
            }
        }
    }
}
