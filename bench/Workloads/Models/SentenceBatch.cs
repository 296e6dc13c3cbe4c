namespace AttentionGen.Bench.Workloads;

/// <summary>The tokens of sentences that are encoded together.</summary>
/// <param name="Ids">One sentence after the other.</param>
/// <param name="RowOffsets">[sentences + 1]: the first token of each sentence, and the end of the last one.</param>
internal sealed record SentenceBatch(int[] Ids, int[] RowOffsets)
{
    public int Sentences => RowOffsets.Length - 1;

    public int Tokens => Ids.Length;

    /// <summary>Tokens of the longest sentence.</summary>
    public int Longest => Enumerable.Range(0, Sentences).Max(Length);

    public static SentenceBatch Of(IReadOnlyList<int[]> sentences)
    {
        int[] offsets = [0, .. sentences.Select((_, sentence) => sentences.Take(sentence + 1).Sum(ids => ids.Length))];
        return new([.. sentences.SelectMany(ids => ids)], offsets);
    }

    /// <summary>Tokens of a sentence.</summary>
    public int Length(int sentence) => RowOffsets[sentence + 1] - RowOffsets[sentence];

    /// <summary>The tokens of a sentence.</summary>
    public ReadOnlySpan<int> Sentence(int sentence) => Ids.AsSpan(RowOffsets[sentence], Length(sentence));
}
