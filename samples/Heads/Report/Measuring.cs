namespace AttentionGen.Samples.Heads;

/// <summary>Makes the measures of a block out of its probabilities and of runs without its heads.</summary>
internal static class Measuring
{
    /// <summary>Measures a block of self-attention or of cross-attention.</summary>
    /// <param name="name">The block's name.</param>
    /// <param name="probabilities">For each layer [heads, queries, keys].</param>
    /// <param name="heads">Heads of a layer.</param>
    /// <param name="queries">The tokens that attend.</param>
    /// <param name="keys">The tokens that are attended to.</param>
    /// <param name="tokens">[keys]: their numbers.</param>
    /// <param name="create">Begins the statistics of a layer.</param>
    /// <param name="isCross">Whether keys are those of a memory.</param>
    /// <param name="ablate">What changes if a layer's head is removed.</param>
    public static BlockOfLayers Measure(
        string name, IReadOnlyList<float[]> probabilities, int heads, IReadOnlyList<string> queries, IReadOnlyList<string> keys, int[] tokens,
        Func<HeadStatistics> create, bool isCross, Func<int, int, double> ablate) => new()
    {
        Name = name,
        IsCross = isCross,
        Queries = queries,
        Keys = keys,
        Layers = [.. probabilities.Select((layer, index) => Measure(layer, heads, tokens, create(), isCross, head => ablate(index, head)))],
    };

    /// <summary>Factors of all heads of all layers that remove one head.</summary>
    /// <param name="layers">Number of layers.</param>
    /// <param name="heads">Heads of a layer.</param>
    /// <param name="layer">The layer of the head that is removed; −1 for none.</param>
    /// <param name="head">The head.</param>
    public static float[] Mask(int layers, int heads, int layer = -1, int head = 0)
    {
        var mask = new float[layers * heads];
        mask.AsSpan().Fill(1);
        if (layer >= 0)
            mask[(layer * heads) + head] = 0;
        return mask;
    }

    private static LayerOfHeads Measure(
        float[] probabilities, int heads, int[] tokens, HeadStatistics statistics, bool isCross, Func<int, double> ablate)
    {
        if (isCross)
            statistics.AddCross(probabilities, tokens);
        else
            statistics.Add(probabilities, tokens);
        double[,] divergences = HeadStatistics.Divergences(probabilities, heads, tokens.Length);
        return new()
        {
            Probabilities = probabilities,
            Measures = [.. Enumerable.Range(0, heads).Select(head => statistics[head])],
            Ablation = [.. Enumerable.Range(0, heads).Select(ablate)],
            Divergence = [.. Enumerable.Range(0, heads).Select(head =>
                Enumerable.Range(0, heads).Sum(other => divergences[head, other]) / Math.Max(1, heads - 1))],
        };
    }
}
