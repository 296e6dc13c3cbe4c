using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Attention of a run of query rows whose probabilities a method of the user changes. The method takes normalised probabilities, so that maxima and sums over
// all keys come first; the pass that weights the values computes the scores again.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>
    /// Query rows of one KV head against the keys they see. The heads of key blocks are added as they are, in ascending order: no block is scaled.
    /// </summary>
    /// <returns>False if an output is NaN and a masked key may be the cause.</returns>
    [MethodImpl(Step)]
    private static bool AttendModified(
        in SequenceCall call, nint head, nint firstRow, nint first, nint count, bool careful, ref float queries, ref float joined, ref float scratch)
    {
        ref int ranges = ref RangesIn(ref scratch);
        FindRanges(in call, head, firstRow, first, count, ref ranges);
        if (TConstants.KeyPasses > 1)
            FindSums(in call, head, firstRow, first, count, ref queries, ref scratch);
        for (nint row = 0; row < count; row += TConstants.QueryBlock)
            SetFactors(ref BlockRange(ref ranges, row), ref StateOf(ref scratch, row));

        nint least = Unsafe.Add(ref ranges, RunRange), most = Unsafe.Add(ref ranges, RunRange + 1);
        bool widens = Widens(count, careful);
        for (nint key = least & ~(nint)(KeyBlock - 1); key < most; key += KeyBlock)
        {
            if (widens)
                WidenBlock(in call, head, Place(in call, key), Math.Max(least - key, 0), Math.Min(KeyBlock, most - key), ref scratch);
            for (nint row = 0; row < count; row += TConstants.QueryBlock)
                WeightBlock(in call, head, firstRow, first, count, careful, row, key, widens, ref queries, ref scratch);
        }

        bool anyNaN = false;
        for (nint row = 0; row < count; row += TConstants.QueryBlock)
        {
            nint rows = Math.Min(TConstants.QueryBlock, count - row);
            if (Has(AppendsKeys))
                WeightAppended(in call, head, first, rows, row, ref queries, ref scratch);
            anyNaN |= TKernels.JoinHeads(ref RunningHeads(ref scratch, row), ref StateOf(ref scratch, row), rows, first + row, head, ref joined);
        }

        return EndRun(in call, head, firstRow, first, count, careful, anyNaN, ref queries, ref scratch);
    }

    /// <summary>The maximum and the sum of each row over all keys that it sees.</summary>
    [MethodImpl(Step)]
    private static void FindSums(in SequenceCall call, nint head, nint firstRow, nint first, nint count, ref float queries, ref float scratch)
    {
        ref int ranges = ref RangesIn(ref scratch);
        nint least = Unsafe.Add(ref ranges, RunRange), most = Unsafe.Add(ref ranges, RunRange + 1);
        bool widens = Widens(count, false);
        for (nint key = least & ~(nint)(KeyBlock - 1); key < most; key += KeyBlock)
        {
            if (widens)
                WidenKeys(in call, head, Place(in call, key), Math.Max(least - key, 0), Math.Min(KeyBlock, most - key), ref scratch);
            for (nint row = 0; row < count; row += TConstants.QueryBlock)
            {
                if (!FindColumns(ref ranges, row, key, out nint begin, out nint columns))
                    continue;
                nint rows = Math.Min(TConstants.QueryBlock, count - row), from = begin & ~(nint)(VirtualLanes - 1);
                FinalScores(in call, head, firstRow, first, rows, from, columns, row, key, Place(in call, key), widens, ref queries, ref scratch);
                bool isFirst = key <= BlockRange(ref ranges, row);
                ref float softmax = ref StateOf(ref scratch, row);
                ref float state = ref isFirst ? ref softmax : ref Unsafe.Add(ref softmax, SoftmaxState.Block);
                TKernels.RangeSoftmax(
                    ref Unsafe.Add(ref scratch, TConstants.ScoresOffset), rows, from, columns, key, ref Unsafe.Add(ref ranges, 2 * row), ref state);
                if (!isFirst)
                    TKernels.Merge(ref softmax, rows);
            }
        }

        for (nint row = 0; row < count; row += TConstants.QueryBlock)
            FinishSums(in call, head, firstRow, first, Math.Min(TConstants.QueryBlock, count - row), row, ref queries, ref scratch);
    }

    /// <summary>What follows the last key in the sums of a query block: appended keys, then sinks; the log-sum-exp comes out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishSums(in SequenceCall call, nint head, nint firstRow, nint first, nint rows, nint row, ref float queries, ref float scratch)
    {
        bool seesNone = SeesNone(ref BlockRange(ref RangesIn(ref scratch), row));
        ref float softmax = ref StateOf(ref scratch, row);
        if (Has(AppendsKeys))
        {
            ScoreAppended(in call, head, first, ref queries, rows, row, ref scratch);
            AppendedSoftmax(rows, row, seesNone, ref scratch);
            if (!seesNone)
                TKernels.Merge(ref softmax, rows);
        }

        FinishState(in call, head, firstRow, first + row, rows, seesNone, ref softmax);
    }

    /// <summary>Factors of 1, with which the heads of key blocks are added. Where no pass found sums, that of rows that see a key is 1 too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetFactors(ref int blockRange, ref float softmax)
    {
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, SoftmaxState.OldFactor), SoftmaxState.Stride).Fill(1);
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, SoftmaxState.BlockFactor), SoftmaxState.Stride).Fill(1);
        if (TConstants.KeyPasses == 1)
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, SoftmaxState.Sum), SoftmaxState.Stride)
                .Fill(Has(AppendsKeys) || !SeesNone(ref blockRange) ? 1 : 0);
    }

    /// <summary>Weights the values of a key block for a query block: final scores, probabilities, the user's method, product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightBlock(
        in SequenceCall call, nint head, nint firstRow, nint first, nint count, bool careful, nint row, nint key, bool widens, ref float queries,
        ref float scratch)
    {
        ref int ranges = ref RangesIn(ref scratch);
        if (!FindColumns(ref ranges, row, key, out nint begin, out nint columns))
            return;
        nint rows = Math.Min(TConstants.QueryBlock, count - row), from = begin & ~(nint)(VirtualLanes - 1), place = Place(in call, key);
        FinalScores(in call, head, firstRow, first, rows, from, columns, row, key, place, widens, ref queries, ref scratch);
        // Scores tell which values are left out, so that these are copied before probabilities take the place of the scores.
        ref float values = ref SeenValues(in call, head, place, begin, columns, careful, widens, out nint valueStride, ref scratch);
        ModifyProbabilities(in call, head, firstRow, first, rows, from, columns, row, key, ref scratch);
        ScaleProbabilities(in call, head, place, begin, columns, rows, Has(MasksInside) && careful, ref scratch);
        AddWeighted(key <= BlockRange(ref ranges, row), row, rows, begin, columns, ref values, valueStride, !widens, ref scratch);
    }

    /// <summary>Weights the values of the appended keys by their probabilities, which the user's method does not get: they have no position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightAppended(in SequenceCall call, nint head, nint first, nint rows, nint row, ref float queries, ref float scratch)
    {
        ScoreAppended(in call, head, first, ref queries, rows, row, ref scratch);
        TKernels.AppendedProbabilities(
            ref Unsafe.Add(ref scratch, TConstants.ScoresOffset), rows, TConstants.AppendedKeys, ref StateOf(ref scratch, row));
        ref float values = ref Unsafe.Add(ref call.Context.AppendedValues, head * (PanelWidth * ValueHeadDimPadded));
        AddWeighted(
            SeesNone(ref BlockRange(ref RangesIn(ref scratch), row)), row, rows, 0, TConstants.AppendedKeys, ref values, PanelWidth * PanelWidth, false,
            ref scratch);
    }

    /// <summary>Adds the weighted values of a key block to the running heads; those of the first block become the running heads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddWeighted(
        bool isFirst, nint row, nint rows, nint begin, nint columns, ref float values, nint panelStride, bool areNarrow, ref float scratch)
    {
        ref float probabilities = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset + begin);
        ref float heads = ref RunningHeads(ref scratch, row);
        ref float blockHeads = ref isFirst ? ref heads : ref Unsafe.Add(ref scratch, TConstants.BlockHeadsOffset);
        Values(ref probabilities, rows, columns - begin, ref values, panelStride, areNarrow, ref blockHeads);
        if (!isFirst)
            TKernels.MergeHeads(ref heads, ref blockHeads, rows, ref StateOf(ref scratch, row));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ModifyProbabilities(
        in SequenceCall call, nint head, nint firstRow, nint first, nint rows, nint from, nint columns, nint row, nint key, ref float scratch) =>
        TKernels.ModifyProbabilities(
            ref Unsafe.Add(ref scratch, TConstants.ScoresOffset), rows, from, columns, head, first + row, key, firstRow,
            ref Unsafe.Add(ref RangesIn(ref scratch), 2 * row), ref StateOf(ref scratch, row), in call.Context);
}
