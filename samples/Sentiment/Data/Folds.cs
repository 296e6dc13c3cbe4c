namespace AttentionGen.Samples.Sentiment;

/// <summary>Cuts texts into folds. Each fold has its share of every label.</summary>
internal static class Folds
{
    /// <summary>The texts of each fold: every text is in one of them.</summary>
    /// <param name="labels">The labels of all texts, from 0 on.</param>
    /// <param name="count">Number of folds.</param>
    /// <param name="seed">Decides which text is in which fold.</param>
    /// <exception cref="ArgumentException">A label has fewer texts than there are folds.</exception>
    public static int[][] Stratified(IReadOnlyList<int> labels, int count, long seed)
    {
        var folds = new List<int>[count];
        for (int fold = 0; fold < count; fold++)
            folds[fold] = [];
        foreach (IGrouping<int, int> texts in Enumerable.Range(0, labels.Count).GroupBy(text => labels[text]).OrderBy(group => group.Key))
        {
            int[] order = [.. texts];
            if (order.Length < count)
                throw new ArgumentException($"--folds is {count}; expected at most {order.Length}, the number of texts with the label {texts.Key}.");
            var random = new SplitMix(seed, -1 - texts.Key);
            random.Shuffle(order, order.Length);
            for (int place = 0; place < order.Length; place++)
                folds[place % count].Add(order[place]);
        }

        return [.. folds.Select(fold => fold.Order().ToArray())];
    }
}
