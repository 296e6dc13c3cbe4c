namespace AttentionGen;

/// <summary>
/// How many leading keys every two sequences of a cache have in common since they were forked from each other, so that
/// beam search copies what two beams differ in and not what they share.
/// </summary>
internal sealed class SharedPrefixes
{
    /// <summary>Beyond so many sequences the table itself would cost more than it saves.</summary>
    private const int MaxSequences = 256;

    private readonly int batch;
    private int[] common;
    private int[] next;

    private SharedPrefixes(int batch)
    {
        this.batch = batch;
        common = new int[batch * batch];
        next = new int[batch * batch];
    }

    /// <summary>A table in which nothing is shared, or null where there are too many sequences.</summary>
    public static SharedPrefixes? Create(int batch) => batch <= MaxSequences ? new(batch) : null;

    /// <summary>Leading keys that two sequences share.</summary>
    public int this[int first, int second] => common[first * batch + second];

    /// <summary>A sequence keeps its first keys only.</summary>
    public void Truncate(int sequence, int length)
    {
        for (int other = 0; other < batch; other++)
        {
            common[sequence * batch + other] = Math.Min(common[sequence * batch + other], length);
            common[other * batch + sequence] = Math.Min(common[other * batch + sequence], length);
        }
    }

    /// <summary>Sequence i becomes what sequence parents[i] of another table, or of this one, is.</summary>
    /// <param name="parents">[batch].</param>
    /// <param name="source">Where the parents come from; null where nothing is known of them.</param>
    /// <param name="lengths">Lengths of the parents' sequences.</param>
    public void Select(ReadOnlySpan<int> parents, SharedPrefixes? source, ReadOnlySpan<int> lengths)
    {
        for (int first = 0; first < batch; first++)
        {
            for (int second = 0; second < batch; second++)
            {
                int a = parents[first], b = parents[second];
                next[first * batch + second] = a == b ? lengths[a] : source is null ? 0 : source[a, b];
            }
        }

        (common, next) = (next, common);
    }
}
