namespace AttentionGen;

/// <summary>
/// Measures what the heads of one attention block attend to, from their probabilities and the tokens: whether a head looks at the previous token, at
/// earlier occurrences of a token, at delimiters. Sequences are added one by one, and the measures are those of all of them together.
/// </summary>
/// <remarks>
/// The probabilities are those that a class with <see cref="AttentionOutputs.Probabilities"/> returns. Everything is summed in double precision, in the order
/// in which the sequences are added. An object has one user at a time.
/// </remarks>
public sealed partial class HeadStatistics
{
    // Kernels round: the largest probability of a row may be a little above 1.
    private const float LargestProbability = 1.001f;

    private readonly HeadSums[] sums;
    private readonly HashSet<int> delimiters = [];
    private readonly SortedDictionary<int, long> reached = [];

    /// <summary>Begins with nothing measured.</summary>
    /// <param name="heads">The number of heads, 1 or more.</param>
    /// <param name="causal">
    /// Whether a query sees only the keys up to its own position. It decides how many keys count in <see cref="HeadMeasures.Entropy"/>.
    /// </param>
    /// <param name="endToken">The token that <see cref="HeadMeasures.Confidence"/> leaves out, if there is one.</param>
    /// <param name="delimiterTokens">The tokens that <see cref="HeadMeasures.DelimiterMass"/> counts, such as separators, full stops and commas.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heads"/> is less than 1.</exception>
    public HeadStatistics(int heads, bool causal = false, int? endToken = null, ReadOnlySpan<int> delimiterTokens = default)
    {
        if (heads < 1)
            throw new ArgumentOutOfRangeException(nameof(heads), heads, "heads must be 1 or more.");
        Causal = causal;
        EndToken = endToken;
        foreach (int token in delimiterTokens)
            delimiters.Add(token);
        sums = new HeadSums[heads];
        for (int head = 0; head < heads; head++)
            sums[head] = new HeadSums();
    }

    /// <summary>The number of heads.</summary>
    public int Heads => sums.Length;

    /// <summary>Whether a query sees only the keys up to its own position.</summary>
    public bool Causal { get; }

    /// <summary>The token that <see cref="HeadMeasures.Confidence"/> leaves out, if there is one.</summary>
    public int? EndToken { get; }

    /// <summary>The measures of a head, of all sequences that have been added.</summary>
    /// <param name="head">0 to <see cref="Heads"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such head.</exception>
    public HeadMeasures this[int head]
    {
        get
        {
            if ((uint)head >= (uint)Heads)
                throw new ArgumentOutOfRangeException(nameof(head), head, $"head must be 0 to {Heads - 1}.");
            return sums[head].Measure(reached);
        }
    }

    /// <summary>Adds a sequence that attends to itself.</summary>
    /// <param name="probabilities">[<see cref="Heads"/>, queries, keys].</param>
    /// <param name="tokens">[keys]: the token of each key.</param>
    /// <param name="offset">The position of the first query: the number of keys that a cache held before the call.</param>
    /// <param name="visibleKeys">
    /// [queries]: the number of keys that each query sees, for attention with windows or other masks. Without it, a query sees all keys, or those up to its
    /// own position if <see cref="Causal"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// Lengths do not belong together, <paramref name="offset"/> is out of range, or a probability is not 0 to 1. Nothing has been added.
    /// </exception>
    public void Add(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> tokens, int offset = 0, ReadOnlySpan<int> visibleKeys = default)
    {
        int keys = tokens.Length, queries = CountQueries(probabilities, keys, nameof(tokens));
        if (offset < 0 || offset > keys - queries)
            throw new ArgumentOutOfRangeException(
                nameof(offset), offset, $"offset must be 0 to {keys - queries}: there are {queries} queries and {keys} keys.");
        int[] visible = Visible(visibleKeys, queries, keys, offset);
        CheckProbabilities(probabilities, queries, keys);
        var sequence = new AttendedSequence(tokens, queries, offset, visible, EndToken, delimiters);
        CountReached(sequence);
        for (int head = 0; head < Heads; head++)
            sums[head].Add(probabilities.Slice(head * queries * keys, queries * keys), sequence);
    }

    /// <summary>
    /// Adds a sequence that attends to a memory: cross-attention. Measures that compare the positions or the tokens of query and key leave it out.
    /// </summary>
    /// <param name="probabilities">[<see cref="Heads"/>, queries, keys].</param>
    /// <param name="memoryTokens">[keys]: the token of each memory row.</param>
    /// <param name="visibleKeys">[queries]: the number of memory rows that each query sees; all of them without it.</param>
    /// <exception cref="ArgumentException">
    /// Lengths do not belong together, or a probability is not 0 to 1. Nothing has been added.
    /// </exception>
    /// <exception cref="InvalidOperationException">The statistics are <see cref="Causal"/>.</exception>
    public void AddCross(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> memoryTokens, ReadOnlySpan<int> visibleKeys = default)
    {
        if (Causal)
            throw new InvalidOperationException("The statistics are causal, but cross-attention sees every memory row; expected causal: false.");
        int keys = memoryTokens.Length, queries = CountQueries(probabilities, keys, nameof(memoryTokens));
        int[] visible = Visible(visibleKeys, queries, keys, 0);
        CheckProbabilities(probabilities, queries, keys);
        var sequence = new AttendedSequence(memoryTokens, queries, visible, EndToken, delimiters);
        for (int head = 0; head < Heads; head++)
            sums[head].Add(probabilities.Slice(head * queries * keys, queries * keys), sequence);
    }

    private int CountQueries(ReadOnlySpan<float> probabilities, int keys, string tokens)
    {
        long row = (long)Heads * keys;
        if (row == 0 ? probabilities.Length != 0 : probabilities.Length % row != 0)
            throw new ArgumentException(
                $"probabilities.Length is {probabilities.Length}; expected a multiple of Heads · {tokens}.Length = {Heads} · {keys}.", nameof(probabilities));
        return row == 0 ? 0 : (int)(probabilities.Length / row);
    }

    private int[] Visible(ReadOnlySpan<int> visibleKeys, int queries, int keys, int offset)
    {
        var visible = new int[queries];
        if (visibleKeys.IsEmpty)
        {
            for (int query = 0; query < queries; query++)
                visible[query] = Causal ? offset + query + 1 : keys;
            return visible;
        }

        if (visibleKeys.Length != queries)
            throw new ArgumentException($"visibleKeys.Length is {visibleKeys.Length}; expected one number for each of {queries} queries.", nameof(visibleKeys));
        visibleKeys.CopyTo(visible);
        int wrong = Array.FindIndex(visible, count => count < 0 || count > keys);
        return wrong < 0 ? visible
            : throw new ArgumentException($"visibleKeys[{wrong}] is {visible[wrong]}; expected 0 to {keys}, the number of keys.", nameof(visibleKeys));
    }

    private static void CheckProbabilities(ReadOnlySpan<float> probabilities, int queries, int keys)
    {
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (!(probabilities[i] is >= 0 and <= LargestProbability))
                throw new ArgumentException(
                    $"probabilities[{i / (queries * keys)}, {i / keys % queries}, {i % keys}] is {probabilities[i]}; expected 0 to 1.", nameof(probabilities));
        }
    }

    /// <summary>For each distance, how many queries have a key there, whatever a head does.</summary>
    private void CountReached(AttendedSequence sequence)
    {
        // Each query reaches a range of distances: where ranges begin and end tells how many hold a distance.
        int lowest = -(sequence.Offset + sequence.Queries - 1);
        var changes = new int[sequence.Queries + sequence.Keys];
        for (int query = 0; query < sequence.Queries; query++)
        {
            if (sequence.VisibleKeys[query] == 0)
                continue;
            int first = -(sequence.Offset + query) - lowest;
            changes[first]++;
            changes[first + sequence.Keys]--;
        }

        int count = 0;
        for (int i = 0; i < changes.Length; i++)
        {
            count += changes[i];
            if (count > 0)
                reached[lowest + i] = reached.GetValueOrDefault(lowest + i) + count;
        }
    }
}
