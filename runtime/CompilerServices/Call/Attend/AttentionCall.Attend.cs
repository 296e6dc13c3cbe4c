using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Attention of one KV head: runs of query rows, key blocks, query blocks.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Attention of the query heads of one KV head, a run of query rows at a time.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="firstRow">Which row of the sequence the first row is.</param>
    /// <param name="rows">Input rows.</param>
    /// <param name="queries">[rows · group][HeadDim].</param>
    /// <param name="joined">[rows, Heads · ValueHeadDim].</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void AttendHead(in SequenceCall call, nint head, nint firstRow, nint rows, ref float queries, ref float joined, ref float scratch)
    {
        nint grouped = rows * Group;
        if (Has(Gradients))
            KeepQueries(in call, head, firstRow, rows, ref queries);
        for (nint first = 0; first < grouped; first += TConstants.QueryRun)
        {
            nint count = Math.Min(TConstants.QueryRun, grouped - first);
            if (AttendRun(in call, head, firstRow, first, count, false, ref queries, ref joined, ref scratch) || !Has(MasksKeys))
                continue;
            // A masked key may hold NaN or infinity, and 0 times NaN is NaN. A single row reads visible keys only, and has the same bits.
            for (nint row = first; row < first + count; row++)
                AttendRun(in call, head, firstRow, row, 1, true, ref queries, ref joined, ref scratch);
        }

        if (Has(Gradients))
            KeepHeads(in call, head, firstRow, rows, ref joined);
        if (Has(HeadMask))
            MaskHeads(call.Arguments.HeadMask, head, 1, rows, ref joined);
    }

    /// <summary>Multiplies the joined heads of some KV heads by their factors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MaskHeads(ReadOnlySpan<float> factors, nint first, nint count, nint rows, ref float joined) => StridedRows.Multiply(
        ref Unsafe.Add(ref joined, first * Group * TConstants.ValueHeadDim), JoinedDim, rows, factors.Slice((int)first * Group, (int)count * Group),
        TConstants.ValueHeadDim);

    /// <summary>Computes a run of query rows. The JIT folds the choice of the method.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AttendRun(
        in SequenceCall call, nint head, nint firstRow, nint first, nint count, bool careful, ref float queries, ref float joined,
        ref float scratch) => Has(ModifiesProbabilities)
        ? AttendModified(in call, head, firstRow, first, count, careful, ref queries, ref joined, ref scratch)
        : Has(Ranges)
        ? AttendRanges(in call, head, firstRow, first, count, careful, ref queries, ref joined, ref scratch)
        : AttendVisible(in call, head, firstRow, first, count, ref queries, ref joined, ref scratch);

    /// <summary>
    /// Computes query rows of one KV head that see all keys, or all keys up to their position. Each key block serves every query block before the
    /// next key block is read.
    /// </summary>
    /// <returns>False if an output is NaN and the rows see different keys: a masked key may be the cause.</returns>
    [MethodImpl(Step)]
    private static bool AttendVisible(
        in SequenceCall call, nint head, nint firstRow, nint first, nint count, ref float queries, ref float joined, ref float scratch)
    {
        ref float keys = ref Unsafe.Add(ref call.Panels.Keys, head * call.Panels.KeyHeadStride);
        ref float values = ref Unsafe.Add(ref call.Panels.Values, head * call.Panels.ValueHeadStride);
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        nint visible = Visible(in call), offset = Has(Causal) ? firstRow + Offset(in call, visible) : 0;
        nint most = Seen(first + count - 1, visible, offset);
        bool widens = Widens(count, false);
        for (nint key = 0; key < most; key += KeyBlock)
        {
            nint place = Place(in call, key);
            if (widens)
                WidenBlock(in call, head, place, 0, Math.Min(KeyBlock, most - key), ref scratch);
            for (nint row = 0; row < count; row += TConstants.QueryBlock)
            {
                nint rows = Math.Min(TConstants.QueryBlock, count - row);
                nint columns = Math.Min(KeyBlock, Seen(first + row + rows - 1, visible, offset) - key);
                if (Has(Causal) && columns <= 0)
                    continue;
                ref float softmax = ref StateOf(ref scratch, row);
                ref float state = ref key == 0 ? ref softmax : ref Unsafe.Add(ref softmax, SoftmaxState.Block);
                ref float blockQueries = ref Unsafe.Add(ref queries, (first + row) * TConstants.HeadDim);
                if (Has(NarrowKeyValues))
                    NarrowBlockScores(in call, head, place, 0, widens, ref blockQueries, rows, PanelsOf(columns), ref scratch);
                else
                    TKernels.Scores(ref blockQueries, rows, ref Unsafe.Add(ref keys, place * TConstants.HeadDim), PanelsOf(columns), ref scores);
                if (Has(Causal))
                    TKernels.CausalSoftmax(ref scores, rows, columns, first + row, offset + 1 - key, ref state);
                else
                    TKernels.Softmax(ref scores, rows, columns, ref state);
                if (Drops(in call))
                    DropOut(in call, head, firstRow, first + row, rows, key, 0, columns, ref scores);
                if (Has(NarrowKeyValues))
                    AddNarrowValues(in call, key == 0, row, rows, head, place, 0, columns, widens, ref scratch);
                else
                    AddValues(
                        key == 0, row, rows, columns, ref scores, ref Unsafe.Add(ref values, place * PanelWidth), call.Panels.ValuePanelStride, false,
                        ref scratch);
            }
        }

        bool anyNaN = false;
        for (nint row = 0; row < count; row += TConstants.QueryBlock)
        {
            nint rows = Math.Min(TConstants.QueryBlock, count - row);
            ref float softmax = ref StateOf(ref scratch, row);
            if (Seen(first + row + rows - 1, visible, offset) <= 0)
                MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, SoftmaxState.Sum), (int)rows).Clear();
            if (Has(Gradients))
                KeepSoftmax(in call, head, firstRow, first + row, rows, ref softmax);
            anyNaN |= TKernels.JoinHeads(ref RunningHeads(ref scratch, row), ref softmax, rows, first + row, head, ref joined);
        }

        return !anyNaN || count == 1;
    }

    /// <summary>Keys that a row of the head sees, counted from the sequence's first; the last row of a block bounds its loop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Seen(nint row, nint visible, nint offset) => Has(Causal) ? Math.Min(visible, InputRow(row) + offset + 1) : visible;

    /// <summary>The input row of a row of a KV head: row e is query head e mod group of input row e / group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint InputRow(nint row) => Group == 1 ? row : row / Group;

    /// <summary>The query head of a row of a KV head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint QueryHead(nint head, nint row) => Group == 1 ? head : (head * Group) + (row % Group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint PanelsOf(nint columns) => (columns + PanelWidth - 1) >> 4;

    /// <summary>Each query block of a run has its own softmax state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float StateOf(ref float scratch, nint row) =>
        ref Unsafe.Add(ref scratch, TConstants.SoftmaxOffset + (row * (SoftmaxState.Floats / TConstants.QueryBlock)));

    /// <summary>Each query block of a run has its own running heads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float RunningHeads(ref float scratch, nint row) =>
        ref Unsafe.Add(ref scratch, TConstants.RunningHeadsOffset + (row * ValueHeadDimPadded));

    /// <summary>
    /// Adds the weighted values of a key block. Those of the first block become the running heads; those of later blocks are merged into them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddValues(
        bool isFirst, nint row, nint rows, nint keys, ref float probabilities, ref float values, nint panelStride, bool areNarrow, ref float scratch)
    {
        ref float heads = ref RunningHeads(ref scratch, row);
        if (isFirst)
        {
            Values(ref probabilities, rows, keys, ref values, panelStride, areNarrow, ref heads);
            return;
        }

        ref float softmax = ref StateOf(ref scratch, row);
        ref float blockHeads = ref Unsafe.Add(ref scratch, TConstants.BlockHeadsOffset);
        TKernels.Merge(ref softmax, rows);
        Values(ref probabilities, rows, keys, ref values, panelStride, areNarrow, ref blockHeads);
        TKernels.MergeHeads(ref heads, ref blockHeads, rows, ref softmax);
    }

    /// <summary>Products of probabilities and values, which may be in their narrow format.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Values(ref float probabilities, nint rows, nint keys, ref float values, nint panelStride, bool areNarrow, ref float heads)
    {
        if (Has(NarrowKeyValues) && areNarrow)
            NarrowValues.Compute(
                TConstants.KeyValues, ref probabilities, rows, TConstants.ScoreStride, keys, ref values, panelStride, ValueHeadDimPadded, ref heads);
        else
            TKernels.Values(ref probabilities, rows, keys, ref values, panelStride, ref heads);
    }
}
