namespace AttentionGen;

/// <summary>The sums of one head that its measures are quotients of.</summary>
internal sealed class HeadSums
{
    private readonly SortedDictionary<int, long> peaks = [];

    private long queries;
    private long confidentQueries;
    private double confidence;
    private double sinkMass;
    private double delimiterMass;
    private long entropyQueries;
    private double entropy;

    private double mass;
    private double distance;
    private double previous;
    private double current;
    private double next;
    private double duplicates;
    private double successors;
    private long repeats;

    internal void Add(ReadOnlySpan<float> probabilities, AttendedSequence sequence)
    {
        for (int query = 0; query < sequence.Queries; query++)
        {
            if (sequence.VisibleKeys[query] == 0)
                continue;
            ReadOnlySpan<float> row = probabilities.Slice(query * sequence.Keys, sequence.Keys);
            AddRow(row, sequence, query);
            if (sequence.HasPositions)
                AddPositions(row, sequence, query);
        }
    }

    private void AddRow(ReadOnlySpan<float> row, AttendedSequence sequence, int query)
    {
        double highest = 0, sum = 0;
        for (int key = 0; key < row.Length; key++)
        {
            double probability = row[key];
            if (!sequence.IsEndKey[key])
                highest = Math.Max(highest, probability);
            if (sequence.IsDelimiter[key])
                delimiterMass += probability;
            if (probability > 0)
                sum -= probability * Math.Log(probability);
        }

        queries++;
        sinkMass += row[0];
        if (!sequence.IsEndQuery[query])
        {
            confidence += highest;
            confidentQueries++;
        }

        if (sequence.VisibleKeys[query] > 1)
        {
            entropy += sum / Math.Log(sequence.VisibleKeys[query]);
            entropyQueries++;
        }
    }

    private void AddPositions(ReadOnlySpan<float> row, AttendedSequence sequence, int query)
    {
        int position = sequence.Offset + query, peak = 0;
        if (sequence.Repeats[query])
            repeats++;
        for (int key = 0; key < row.Length; key++)
        {
            double probability = row[key];
            if (probability > row[peak])
                peak = key;
            mass += probability;
            distance += probability * Math.Abs(position - key);
            if (sequence.Duplicates[query, key])
                duplicates += probability;
            if (sequence.Successors[query, key])
                successors += probability;
        }

        current += row[position];
        if (position > 0)
            previous += row[position - 1];
        if (position + 1 < row.Length)
            next += row[position + 1];
        peaks[peak - position] = peaks.GetValueOrDefault(peak - position) + 1;
    }

    /// <param name="reached">For each distance, how many queries have a key there.</param>
    internal HeadMeasures Measure(SortedDictionary<int, long> reached)
    {
        long all = reached.GetValueOrDefault(0);
        int? offset = null;
        double share = double.NaN;
        foreach ((int candidate, long hits) in peaks)
        {
            long possible = reached[candidate];
            // NaN is not at least anything: the first one counts.
            if (2 * possible < all || (double)hits / possible <= share)
                continue;
            (offset, share) = (candidate, (double)hits / possible);
        }

        return new HeadMeasures
        {
            Queries = queries,
            RepeatedQueries = repeats,
            Confidence = confidence / confidentQueries,
            PositionalOffset = offset,
            PositionalShare = share,
            PreviousToken = previous / mass,
            CurrentToken = current / mass,
            NextToken = next / mass,
            DuplicateToken = duplicates / mass,
            DuplicateMatching = duplicates / repeats,
            Induction = successors / mass,
            PrefixMatching = successors / repeats,
            Entropy = entropy / entropyQueries,
            SinkMass = sinkMass / queries,
            MeanDistance = distance / mass,
            DelimiterMass = delimiterMass / queries,
        };
    }
}
