using AttentionGen.Bench.Subjects;
using AttentionGen.CompilerServices;

namespace AttentionGen.Bench.Workloads;

/// <summary>A call of an attention block: a kernel's shape, and the run-time lengths.</summary>
internal record AttentionWorkload : Workload
{
    public required AttentionShape Shape { get; init; }

    /// <summary>The generated class.</summary>
    public required Type Kernel { get; init; }

    /// <summary>What the generated class says of itself.</summary>
    public required string Plan { get; init; }

    /// <summary>Query rows of each sequence.</summary>
    public required int Rows { get; init; }

    /// <summary>Memory rows of cross-attention; 0 for self-attention.</summary>
    public int MemoryRows { get; init; }

    /// <summary>Rows that are in the KV cache before the call; 0 for a call without cache.</summary>
    public int CachedRows { get; init; }

    /// <summary>Length of each sequence of a padded batch, or of a ragged one, which others compute with padding; empty where all rows count.</summary>
    public int[] KeyLengths { get; init; } = [];

    /// <summary>The score modifier of the class, for the reference; null where it has none.</summary>
    public Func<double, int, int, int, double>? ScoreModifier { get; init; }

    /// <summary>The probability modifier of the class, for the reference; null where it has none.</summary>
    public Func<double, int, int, int, double>? ProbabilityModifier { get; init; }

    public int Batch => KeyLengths.Length == 0 ? 1 : KeyLengths.Length;

    public bool UsesCache => CachedRows > 0;

    public static AttentionWorkload Of<TKernel>(
        string name, int rows, int memoryRows = 0, int cachedRows = 0, int[]? keyLengths = null, Func<double, int, int, int, double>? scoreModifier = null)
        where TKernel : class, IAttentionKernel<TKernel> => new()
        {
            Name = name,
            Shape = TKernel.Shape,
            Kernel = typeof(TKernel),
            Plan = TKernel.Plan,
            CreateGenerated = () => new GeneratedSubject<TKernel>(),
            Rows = rows,
            MemoryRows = memoryRows,
            CachedRows = cachedRows,
            KeyLengths = keyLengths ?? [],
            ScoreModifier = scoreModifier,
        };

    /// <summary>Keys of each sequence that the call ends with.</summary>
    public int Keys => Shape.IsCrossAttention ? MemoryRows : CachedRows + Rows;

    /// <inheritdoc/>
    public override bool IsBoundByReading => UsesCache && Rows == 1;

    /// <inheritdoc/>
    public override long RequiredBytes =>
        (sizeof(float) * ((2L * Shape.DModel * Shape.QueryDim) + ((Shape.MemoryDim + (long)ValueSourceDim) * Shape.KeyDim)))
            + (2L * Batch * Keys * Shape.KvHeads * KeyValueLayout.RowBytes(Shape.KeyValues, Shape.HeadDim));

    /// <summary>Rows of a sequence that somebody wants: not its padding.</summary>
    public int UsefulRows(int sequence) => KeyLengths.Length == 0 ? Rows : KeyLengths[sequence];

    /// <summary>Rows that somebody wants, of all sequences.</summary>
    public int AllUsefulRows => Enumerable.Range(0, Batch).Sum(UsefulRows);

    /// <inheritdoc/>
    public override double UsefulOperations
    {
        get
        {
            double multiplyAdds = 0;
            for (int sequence = 0; sequence < Batch; sequence++)
            {
                double rows = UsefulRows(sequence);
                double projectedKeys = Shape.IsCrossAttention ? MemoryRows : rows;
                double scores = VisibleScores((int)rows, (int)projectedKeys);
                multiplyAdds += 2 * rows * Shape.DModel * Shape.QueryDim;
                multiplyAdds += projectedKeys * (Shape.MemoryDim + ValueSourceDim) * Shape.KeyDim;
                multiplyAdds += 2 * scores * Shape.QueryDim;
            }
            return 2 * multiplyAdds;
        }
    }

    /// <summary>Width of the rows that values come from.</summary>
    private int ValueSourceDim => Shape.ValueInputDim > 0 ? Shape.ValueInputDim : Shape.MemoryDim;

    /// <inheritdoc/>
    public override IEnumerable<ISubject> CreatePeers()
    {
        // What others have projects, keys and values from the same rows.
        if (!Shape.HasProjections || Shape.ValueInputDim > 0)
            yield break;
        if (OnnxSubject.SupportsAttention(this))
            yield return OnnxSubject.Attention();
        if (OnnxSubject.SupportsMultiHeadAttention(this))
        {
            yield return OnnxSubject.MultiHeadAttention();
            if (OnnxSubject.HasProjectionBiases(Shape))
                yield return OnnxSubject.MultiHeadAttentionWithBiases();
        }
        if (OnnxGroupQuerySubject.Supports(this))
            yield return OnnxGroupQuerySubject.Attention();
#if WITH_LIBTORCH
        if (LibTorchSubject.Supports(this))
            yield return new LibTorchSubject();
#endif
        if (GenericSubject.Supports(Shape))
            yield return new GenericSubject();
    }

    /// <inheritdoc/>
    public override WorkloadData CreateData() => new AttentionData(this);

    /// <summary>Scores that no rule of the shape masks, of one head and so many rows of a sequence.</summary>
    private double VisibleScores(int rows, int newKeys)
    {
        double scores = 0;
        int keys = CachedRows + newKeys;
        for (int row = 0; row < rows; row++)
        {
            int position = CachedRows + row;
            int end = Shape.Causal ? position + 1 : keys;
            if (Shape.WindowRight >= 0)
                end = Math.Min(end, position + Shape.WindowRight + 1);
            int begin = Shape.WindowLeft >= 0 ? Math.Max(0, position - Shape.WindowLeft) : 0;
            scores += Math.Min(end, keys) - begin;
        }
        return scores;
    }
}
