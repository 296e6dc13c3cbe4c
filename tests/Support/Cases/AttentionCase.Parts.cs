namespace AttentionGen.Tests.Support;

// Calls that are part of another one.
internal sealed partial record AttentionCase
{
    /// <summary>One sequence of the batch as a case of its own, without a ragged batch's offsets where <paramref name="shape"/> has none.</summary>
    public AttentionCase Single(int sequence, AttentionShape? shape = null)
    {
        shape ??= Shape;
        int rows = RowsOf(sequence), keys = NewKeysOf(sequence), allKeys = KeysOf(sequence);
        int firstRow = Enumerable.Range(0, sequence).Sum(RowsOf), firstKey = Enumerable.Range(0, sequence).Sum(NewKeysOf),
        firstOfAll = Enumerable.Range(0, sequence).Sum(KeysOf);
        return this with
        {
            Shape = shape,
            Batch = 1,
            Rows = rows,
            Keys = keys,
            CachedKeys = CachedKeys.Length == 0 ? [] : [CachedKeys[sequence]],
            Input = Part(Input, firstRow, rows, Shape.InputDim),
            Memory = Part(Memory, firstKey, keys, Shape.MemoryDim),
            ValueInput = Part(ValueInput, firstKey, keys, Shape.ValueInputDim),
            Key = Part(Key, firstKey, keys, Shape.KeyDim),
            Value = Part(Value, firstKey, keys, Shape.ValueDim),
            RowOffsets = shape.Ragged ? [0, rows] : [],
            KeyOffsets = shape.Ragged && KeyOffsets.Length > 0 ? [0, keys] : [],
            KeyLengths = Part(KeyLengths, sequence, 1, 1),
            KeyStarts = Part(KeyStarts, sequence, 1, 1),
            PrefixLengths = Part(PrefixLengths, sequence, 1, 1),
            Documents = Part(Documents, firstOfAll, allKeys, 1),
            Positions = Part(Positions, firstRow, rows, Shape.PositionAxes),
            BooleanMask = MaskPart(BooleanMask, Shape.BooleanMask, [sequence], [0], [rows], [allKeys]),
            AdditiveMask = MaskPart(AdditiveMask, Shape.AdditiveMask, [sequence], [0], [rows], [allKeys]),
        };
    }

    /// <summary>The same call with only the first query rows of each sequence; keys that are rows go with them.</summary>
    public AttentionCase FirstRows(int rows)
    {
        if (KeysAreRows)
            return Chunk([.. Sequences.Select(_ => 0)], [.. Sequences.Select(_ => rows)]) with { CachedKeys = [] };
        return this with { Rows = rows, Input = FirstRows(Input, Batch, Rows, rows, Shape.InputDim) };
    }

    /// <summary>
    /// The call with a cache that brings rows first to first + count of each sequence along, where the keys before are in the cache. Of a core the keys
    /// are cut like the rows.
    /// </summary>
    public AttentionCase Chunk(int[] first, int[] count)
    {
        int[] total = [.. Sequences.Select(sequence => first[sequence] + count[sequence])];
        return this with
        {
            Rows = count.DefaultIfEmpty(0).Max(),
            Keys = count.DefaultIfEmpty(0).Max(),
            CachedKeys = first,
            Input = RowsPart(Input, Shape.Heads, Shape.InputDim, first, count),
            Key = RowsPart(Key, Shape.KvHeads, Shape.KeyDim, first, count),
            Value = RowsPart(Value, Shape.KvHeads, Shape.ValueDim, first, count),
            RowOffsets = Shape.Ragged ? Sums(count) : [],
            KeyOffsets = KeyOffsets.Length > 0 ? Sums(count) : [],
            KeyLengths = [.. KeyLengths.Select((length, sequence) => Math.Min(length, total[sequence]))],
            KeyStarts = [.. KeyStarts.Select((start, sequence) => Math.Min(start, total[sequence]))],
            PrefixLengths = [.. PrefixLengths.Select((length, sequence) => Math.Min(length, total[sequence]))],
            Documents = [.. Documents.Length == 0 ? [] : Sequences.SelectMany(sequence => Part(Documents, Enumerable.Range(0, sequence).Sum(KeysOf),
                total[sequence], 1))],
            Positions =
                [.. Positions.Length == 0 ? [] : Sequences.SelectMany(sequence =>
                    Part(Positions, FirstRowOf(sequence) + first[sequence], count[sequence], Shape.PositionAxes))],
            MaskLength = Math.Min(MaskLength, total.DefaultIfEmpty(0).Max()),
            BooleanMask = MaskPart(BooleanMask, Shape.BooleanMask, [.. Sequences], first, count, total),
            AdditiveMask = MaskPart(AdditiveMask, Shape.AdditiveMask, [.. Sequences], first, count, total),
        };
    }

    /// <summary>Puts the output of a <see cref="Chunk"/> where it lies in the output of the whole call.</summary>
    public void PutChunk(float[] whole, float[] chunk, int[] first, int[] count)
    {
        int at = 0;
        foreach (int sequence in Sequences)
        {
            foreach (var (from, length) in Runs(sequence, Shape.Heads, Shape.OutputDim, first[sequence], count[sequence]))
            {
                Array.Copy(chunk, at, whole, from, length);
                at += length;
            }
        }
    }

    /// <summary>A single sequence with only some of its query rows, all of its keys, where these do not come as rows.</summary>
    public AttentionCase OnlyRows(int first, int count)
    {
        int[] keys = [KeysOf(0)];
        return this with
        {
            Rows = count,
            Input = RowsPart(Input, Shape.Heads, Shape.InputDim, [first], [count]),
            RowOffsets = Shape.Ragged ? [0, count] : [],
            BooleanMask = MaskPart(BooleanMask, Shape.BooleanMask, [0], [first], [count], keys),
            AdditiveMask = MaskPart(AdditiveMask, Shape.AdditiveMask, [0], [first], [count], keys),
        };
    }

    /// <summary>A single sequence of cross-attention with only the first rows of its memory.</summary>
    public AttentionCase FirstKeys(int count) => this with
    {
        Keys = count,
        Memory = Part(Memory, 0, count, Shape.MemoryDim),
        ValueInput = Part(ValueInput, 0, count, Shape.ValueInputDim),
        KeyOffsets = Shape.Ragged ? [0, count] : [],
        KeyLengths = [.. KeyLengths.Select(length => Math.Min(length, count))],
        KeyStarts = [.. KeyStarts.Select(start => Math.Min(start, count))],
        PrefixLengths = [.. PrefixLengths.Select(length => Math.Min(length, count))],
        MaskLength = Math.Min(MaskLength, count),
        BooleanMask = MaskPart(BooleanMask, Shape.BooleanMask, [0], [0], [RowsOf(0)], [count]),
        AdditiveMask = MaskPart(AdditiveMask, Shape.AdditiveMask, [0], [0], [RowsOf(0)], [count]),
    };

    /// <summary>Everything that a call gave for some rows of a sequence; of what it gives for each key, that of the first keys.</summary>
    public float[] ResultsOf(AttentionResult result, int sequence, int first, int count, int keys)
    {
        var parts = new List<float>();
        AddRuns(result.Output, Shape.OutputDim);
        AddRuns(result.LogSumExp, Shape.Heads);
        AddKeys(result.Probabilities, Shape.Outputs.HasFlag(AttentionOutputs.AveragedProbabilities) ? 1 : Shape.Heads);
        AddKeys(result.Scores, Shape.Heads);
        return [.. parts];

        void AddRuns(float[] values, int width)
        {
            foreach (var (from, length) in values.Length == 0 ? [] : Runs(sequence, Shape.Heads, width, first, count))
                parts.AddRange(values.AsSpan(from, length));
        }

        void AddKeys(float[] values, int heads)
        {
            int before = heads * Enumerable.Range(0, sequence).Sum(other => RowsOf(other) * KeysOf(other));
            for (int line = 0; line < (values.Length == 0 ? 0 : heads * count); line++)
                parts.AddRange(values.AsSpan(before + ((((line / count) * RowsOf(sequence)) + first + (line % count)) * KeysOf(sequence)), keys));
        }
    }

    /// <summary>The first rows of each sequence of [batch, rows, width].</summary>
    public static float[] FirstRows(float[] values, int batch, int rows, int first, int width)
    {
        var result = new float[batch * first * width];
        for (int sequence = 0; sequence < batch; sequence++)
            Array.Copy(values, sequence * rows * width, result, sequence * first * width, first * width);
        return result;
    }

    public static float[] Slice(float[] values, int index, int length) => values.AsSpan(index * length, length).ToArray();

    private int FirstRowOf(int sequence) => Enumerable.Range(0, sequence).Sum(RowsOf);

    private static T[] Part<T>(T[] all, int first, int count, int width) => all.Length == 0 ? [] : all.AsSpan(first * width, count * width).ToArray();

    private static int[] Sums(int[] counts)
    {
        var sums = new int[counts.Length + 1];
        for (int index = 0; index < counts.Length; index++)
            sums[index + 1] = sums[index] + counts[index];
        return sums;
    }

    private float[] RowsPart(float[] all, int heads, int width, int[] first, int[] count) =>
        all.Length == 0 ? [] : [.. Sequences.SelectMany(sequence => Runs(sequence, heads, width, first[sequence],
            count[sequence])).SelectMany(run => all.AsSpan(run.From, run.Length).ToArray())];

    /// <summary>Where some rows of a sequence lie: in one piece, or in a piece for each head.</summary>
    private IEnumerable<(int From, int Length)> Runs(int sequence, int heads, int width, int first, int count)
    {
        if (Shape.HasProjections || Shape.Layout == HeadLayout.RowsHeads)
            return [((FirstRowOf(sequence) + first) * width, count * width)];
        int headWidth = width / heads;
        return Enumerable.Range(0, heads).Select(
            head => ((FirstRowOf(sequence) * width) + (((head * RowsOf(sequence)) + first) * headWidth), count * headWidth));
    }

    /// <summary>What a mask says about these rows and the first keys of these sequences.</summary>
    private T[] MaskPart<T>(T[] mask, MaskAxes axes, int[] sequences, int[] first, int[] count, int[] keys)
    {
        if (axes == MaskAxes.None)
            return [];
        bool hasBatch = axes.HasFlag(MaskAxes.Batch), hasHead = axes.HasFlag(MaskAxes.Head), hasQuery = axes.HasFlag(MaskAxes.Query);
        int heads = hasHead ? Shape.Heads : 1, longest = Sequences.Select(KeysOf).Max();
        var part = new List<T>();
        for (int index = 0; index < (hasBatch ? sequences.Length : Math.Min(1, sequences.Length)); index++)
        {
            int sequence = sequences[index];
            int before = hasBatch ? heads * Enumerable.Range(0, sequence).Sum(other => Width(other) * (hasQuery ? RowsOf(other) : 1)) : 0;
            int width = hasBatch ? Width(sequence) : Shape.MaskLength ? MaskLength : longest, taken = Math.Min(width, hasBatch ? keys[index] : keys.Max());
            int lines = hasQuery ? RowsOf(sequence) : 1;
            for (int head = 0; head < heads; head++)
            {
                for (int row = hasQuery ? first[index] : 0; row < (hasQuery ? first[index] + count[index] : 1); row++)
                    part.AddRange(mask.AsSpan(before + (((head * lines) + row) * width), taken));
            }
        }

        return [.. part];

        int Width(int sequence) => Shape.MaskLength ? MaskLength : KeysOf(sequence);
    }
}
