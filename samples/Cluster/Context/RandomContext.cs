namespace AttentionGen.Samples.Cluster;

/// <summary>Keys, values and queries in the place of a model's: each depends on the seed and its position alone.</summary>
/// <param name="seed">The seed.</param>
internal sealed class RandomContext(int seed)
{
    /// <summary>Keys and values from a position on, [keys, KV heads, HeadDim].</summary>
    public (float[] Keys, float[] Values) Rows(int position, int count)
    {
        var keys = new float[count * ContextAttention.KeyWidth];
        var values = new float[keys.Length];
        for (int row = 0; row < count; row++)
        {
            var random = new Random(HashCode(seed, position + row));
            Fill(random, keys.AsSpan(row * ContextAttention.KeyWidth, ContextAttention.KeyWidth));
            Fill(random, values.AsSpan(row * ContextAttention.KeyWidth, ContextAttention.KeyWidth));
        }

        return (keys, values);
    }

    /// <summary>Rows of queries, [rows, Heads, HeadDim].</summary>
    public float[] Queries(int number, int rows)
    {
        var queries = new float[rows * ContextAttention.QueryWidth];
        Fill(new Random(HashCode(seed, -1 - number)), queries);
        return queries;
    }

    private static int HashCode(int seed, int position) => unchecked((seed * 397) ^ (position * 486_187_739));

    private static void Fill(Random random, Span<float> floats)
    {
        foreach (ref float number in floats)
            number = (random.NextSingle() * 2) - 1;
    }
}
