using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Attention of a run of query rows that have their own ranges of keys, or whose scores are changed before the softmax.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>The number of scores that softmax reads as a group.</summary>
    private const int VirtualLanes = 32;

    /// <summary>Floats from a value panel of a key block in scratch to the next.</summary>
    private const int BlockStride = KeyBlock * PanelWidth;

    /// <summary>
    /// Query rows of one KV head against the keys they see: each key block serves every query block before the next is read. A careful pass over one row
    /// leaves the values of masked keys out; another one multiplies them by 0.
    /// </summary>
    /// <returns>False if an output is NaN and a masked key may be the cause.</returns>
    [MethodImpl(Step)]
    private static bool AttendRanges(
        in SequenceCall call, nint head, nint firstRow, nint first, nint count, bool careful, ref float queries, ref float joined, ref float scratch)
    {
        ref int ranges = ref RangesIn(ref scratch);
        FindRanges(in call, head, firstRow, first, count, ref ranges);
        nint least = Unsafe.Add(ref ranges, RunRange), most = Unsafe.Add(ref ranges, RunRange + 1);
        bool widens = Widens(count, careful);
        for (nint key = least & ~(nint)(KeyBlock - 1); key < most; key += KeyBlock)
        {
            if (widens)
                WidenBlock(in call, head, Place(in call, key), Math.Max(least - key, 0), Math.Min(KeyBlock, most - key), ref scratch);
            for (nint row = 0; row < count; row += TConstants.QueryBlock)
                AttendBlock(in call, head, firstRow, first, count, careful, row, key, widens, ref queries, ref scratch);
        }

        bool anyNaN = false;
        for (nint row = 0; row < count; row += TConstants.QueryBlock)
            anyNaN |= FinishBlock(in call, head, firstRow, first, Math.Min(TConstants.QueryBlock, count - row), row, ref queries, ref joined, ref scratch);
        return EndRun(in call, head, firstRow, first, count, careful, anyNaN, ref queries, ref scratch);
    }

    /// <summary>Writes scores or probabilities for the caller, where the run has its final heads.</summary>
    /// <returns>False if an output is NaN and a masked key may be the cause.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool EndRun(
        in SequenceCall call, nint head, nint firstRow, nint first, nint count, bool careful, bool anyNaN, ref float queries, ref float scratch)
    {
        bool isFinal = !anyNaN || (Has(MasksInside) ? careful : count == 1);
        if (Has(Probabilities) || Has(ScaledScores) || Has(CappedScores) || Has(MaskedScores))
        {
            if (isFinal && (TakesProbabilities(in call) || TakesScores(in call)))
                WriteExtraOutputs(in call, head, firstRow, first, count, ref queries, ref scratch);
        }

        return isFinal;
    }

    /// <summary>Computes a query block with a key block: scores, changes of the scores, softmax, weighted values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AttendBlock(
        in SequenceCall call, nint head, nint firstRow, nint first, nint count, bool careful, nint row, nint key, bool widens, ref float queries,
        ref float scratch)
    {
        ref int ranges = ref RangesIn(ref scratch);
        if (!FindColumns(ref ranges, row, key, out nint begin, out nint columns))
            return;
        nint rows = Math.Min(TConstants.QueryBlock, count - row);
        // Whole groups of the virtual lanes.
        nint from = begin & ~(nint)(VirtualLanes - 1);
        nint place = Place(in call, key);
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        FinalScores(in call, head, firstRow, first, rows, from, columns, row, key, place, widens, ref queries, ref scratch);
        ref float blockValues = ref SeenValues(in call, head, place, begin, columns, careful, widens, out nint valueStride, ref scratch);
        bool copies = Has(MasksInside) && careful;
        bool isFirst = key <= BlockRange(ref ranges, row);
        ref float softmax = ref StateOf(ref scratch, row);
        ref float state = ref isFirst ? ref softmax : ref Unsafe.Add(ref softmax, SoftmaxState.Block);
        TKernels.RangeSoftmax(ref scores, rows, from, columns, key, ref Unsafe.Add(ref ranges, 2 * row), ref state);
        if (Drops(in call))
            DropOut(in call, head, firstRow, first + row, rows, key, from, columns, ref scores);
        ScaleProbabilities(in call, head, place, begin, columns, rows, copies, ref scratch);
        AddValues(isFirst, row, rows, columns - begin, ref Unsafe.Add(ref scores, begin), ref blockValues, valueStride, !widens, ref scratch);
    }

    /// <summary>Scores of a query block and a key block as the softmax reads them, from a column on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinalScores(
        in SequenceCall call, nint head, nint firstRow, nint first, nint rows, nint from, nint columns, nint row, nint key, nint place, bool widens,
        ref float queries, ref float scratch)
    {
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        ref float blockQueries = ref Unsafe.Add(ref queries, (first + row) * TConstants.HeadDim);
        if (Has(NarrowKeyValues))
        {
            NarrowBlockScores(in call, head, place, from, widens, ref blockQueries, rows, PanelsOf(columns - from), ref scratch);
        }
        else
        {
            ref float keys = ref Unsafe.Add(ref call.Panels.Keys, (head * call.Panels.KeyHeadStride) + ((place + from) * TConstants.HeadDim));
            TKernels.Scores(ref blockQueries, rows, ref keys, PanelsOf(columns - from), ref Unsafe.Add(ref scores, from));
        }

        if (Has(ModifiesScores))
            Modify(in call, head, firstRow, first, rows, from, columns, row, key, ref scratch);
    }

    /// <summary>The values of a key block, from a key on. A careful pass copies them with those of masked keys left out, as the final scores tell.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float SeenValues(
        in SequenceCall call, nint head, nint place, nint begin, nint columns, bool careful, bool widens, out nint stride, ref float scratch)
    {
        ref float values = ref BlockValues(in call, head, place, begin, widens, out stride, ref scratch);
        if (!Has(MasksInside) || !careful)
            return ref values;
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        ref float seen = ref Unsafe.Add(ref scratch, TConstants.SeenValuesOffset);
        MaskRows.CopySeenValues(
            ref Unsafe.Add(ref scores, begin), columns - begin, ref values, stride, ValueHeadDimPadded / PanelWidth, ref seen, BlockStride);
        CopySeenScales(in call, head, place, begin, columns, ref scratch);
        stride = BlockStride;
        return ref seen;
    }

    /// <summary>Finishes a query block after its last key block: appended keys, sums, joined heads.</summary>
    /// <returns>Whether an output is NaN.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool FinishBlock(
        in SequenceCall call, nint head, nint firstRow, nint first, nint rows, nint row, ref float queries, ref float joined, ref float scratch)
    {
        bool seesNone = SeesNone(ref BlockRange(ref RangesIn(ref scratch), row));
        ref float softmax = ref StateOf(ref scratch, row);
        if (Has(AppendsKeys))
            AttendAppended(in call, head, firstRow, first, ref queries, rows, row, seesNone, ref scratch);
        FinishState(in call, head, firstRow, first + row, rows, seesNone, ref softmax);
        if (Has(Gradients))
            KeepSoftmax(in call, head, firstRow, first + row, rows, ref softmax);
        return TKernels.JoinHeads(ref RunningHeads(ref scratch, row), ref softmax, rows, first + row, head, ref joined);
    }

    /// <summary>Ends the maxima and sums of a query block: those of rows that see no key, then sinks; the log-sum-exp comes out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishState(in SequenceCall call, nint head, nint firstRow, nint row, nint rows, bool seesNone, ref float softmax)
    {
        if (!Has(AppendsKeys) && seesNone)
        {
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, SoftmaxState.Sum), (int)rows).Clear();
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, SoftmaxState.Maximum), (int)rows).Fill(float.NegativeInfinity);
        }

        if (Has(Sinks) || (Has(LogSumExp) && !Unsafe.IsNullRef(ref call.Context.LogSumExp)))
            TKernels.Finish(ref softmax, rows, row, head, firstRow, in call.Context);
    }

    /// <summary>The columns of a key block that a query block sees.</summary>
    /// <returns>False where there are none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool FindColumns(ref int ranges, nint row, nint key, out nint begin, out nint columns)
    {
        ref int blockRange = ref BlockRange(ref ranges, row);
        begin = Math.Max(blockRange - key, 0);
        columns = Math.Min(KeyBlock, Unsafe.Add(ref blockRange, 1) - key);
        return columns > begin;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SeesNone(ref int blockRange) => blockRange >= Unsafe.Add(ref blockRange, 1);

    /// <summary>Keys behind the last one are a block of their own, so that the bits do not depend on how many keys come before.</summary>
    [MethodImpl(Step)]
    private static void AttendAppended(
        in SequenceCall call, nint head, nint firstRow, nint first, ref float queries, nint rows, nint row, bool isFirst, ref float scratch)
    {
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        ref float values = ref Unsafe.Add(ref call.Context.AppendedValues, head * (PanelWidth * ValueHeadDimPadded));
        ScoreAppended(in call, head, first, ref queries, rows, row, ref scratch);
        AppendedSoftmax(rows, row, isFirst, ref scratch);
        if (Drops(in call))
            DropOut(in call, head, firstRow, first + row, rows, unchecked((nint)DropoutMask.AppendedKeys), 0, TConstants.AppendedKeys, ref scores);
        AddValues(isFirst, row, rows, TConstants.AppendedKeys, ref scores, ref values, PanelWidth * PanelWidth, false, ref scratch);
    }

    /// <summary>Scores of a query block and the appended keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoreAppended(in SequenceCall call, nint head, nint first, ref float queries, nint rows, nint row, ref float scratch)
    {
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        ref float keys = ref Unsafe.Add(ref call.Context.AppendedKeys, head * (PanelWidth * TConstants.HeadDim));
        TKernels.Scores(ref Unsafe.Add(ref queries, (first + row) * TConstants.HeadDim), rows, ref keys, 1, ref scores);
        if (Has(Softcap))
            TKernels.Cap(ref scores, rows, PanelWidth);
    }

    /// <summary>The softmax of the scores of appended keys, which every row sees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AppendedSoftmax(nint rows, nint row, bool isFirst, ref float scratch)
    {
        ref int ranges = ref Unsafe.As<float, int>(ref Unsafe.Add(ref scratch, TConstants.AppendedRangesOffset));
        for (nint index = 0; index < rows; index++)
        {
            Unsafe.Add(ref ranges, 2 * index) = 0;
            Unsafe.Add(ref ranges, (2 * index) + 1) = TConstants.AppendedKeys;
        }

        ref float softmax = ref StateOf(ref scratch, row);
        ref float state = ref isFirst ? ref softmax : ref Unsafe.Add(ref softmax, SoftmaxState.Block);
        TKernels.RangeSoftmax(ref Unsafe.Add(ref scratch, TConstants.ScoresOffset), rows, 0, TConstants.AppendedKeys, 0, ref ranges, ref state);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Modify(
        in SequenceCall call, nint head, nint firstRow, nint first, nint rows, nint from, nint columns, nint row, nint key, ref float scratch)
    {
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        ref float maskLine = ref Has(BooleanMask) || Has(AdditiveMask) ? ref Unsafe.Add(ref scratch, TConstants.MaskLinesOffset) : ref scores;
        TKernels.Modify(
            ref scores,
            rows,
            from,
            columns,
            head,
            first + row,
            key,
            firstRow,
            ref Unsafe.Add(ref RangesIn(ref scratch), 2 * row),
            ref maskLine,
            in call.Context);
    }
}
