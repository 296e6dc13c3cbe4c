namespace AttentionGen.Samples.Train;

/// <summary>
/// Random tokens that repeat (Olsson et al. 2022): each sequence has a period of its own, in which no token comes twice. From the second period on the next
/// token can be known, by whoever looks for the earlier occurrence of the present one. Periods differ, so counting positions does not help.
/// </summary>
internal sealed class InductionTask : ITrainingTask
{
    private const int ShortestPeriod = 8;

    public int Vocabulary => 64;

    public int Length => 48;

    public string NameOf(int token) => token.ToString("D2");

    public void Fill(long seed, long step, Span<int> tokens, Span<int> labels, Span<bool> repeated)
    {
        var random = new SplitMix(seed, step);
        Span<int> order = stackalloc int[Vocabulary];
        for (int start = 0; start < tokens.Length; start += Length)
        {
            for (int token = 0; token < order.Length; token++)
                order[token] = token;
            int period = ShortestPeriod + random.Next((Length / 2) - ShortestPeriod + 1);
            random.Shuffle(order, period);
            for (int place = 0; place < Length; place++)
            {
                tokens[start + place] = order[place % period];
                labels[start + place] = order[(place + 1) % period];
                // The last token of the first period is followed by a token that has been seen; but nothing tells that the period ends.
                repeated[start + place] = place >= period;
            }
        }
    }
}
