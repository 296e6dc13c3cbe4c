namespace AttentionGen;

/// <summary>What the measures of all heads need to know about the queries and keys of one sequence.</summary>
internal sealed class AttendedSequence
{
    /// <summary>Queries and keys are the same sequence.</summary>
    internal AttendedSequence(ReadOnlySpan<int> tokens, int queries, int offset, int[] visibleKeys, int? endToken, HashSet<int> delimiters)
        : this(tokens, queries, visibleKeys, endToken, delimiters)
    {
        HasPositions = true;
        Offset = offset;
        Repeats = new bool[queries];
        Duplicates = new bool[queries, Keys];
        Successors = new bool[queries, Keys];
        for (int query = 0; query < queries; query++)
        {
            int position = offset + query;
            IsEndQuery[query] = tokens[position] == endToken;
            for (int key = 0; key < position; key++)
            {
                if (tokens[key] != tokens[position])
                    continue;
                Repeats[query] = true;
                Duplicates[query, key] = true;
                Successors[query, key + 1] = true;
            }
        }
    }

    /// <summary>The keys are those of a memory.</summary>
    internal AttendedSequence(ReadOnlySpan<int> tokens, int queries, int[] visibleKeys, int? endToken, HashSet<int> delimiters)
    {
        Queries = queries;
        Keys = tokens.Length;
        VisibleKeys = visibleKeys;
        IsEndQuery = new bool[queries];
        IsEndKey = new bool[Keys];
        IsDelimiter = new bool[Keys];
        for (int key = 0; key < Keys; key++)
        {
            IsEndKey[key] = tokens[key] == endToken;
            IsDelimiter[key] = delimiters.Contains(tokens[key]);
        }
    }

    internal bool HasPositions { get; }

    internal int Queries { get; }

    internal int Keys { get; }

    internal int Offset { get; }

    internal int[] VisibleKeys { get; }

    internal bool[] IsEndQuery { get; }

    internal bool[] IsEndKey { get; }

    internal bool[] IsDelimiter { get; }

    /// <summary>[queries]: the token has occurred before.</summary>
    internal bool[] Repeats { get; } = [];

    /// <summary>[queries, keys]: the key is an earlier occurrence of the query's token.</summary>
    internal bool[,] Duplicates { get; } = new bool[0, 0];

    /// <summary>[queries, keys]: the key followed an earlier occurrence of the query's token.</summary>
    internal bool[,] Successors { get; } = new bool[0, 0];
}
