namespace AttentionGen.CompilerServices;

/// <summary>What the parts of a call are that threads share. The bits of the output do not depend on it.</summary>
internal enum CallPartition
{
    /// <summary>A part is a whole sequence.</summary>
    Sequences,

    /// <summary>For each sequence, parts are row chunks: first of keys and values, then of queries.</summary>
    Rows,

    /// <summary>
    /// For each sequence of few rows, parts are columns of the projections, then heads, then columns of the output; without projections, heads.
    /// </summary>
    Columns,

    /// <summary>Of a memory that is projected into a cache: a part is some rows of a sequence, or all.</summary>
    Memory,
}

/// <summary>How a call is cut for several threads: a pure function of the numbers of a class, the sizes of a call, and the threads.</summary>
internal readonly struct CallSchedule
{
    /// <summary>What a part is.</summary>
    public required CallPartition Partition { get; init; }

    /// <summary>Phases of one sequence, chunks of its rows included.</summary>
    public int SequencePhases { get; init; }

    /// <summary>Parts of one sequence of a memory.</summary>
    public int SequenceParts { get; init; }

    /// <summary>Whether the first phase of a sequence projects the rows of its memory, for the cross-attention of a layer.</summary>
    public bool ProjectsMemory { get; init; }

    /// <summary>Rows of a sequence that go through a ring together.</summary>
    public nint ChunkRows { get; init; }

    /// <summary>Phases, parts and scratch. A step is in rows, or in panels of columns.</summary>
    public required WorkSchedule Work { get; init; }

    /// <summary>Cuts a call into sequences where there are many, into columns or heads where rows are few, else into rows.</summary>
    public static CallSchedule Create(in CallNumbers numbers, in CallSizes sizes, int threads)
    {
        nint keyValueFloats = sizes.HasCache ? 0 : numbers.KeyValueFloats(sizes.Keys) + numbers.MemoryFloats(in sizes);
        if (sizes.Batch >= 2 * threads)
        {
            // Short sequences share row blocks, as far as every thread keeps some parts.
            int together = Math.Clamp((int)(numbers.RowBlock * (long)sizes.Batch / Math.Max(1, sizes.AllRows)), 1, Math.Max(1, sizes.Batch / (2 * threads)));
            return new()
            {
                Partition = CallPartition.Sequences,
                SequencePhases = 1,
                Work = new(
                    threads,
                    0,
                    numbers.ScratchFloats + (sizes.HasCache ? 0 : numbers.GroupKeyValueFloats(in sizes)),
                    1,
                    new WorkPhase(EqualParts.Count(sizes.Batch, together), together)),
            };
        }

        return HasFewRows(in numbers, in sizes)
           
                ? numbers.Has(AttentionFeatures.Projections)
                ? CutColumns(in numbers, in sizes, threads, keyValueFloats)
                : CutHeads(in numbers, in sizes, threads, keyValueFloats)
            : CutRows(in numbers, in sizes, threads, keyValueFloats);
    }

    /// <summary>Cuts the projection of a memory into sequences where there are many, else into rows.</summary>
    /// <param name="numbers">The numbers of the class.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="keys">Memory rows of the longest sequence.</param>
    /// <param name="threads">Threads.</param>
    public static CallSchedule CreateForMemory(in CallNumbers numbers, int batch, int keys, int threads)
    {
        int step = batch >= 2 * threads ? Math.Max(1, keys) : PartRows(in numbers, keys, threads);
        int parts = EqualParts.Count(keys, step);
        return new()
        {
            Partition = CallPartition.Memory,
            SequencePhases = 1,
            SequenceParts = Math.Max(1, parts),
            Work = new(threads, 0, numbers.ScratchFloats, 1, new WorkPhase(batch * parts, step)),
        };
    }

    /// <summary>
    /// Multiply-adds of a call, at most. Those of up to four rows count eight times, because reading the weights, or the keys and values, takes most of
    /// their time. The rows of a memory are projected together, so they count once; a memory in a cache has been projected before.
    /// </summary>
    public static long MultiplyAdds(in CallNumbers numbers, in CallSizes sizes)
    {
        bool isCross = numbers.Has(AttentionFeatures.CrossAttention);
        int valueWidth = numbers.ValueInputDim > 0 ? numbers.ValueInputDim : numbers.MemoryDim;
        long memoryRow = ((long)numbers.MemoryDim * numbers.KeyDim) + ((long)valueWidth * numbers.ValueDim);
        long feedForward = (numbers.Has(AttentionFeatures.Gated) ? 3L : 2L) * numbers.FeedForwardDim * numbers.DModel;
        long row = ((long)numbers.DModel * (numbers.QueryDim + numbers.JoinedDim)) + (isCross ? 0 : memoryRow) + feedForward;
        long attention = Math.Min(sizes.Keys, numbers.MostVisibleKeys) * (long)(numbers.QueryDim + numbers.JoinedDim);
        long memory = isCross && !sizes.HasCache ? sizes.AllKeys * memoryRow : 0;
        if (numbers.Has(AttentionFeatures.OutputGate))
            row += (long)numbers.DModel * numbers.JoinedDim;
        if (numbers.Has(AttentionFeatures.JoinedOutput))
            row -= (long)numbers.DModel * numbers.JoinedDim;
        if (numbers.Has(AttentionFeatures.Memory))
        {
            row += (long)numbers.DModel * (numbers.QueryDim + numbers.JoinedDim);
            attention += sizes.MemoryKeys * (long)(numbers.QueryDim + numbers.JoinedDim);
            memory += sizes.MemoryElements * (numbers.KeyDim + numbers.ValueDim);
        }

        return memory + (sizes.AllRows * (row + attention) * (sizes.Rows <= 4 ? 8 : 1));
    }

    /// <summary>Keys that come with the call, for the longest sequence.</summary>
    private static int NewKeys(in CallNumbers numbers, in CallSizes sizes) =>
        numbers.Has(AttentionFeatures.CrossAttention) ? sizes.HasCache ? 0 : sizes.Keys
        : numbers.Has(AttentionFeatures.Projections) ? sizes.Rows : sizes.Keys - sizes.CachedKeys;

    private static bool HasFewRows(in CallNumbers numbers, in CallSizes sizes)
    {
        if (!numbers.SharesHeads || sizes.Rows > numbers.FewRows || (numbers.Has(AttentionFeatures.CrossAttention) && !sizes.HasCache))
            return false;
        return numbers.Has(AttentionFeatures.Projections) || !numbers.Has(AttentionFeatures.Ring) || NewKeys(in numbers, in sizes) <= numbers.FewRows;
    }

    private static CallSchedule CutHeads(in CallNumbers numbers, in CallSizes sizes, int threads, nint keyValueFloats) => new()
    {
        Partition = CallPartition.Columns,
        SequencePhases = 1,
        Work = new(threads, keyValueFloats, numbers.ScratchFloats, sizes.Batch, new WorkPhase(numbers.KvHeads, 1)),
    };

    private static CallSchedule CutColumns(in CallNumbers numbers, in CallSizes sizes, int threads, nint keyValueFloats)
    {
        int projected = numbers.QueryPanels + numbers.KeyPanels + numbers.ValuePanels + numbers.GatePanels;
        int step = ColumnStep(in numbers, projected, threads);
        WorkPhase columns = new(
            EqualParts.Count(numbers.QueryPanels, step) + EqualParts.Count(numbers.KeyPanels, step) + EqualParts.Count(numbers.ValuePanels, step)
                + EqualParts.Count(numbers.GatePanels, step), step);
        WorkPhase heads = new(numbers.KvHeads, 1);
        nint shared = keyValueFloats + (sizes.Rows * numbers.ColumnFloats);
        if (numbers.Has(AttentionFeatures.JoinedOutput))
        {
            return new()
            {
                Partition = CallPartition.Columns,
                SequencePhases = 2,
                Work = new(threads, shared, numbers.ScratchFloats, sizes.Batch, columns, heads),
            };
        }

        if (!numbers.Has(AttentionFeatures.Layer))
        {
            return new()
            {
                Partition = CallPartition.Columns,
                SequencePhases = 3,
                Work = new(
                    threads, shared, numbers.ScratchFloats, sizes.Batch, columns, heads, new WorkPhase(EqualParts.Count(numbers.OutputPanels, step), step)),
            };
        }

        int up = ColumnStep(in numbers, numbers.FeedForwardPanels, threads), output = ColumnStep(in numbers, numbers.OutputPanels, threads);
        WorkPhase outputs = new(EqualParts.Count(numbers.OutputPanels, output), output);
        WorkPhase ups = new(EqualParts.Count(numbers.FeedForwardPanels, up), up), sums = new(1, 1);
        if (numbers.Has(AttentionFeatures.Memory))
        {
            int query = ColumnStep(in numbers, numbers.QueryPanels, threads), memory = PartRows(in numbers, sizes.MemoryKeys, threads);
            WorkPhase queries = new(EqualParts.Count(numbers.QueryPanels, query), query);
            ReadOnlySpan<WorkPhase> phases =
                [new(EqualParts.Count(sizes.MemoryKeys, memory), memory), columns, heads, outputs, queries, heads, outputs, ups, outputs, sums];
            // A cache holds the memory projected.
            if (sizes.HasCache)
                phases = phases[1..];
            return new()
            {
                Partition = CallPartition.Columns,
                SequencePhases = phases.Length,
                ProjectsMemory = !sizes.HasCache,
                Work = new(threads, shared, numbers.ScratchFloats, sizes.Batch, phases),
            };
        }

        return new()
        {
            Partition = CallPartition.Columns,
            SequencePhases = 6,
            Work = new(
                threads, shared, numbers.ScratchFloats, sizes.Batch, columns, heads, outputs, ups, outputs, sums),
        };
    }

    /// <summary>About four parts a thread, of whole tiles.</summary>
    private static int ColumnStep(in CallNumbers numbers, int panels, int threads) => EqualParts.Step(panels, 4 * threads, numbers.ColumnUnit);

    private static CallSchedule CutRows(in CallNumbers numbers, in CallSizes sizes, int threads, nint keyValueFloats)
    {
        int rows = sizes.Rows, newKeys = NewKeys(in numbers, in sizes), chunks = 1;
        nint chunkRows = nint.MaxValue;
        if (numbers.Has(AttentionFeatures.Ring))
        {
            // Keys of a chunk, its outputs, and so on: a sequence takes two phases for each chunk of its rows.
            int all = Math.Max(rows, newKeys), chunk = Math.Max(1, Math.Min(all, sizes.ChunkRows));
            chunkRows = chunk;
            chunks = EqualParts.Count(all, chunk);
            rows = Math.Min(rows, chunk);
            newKeys = Math.Min(newKeys, chunk);
        }

        int keyStep = PartRows(in numbers, newKeys, threads), step = PartRows(in numbers, rows, threads);
        if (numbers.Has(AttentionFeatures.Memory) && !sizes.HasCache)
        {
            int memoryStep = PartRows(in numbers, sizes.MemoryKeys, threads);
            return new()
            {
                Partition = CallPartition.Rows,
                SequencePhases = 3,
                ChunkRows = chunkRows,
                ProjectsMemory = true,
                Work = new(
                    threads,
                    keyValueFloats,
                    numbers.ScratchFloats,
                    sizes.Batch,
                    new WorkPhase(EqualParts.Count(sizes.MemoryKeys, memoryStep), memoryStep),
                    new WorkPhase(EqualParts.Count(newKeys, keyStep), keyStep),
                    new WorkPhase(EqualParts.Count(rows, step), step)),
            };
        }

        return new()
        {
            Partition = CallPartition.Rows,
            SequencePhases = 2 * chunks,
            ChunkRows = chunkRows,
            Work = new(
                threads,
                keyValueFloats,
                numbers.ScratchFloats,
                chunks * sizes.Batch,
                new WorkPhase(EqualParts.Count(newKeys, keyStep), keyStep),
                new WorkPhase(EqualParts.Count(rows, step), step)),
        };
    }

    private static int PartRows(in CallNumbers numbers, int rows, int threads) =>
        EqualParts.RowStep(rows, numbers.RowBlock, numbers.PartsPerThread * threads, numbers.PartRows);
}
