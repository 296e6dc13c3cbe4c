using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>The numbers of a class that decide how a call is cut, as data: schedules are a function of them, and tests may ask for any.</summary>
internal readonly record struct CallNumbers
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    public required AttentionFeatures Features { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int ValueHeadDim { get; init; }

    /// <summary>The format of keys and values.</summary>
    public KeyValueFormat KeyValues { get; init; }

    public required int DModel { get; init; }

    public required int MemoryDim { get; init; }

    /// <summary>Width of the rows that values are projected from, where these have an input of their own; otherwise 0.</summary>
    public int ValueInputDim { get; init; }

    /// <summary>Width of the rows between the products of a layer's feed-forward network, or 0.</summary>
    public int FeedForwardDim { get; init; }

    /// <summary>Floats from a row between these products to the next, or 0.</summary>
    public int HiddenStride { get; init; }

    public required int RowBlock { get; init; }

    public required int FewRows { get; init; }

    public required int PartRows { get; init; }

    public required int PartsPerThread { get; init; }

    public required int ColumnUnit { get; init; }

    public required int ScratchFloats { get; init; }

    /// <summary>Keys that one row can see at most: a window or a chunk bounds them.</summary>
    public int MostVisibleKeys { get; init; } = int.MaxValue;

    public CallNumbers()
    {
    }

    public int QueryDim => Heads * HeadDim;

    public int KeyDim => KvHeads * HeadDim;

    public int ValueDim => KvHeads * ValueHeadDim;

    public int JoinedDim => Heads * ValueHeadDim;

    public int QueryPanels => Panels(QueryDim);

    /// <summary>Panels of keys that are projected with the queries: none where a memory has been.</summary>
    public int KeyPanels => Has(AttentionFeatures.CrossAttention) ? 0 : Panels(KeyDim);

    /// <summary>The same of values.</summary>
    public int ValuePanels => Has(AttentionFeatures.CrossAttention) ? 0 : Panels(ValueDim);

    /// <summary>Panels of the output projection, or none.</summary>
    public int OutputPanels => Has(AttentionFeatures.JoinedOutput) ? 0 : Panels(DModel);

    /// <summary>Panels of the gates of the joined heads.</summary>
    public int GatePanels => Has(AttentionFeatures.OutputGate) ? Panels(JoinedDim) : 0;

    /// <summary>Whether threads share the heads of a sequence where rows are few. The mean of the heads is added up by one thread.</summary>
    public bool SharesHeads => (Has(AttentionFeatures.Projections) || KvHeads > 1) && !Has(AttentionFeatures.AveragedProbabilities);

    /// <summary>
    /// Shared floats of one row where columns are parts: projected queries, keys and values, laid-out queries, joined heads and their gates, of a layer what
    /// its branches give, and of a decoder layer the sum after its self-attention.
    /// </summary>
    public nint ColumnFloats => ((nint)(QueryPanels + Panels(KeyDim) + Panels(ValueDim)) * PanelWidth) + QueryDim + JoinedDim + (GatePanels * PanelWidth)
        + (Has(AttentionFeatures.Layer) ? (OutputPanels * PanelWidth) + HiddenStride : 0) + (Has(AttentionFeatures.Memory) ? DModel : 0);

    public int FeedForwardPanels => Panels(FeedForwardDim);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static CallNumbers Of<TConstants>()
        where TConstants : struct, IAttentionConstants => new()
        {
            Features = TConstants.Features,
            Heads = TConstants.Heads,
            KvHeads = TConstants.KvHeads,
            HeadDim = TConstants.HeadDim,
            ValueHeadDim = TConstants.ValueHeadDim,
            KeyValues = (TConstants.Features & AttentionFeatures.NarrowKeyValues) != 0 ? TConstants.KeyValues : KeyValueFormat.Float32,
            DModel = TConstants.DModel,
            MemoryDim = TConstants.MemoryDim,
            ValueInputDim = (TConstants.Features & AttentionFeatures.ValueInput) != 0 ? TConstants.ValueInputDim : 0,
            FeedForwardDim = (TConstants.Features & AttentionFeatures.Layer) != 0 ? TConstants.FeedForwardDim : 0,
            HiddenStride = (TConstants.Features & AttentionFeatures.Layer) != 0 ? TConstants.HiddenStride : 0,
            RowBlock = TConstants.RowBlock,
            FewRows = TConstants.FewRows,
            PartRows = TConstants.PartRows,
            PartsPerThread = TConstants.PartsPerThread,
            ColumnUnit = TConstants.ColumnUnit,
            ScratchFloats = TConstants.ScratchFloats,
            MostVisibleKeys = VisibleKeys(TConstants.Features, TConstants.WindowLeft, TConstants.WindowRight, TConstants.ChunkSize),
        };

    /// <summary>The largest number of keys that one row can see. A prefix is seen by all rows, whatever the window, so its length is not known here.</summary>
    public static int VisibleKeys(AttentionFeatures features, int windowLeft, int windowRight, int chunkSize)
    {
        if ((features & AttentionFeatures.PrefixLengths) != 0)
            return int.MaxValue;
        long most = int.MaxValue;
        bool isCausal = (features & AttentionFeatures.Causal) != 0;
        if ((features & AttentionFeatures.WindowLeft) != 0 && (isCausal || (features & AttentionFeatures.WindowRight) != 0))
            most = Math.Min(most, windowLeft + 1L + (isCausal ? 0 : windowRight));
        if ((features & AttentionFeatures.Chunks) != 0)
            most = Math.Min(most, chunkSize);
        return (int)most;
    }

    public bool Has(AttentionFeatures feature) => (Features & feature) != 0;

    /// <summary>Floats of the keys and values of what is alive at once in a call without a cache: one sequence, or a group of short ones.</summary>
    public nint GroupKeyValueFloats(in CallSizes sizes)
    {
        bool mayGroup = SequenceGroup.MayForm(Features, sizes.HasCache, sizes.Rows, sizes.ChunkRows);
        return MemoryFloats(in sizes)
            + KeyValueFloats(!mayGroup ? sizes.Keys : SequenceGroup.Keys(sizes.Batch, sizes.Rows, sizes.Keys, RowBlock, Has(AttentionFeatures.Ragged)));
    }

    /// <summary>Floats of the keys and values of the memory of one sequence, of a layer with cross-attention in a call without a cache.</summary>
    public nint MemoryFloats(in CallSizes sizes) => Has(AttentionFeatures.Memory) ? KeyValueFloats(sizes.MemoryKeys) : 0;

    /// <summary>Floats of the keys and values of one sequence that has no cache.</summary>
    public nint KeyValueFloats(nint keys) => KvHeads
        * (KeyValueLayout.HeadFloats(KeyValues, SequenceGroup.WholePanels(keys), HeadDim)
            + KeyValueLayout.HeadFloats(KeyValues, SequenceGroup.WholePanels(keys), Panels(ValueHeadDim) * PanelWidth));

    private static int Panels(int columns) => (int)(((long)columns + PanelWidth - 1) / PanelWidth);
}

/// <summary>The sizes of a call that decide how it is cut.</summary>
internal readonly record struct CallSizes
{
    /// <summary>Sequences.</summary>
    public required int Batch { get; init; }

    /// <summary>Query rows of all sequences.</summary>
    public required long AllRows { get; init; }

    /// <summary>Keys of all sequences: for cross-attention without a cache, the rows of the memory.</summary>
    public required long AllKeys { get; init; }

    /// <summary>Query rows of the longest sequence.</summary>
    public required int Rows { get; init; }

    /// <summary>Keys of the longest sequence, cached ones included.</summary>
    public required int Keys { get; init; }

    /// <summary>Keys that were in the cache of self-attention before the call.</summary>
    public required int CachedKeys { get; init; }

    /// <summary>Whether keys and values lie in a cache.</summary>
    public required bool HasCache { get; init; }

    /// <summary>Memory rows of the longest sequence, for a layer with self-attention and cross-attention.</summary>
    public int MemoryKeys { get; init; }

    /// <summary>Elements of all memory rows that come with the call.</summary>
    public long MemoryElements { get; init; }

    /// <summary>Rows whose keys a ring has room for before it needs their outputs.</summary>
    public int ChunkRows { get; init; } = int.MaxValue;

    public CallSizes()
    {
    }
}
