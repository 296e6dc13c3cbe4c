using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Sizes that follow from the numbers of a class or from a call. The JIT folds the members without parameters.
public static partial class AttentionCall<TKernels, TConstants>
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Keys whose scores are normalised together, cut at key 0 of the sequence: the bits depend on it.</summary>
    private const int KeyBlock = PanelLayout.KeyBlock;

    /// <summary>Query heads that share a KV head.</summary>
    private static int Group { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TConstants.Heads / TConstants.KvHeads; }

    private static int QueryDim { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TConstants.Heads * TConstants.HeadDim; }

    private static int KeyDim { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TConstants.KvHeads * TConstants.HeadDim; }

    private static int ValueDim { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TConstants.KvHeads * TConstants.ValueHeadDim; }

    private static int JoinedDim { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TConstants.Heads * TConstants.ValueHeadDim; }

    /// <summary>Floats from the gates of a row to those of the next: whole panels.</summary>
    private static int GateStride { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => WholePanels(JoinedDim); }

    /// <summary>Queries that one KV head serves, for one row.</summary>
    private static int GroupDim { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => Group * TConstants.HeadDim; }

    /// <summary>The format of keys and values.</summary>
    private static KeyValueFormat KeyValues
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Has(NarrowKeyValues) ? TConstants.KeyValues : KeyValueFormat.Float32;
    }

    private static int ValueHeadDimPadded { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => WholePanels(TConstants.ValueHeadDim); }

    /// <summary>Floats from a row of what a branch of a layer gives to the next: whole panels, so that tiles write no row behind.</summary>
    private static int BranchStride { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => WholePanels(TConstants.DModel); }

    /// <summary>Floats of a projected row: whole panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WholePanels(int columns) => (columns + PanelWidth - 1) / PanelWidth * PanelWidth;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float At(ReadOnlySpan<float> span, nint index) => ref Unsafe.Add(ref MemoryMarshal.GetReference(span), index);

    /// <summary>Query rows of each sequence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Rows(in ForwardDimensions dimensions) => Has(FixedRows) ? TConstants.SequenceLength : dimensions.Rows;

    /// <summary>The first query row of a sequence, counted over the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint FirstRow(in SequenceCall call) => call.Index * Rows(in call.Dimensions);

    /// <summary>Keys of a sequence that no length masks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Visible(in SequenceCall call) => Has(KeyLengths) ? call.Arguments.KeyLengths[(int)call.Index] : call.Dimensions.Keys;

    /// <summary>Rows of a sequence that are computed: where padding is skipped, those at positions before its key length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint ComputedRows(in SequenceCall call) => Has(SkipPadding)
        ? Math.Clamp(call.Arguments.KeyLengths[(int)call.Index] - call.Dimensions.CachedKeys, 0, Rows(in call.Dimensions))
        : Rows(in call.Dimensions);

    /// <summary>Rows to bring into the panels: with a cache all new ones, without one those that no length masks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint NewKeys(in SequenceCall call)
    {
        // Returned scores of masked keys need these keys.
        bool all = Has(ScaledScores) || Has(CappedScores);
        if (!Has(Cache) || call.Arguments.Cache is null)
            return all ? call.Dimensions.Keys : Visible(in call);
        if (Has(CrossAttention))
            return 0;
        if (!Has(Projections))
            return call.Dimensions.Keys - call.Dimensions.CachedKeys;
        return all ? Rows(in call.Dimensions) : ComputedRows(in call);
    }

    /// <summary>The number of rows of a chunk. More rows would overwrite keys in the ring that the first of them sees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint ChunkRows(in AttentionArguments arguments, nint rows) =>
        Math.Max(1, arguments.Cache is { } cache ? Math.Min(rows, cache.ChunkRows) : rows);

    /// <summary>Keys that row 0 of a sequence sees, less one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Offset(in SequenceCall call, nint visible)
    {
        nint without = Has(BottomRight) ? visible - Rows(in call.Dimensions) : 0;
        return Has(Cache) && !Has(CrossAttention) && (!Has(BottomRight) || call.Arguments.Cache is not null) ? call.Dimensions.CachedKeys : without;
    }

    /// <summary>Floats of the keys and values that are alive at once: of one sequence, or of a group of short ones. A cache has its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint KeyValueFloats(in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        if (Has(Cache) && arguments.Cache is not null)
            return 0;
        if (!MayGroup(in arguments, in dimensions))
            return KeyValueFloats(dimensions.Keys) + (Has(Memory) ? KeyValueFloats(dimensions.MemoryKeys) : 0);
        return KeyValueFloats(SequenceGroup.Keys(dimensions.Batch, Rows(in dimensions), dimensions.Keys, TConstants.RowBlock, Has(Ragged)));
    }

    /// <summary>Floats of the keys and values of a number of keys, in whole panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint KeyValueFloats(nint keys) => TConstants.KvHeads
        * (KeyValueLayout.HeadFloats(KeyValues, SequenceGroup.WholePanels(keys), TConstants.HeadDim)
            + KeyValueLayout.HeadFloats(KeyValues, SequenceGroup.WholePanels(keys), ValueHeadDimPadded));

    /// <summary>Where the keys and values of a sequence lie.</summary>
    private static KeyValuePanels Panels(scoped in AttentionArguments arguments, scoped in ForwardDimensions dimensions, nint place, ref float keyValues)
    {
        if (Has(Cache) && arguments.Cache is { } cache)
            return cache.Panels(place);
        nint capacity = (dimensions.Keys + PanelWidth - 1) & ~(nint)(PanelWidth - 1);
        return new(KeyValues, ref keyValues, capacity, TConstants.KvHeads, TConstants.HeadDim, ValueHeadDimPadded);
    }
}
