namespace AttentionGen;

public sealed partial class HeadStatistics
{
    /// <summary>
    /// How different the heads of a block are: for each pair the mean over queries of the Jensen-Shannon divergence of their rows,
    /// Σ_j (p ln(p / m) + q ln(q / m)) / 2 with m = (p + q) / 2. 0 is the same attention, and ln 2 attention to different keys
    /// (Clark et al. 2019, section 6).
    /// </summary>
    /// <param name="probabilities">[heads, queries, keys].</param>
    /// <param name="heads">The number of heads, 1 or more.</param>
    /// <param name="keys">The number of keys, 1 or more.</param>
    /// <returns>[heads, heads], symmetric, with zeros on the diagonal. NaN everywhere else without queries.</returns>
    /// <exception cref="ArgumentException">The length is not a multiple of heads and keys, or a probability is not 0 to 1.</exception>
    public static double[,] Divergences(ReadOnlySpan<float> probabilities, int heads, int keys)
    {
        int queries = CheckLayer(probabilities, heads, keys);
        var divergences = new double[heads, heads];
        for (int first = 0; first < heads; first++)
        {
            for (int second = first + 1; second < heads; second++)
            {
                ReadOnlySpan<float> p = probabilities.Slice(first * queries * keys, queries * keys);
                ReadOnlySpan<float> q = probabilities.Slice(second * queries * keys, queries * keys);
                double sum = 0;
                for (int i = 0; i < p.Length; i++)
                {
                    double middle = ((double)p[i] + q[i]) / 2;
                    sum += Part(p[i], middle) + Part(q[i], middle);
                }

                divergences[first, second] = divergences[second, first] = sum / 2 / queries;
            }
        }

        return divergences;

        static double Part(double probability, double middle) => probability > 0 ? probability * Math.Log(probability / middle) : 0;
    }

    /// <summary>
    /// What each row of each layer takes from each token of the input, if attention only passes rows on: Â_l = ½ · mean over heads of A_l + ½ · I, and
    /// R_l = Â_l · R_(l−1) with R_0 = I (Abnar and Zuidema 2020, arXiv 2005.00928).
    /// </summary>
    /// <param name="layers">For each layer [heads, tokens, tokens], the first layer first.</param>
    /// <param name="heads">The number of heads of every layer, 1 or more.</param>
    /// <param name="tokens">The number of tokens, 1 or more.</param>
    /// <returns>R_l for each layer: [tokens, tokens], row by row.</returns>
    /// <exception cref="ArgumentException">A layer has another length, or a probability is not 0 to 1.</exception>
    public static IReadOnlyList<double[,]> Rollout(IReadOnlyList<ReadOnlyMemory<float>> layers, int heads, int tokens)
    {
        ArgumentNullException.ThrowIfNull(layers);
        var rollouts = new double[layers.Count][,];
        for (int layer = 0; layer < layers.Count; layer++)
        {
            int queries = CheckLayer(layers[layer].Span, heads, tokens);
            if (queries != tokens)
                throw new ArgumentException(
                    $"layers[{layer}] has {queries} queries and {tokens} keys; expected as many queries as keys: a sequence that attends to itself.",
                    nameof(layers));
        }

        for (int layer = 0; layer < layers.Count; layer++)
        {
            double[,] mixed = Mix(layers[layer].Span, heads, tokens);
            rollouts[layer] = layer == 0 ? mixed : Multiply(mixed, rollouts[layer - 1], tokens);
        }

        return rollouts;
    }

    /// <summary>
    /// How much the loss depends on each head, by a gradient: the mean over rows of |Σ_k o_k · ∂L/∂o_k| with the head's output o, divided by the
    /// square root of the sum of the heads' squares (Michel et al. 2019, arXiv 1905.10650, sections 4.1 and 4.2).
    /// </summary>
    /// <param name="headOutputs">[rows, heads, ValueHeadDim]: the heads before the output projection.</param>
    /// <param name="headGradients">The gradient of the loss with respect to them, in the same layout.</param>
    /// <param name="heads">The number of heads, 1 or more.</param>
    /// <param name="valueHeadDim">The number of elements of a head, 1 or more.</param>
    /// <returns>[heads], with squares that sum to 1; zeros if no head matters. NaN without rows.</returns>
    /// <exception cref="ArgumentException">The lengths differ, or are not a multiple of heads and their elements.</exception>
    public static double[] Importances(ReadOnlySpan<float> headOutputs, ReadOnlySpan<float> headGradients, int heads, int valueHeadDim)
    {
        CheckPositive(heads, nameof(heads));
        CheckPositive(valueHeadDim, nameof(valueHeadDim));
        long width = (long)heads * valueHeadDim;
        if (headOutputs.Length % width != 0)
            throw new ArgumentException(
                $"headOutputs.Length is {headOutputs.Length}; expected a multiple of heads · valueHeadDim = {heads} · {valueHeadDim}.", nameof(headOutputs));
        if (headGradients.Length != headOutputs.Length)
            throw new ArgumentException(
                $"headGradients.Length is {headGradients.Length}; expected headOutputs.Length = {headOutputs.Length}.", nameof(headGradients));
        var importances = new double[heads];
        for (int start = 0; start < headOutputs.Length; start += valueHeadDim)
        {
            double product = 0;
            for (int i = start; i < start + valueHeadDim; i++)
                product += (double)headOutputs[i] * headGradients[i];
            importances[start / valueHeadDim % heads] += Math.Abs(product);
        }

        // The mean over rows and the norm of the layer: the number of rows cancels.
        double norm = Math.Sqrt(importances.Sum(importance => importance * importance));
        for (int head = 0; head < heads; head++)
            importances[head] = headOutputs.IsEmpty ? double.NaN : norm == 0 ? 0 : importances[head] / norm;
        return importances;
    }

    private static double[,] Mix(ReadOnlySpan<float> probabilities, int heads, int tokens)
    {
        var mixed = new double[tokens, tokens];
        for (int i = 0; i < probabilities.Length; i++)
            mixed[i / tokens % tokens, i % tokens] += 0.5 * probabilities[i] / heads;
        for (int token = 0; token < tokens; token++)
            mixed[token, token] += 0.5;
        return mixed;
    }

    private static double[,] Multiply(double[,] left, double[,] right, int size)
    {
        var product = new double[size, size];
        for (int row = 0; row < size; row++)
        {
            for (int middle = 0; middle < size; middle++)
            {
                double factor = left[row, middle];
                for (int column = 0; column < size; column++)
                    product[row, column] += factor * right[middle, column];
            }
        }

        return product;
    }

    private static int CheckLayer(ReadOnlySpan<float> probabilities, int heads, int keys)
    {
        CheckPositive(heads, nameof(heads));
        CheckPositive(keys, nameof(keys));
        long row = (long)heads * keys;
        if (probabilities.Length % row != 0)
            throw new ArgumentException(
                $"probabilities.Length is {probabilities.Length}; expected a multiple of heads · keys = {heads} · {keys}.", nameof(probabilities));
        int queries = (int)(probabilities.Length / row);
        CheckProbabilities(probabilities, queries, keys);
        return queries;
    }

    private static void CheckPositive(int number, string argument)
    {
        if (number < 1)
            throw new ArgumentOutOfRangeException(argument, number, $"{argument} must be 1 or more.");
    }
}
