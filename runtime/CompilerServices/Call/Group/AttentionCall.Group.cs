using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Several short sequences in one row block: their rows are projected together, and each attends to its own keys.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Whether short sequences of this call may share a row block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool MayGroup(in AttentionArguments arguments, in ForwardDimensions dimensions) => SequenceGroup.MayForm(
        TConstants.Features, arguments.Cache is not null, Rows(in dimensions), Has(Ring) && arguments.Cache is { } cache ? cache.ChunkRows : int.MaxValue);

    /// <summary>Computes some sequences of a batch, those that fit into one row block together.</summary>
    [MethodImpl(Step)]
    private static void RunSequences(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint first, nint end, ref float scratch, ref float keyValues)
    {
        bool mayGroup = MayGroup(in arguments, in dimensions);
        while (first < end)
        {
            nint count = !mayGroup ? 1
                : Has(Ragged) ? SequenceGroup.CountRagged(arguments.RowOffsets, (int)first, TConstants.RowBlock)
                : SequenceGroup.Count(dimensions.Batch, Rows(in dimensions), TConstants.RowBlock);
            count = Math.Min(count, end - first);
            if (count == 1)
                RunSequence(weights, in arguments, in dimensions, first, ref scratch, ref keyValues);
            else
                RunGroup(weights, in arguments, in dimensions, first, count, ref scratch, ref keyValues);
            first += count;
        }
    }

    /// <summary>Computes a group of sequences.</summary>
    [MethodImpl(Step)]
    private static void RunGroup(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint first, nint count, ref float scratch, ref float keyValues)
    {
        arguments.Options.CancellationToken.ThrowIfCancellationRequested();
        nint firstRow = FirstRow(in arguments, in dimensions, first), rows = FirstRow(in arguments, in dimensions, first + count) - firstRow;
        if (rows == 0)
            return;
        bool isMasked = Has(KeyLengths) && !Has(CrossAttention) && (!Has(Cache) || arguments.Cache is null);
        if (isMasked)
            BringSeenKeys(weights, in arguments, in dimensions, first, count, ref scratch, ref keyValues);
        // Keys, values and queries are projected from the same rows.
        ref float source = ref AttentionRows(weights, ref At(arguments.Input, firstRow * TConstants.DModel), rows, ref scratch);
        if (!Has(CrossAttention) && !isMasked)
            BringKeysOfGroup(weights, in arguments, in dimensions, first, count, ref source, rows, ref scratch, ref keyValues);
        OutputGroup(weights, in arguments, in dimensions, first, count, firstRow, rows, ref source, ref scratch, ref keyValues);
    }

    /// <summary>
    /// Writes the keys and values of each sequence for itself: those that lengths mask are not computed, so the rows do not follow each other.
    /// </summary>
    [MethodImpl(Step)]
    private static void BringSeenKeys(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint first, nint count, ref float scratch, ref float keyValues)
    {
        for (nint index = 0, place = 0; index < count; index++)
        {
            SequenceCall call = Open(weights, in arguments, in dimensions, first + index, ref Unsafe.Add(ref keyValues, place));
            BringKeys(in call, 0, NewKeys(in call), ref scratch);
            place += KeyValueFloats(call.Dimensions.Keys);
        }
    }

    /// <summary>Projects all rows of a group to keys and values.</summary>
    [MethodImpl(Step)]
    private static void BringKeysOfGroup(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint first, nint count, ref float source, nint rows,
        ref float scratch, ref float keyValues)
    {
        ref float strip = ref Unsafe.Add(ref scratch, TConstants.StripOffset);
        ProjectMemory(weights.Key, ref source, rows, 0, WholePanels(KeyDim) / PanelWidth, ref strip, WholePanels(KeyDim), ref scratch, isQuantized: false);
        WriteGroup(weights, in arguments, in dimensions, first, count, ref strip, WholePanels(KeyDim), ref keyValues, isValue: false);
        ProjectMemory(weights.Value, ref source, rows, 0, WholePanels(ValueDim) / PanelWidth, ref strip, WholePanels(ValueDim), ref scratch, isQuantized: true);
        WriteGroup(weights, in arguments, in dimensions, first, count, ref strip, WholePanels(ValueDim), ref keyValues, isValue: true);
    }

    /// <summary>Writes the projected keys, or values, of a group into the panels of each sequence.</summary>
    [MethodImpl(Step)]
    private static void WriteGroup(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint first, nint count, ref float strip, nint stride,
        ref float keyValues, bool isValue)
    {
        for (nint index = 0, place = 0; index < count; index++)
        {
            SequenceCall call = Open(weights, in arguments, in dimensions, first + index, ref Unsafe.Add(ref keyValues, place));
            nint rows = Rows(in call.Dimensions);
            if (!isValue)
                ChangeKeys(in call, 0, ref strip, stride, rows, TConstants.KvHeads, 0);
            for (nint head = 0; head < TConstants.KvHeads; head++)
            {
                if (isValue)
                    WriteValues(in call, head, ref Unsafe.Add(ref strip, head * TConstants.ValueHeadDim), stride, rows, 0);
                else
                    WriteKeys(in call, head, ref Unsafe.Add(ref strip, head * TConstants.HeadDim), stride, rows, 0);
            }

            strip = ref Unsafe.Add(ref strip, rows * stride);
            place += KeyValueFloats(call.Dimensions.Keys);
        }
    }

    /// <summary>Computes the output of a group, whose keys and values are already in the panels.</summary>
    [MethodImpl(Step)]
    private static void OutputGroup(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint first, nint count, nint firstRow, nint rows,
        ref float source, ref float scratch, ref float keyValues)
    {
        ref float strip = ref Unsafe.Add(ref scratch, TConstants.StripOffset);
        ref float queries = ref Unsafe.Add(ref scratch, TConstants.QueriesOffset);
        ProjectInput(weights.Query, ref source, rows, 0, WholePanels(QueryDim) / PanelWidth, ref strip, WholePanels(QueryDim), ref scratch);
        if (Has(OutputGate))
            ProjectGates(weights, ref source, rows, ref scratch);
        for (nint index = 0, row = 0; index < count; index++)
        {
            SequenceCall call = Open(weights, in arguments, in dimensions, first + index, ref keyValues);
            nint own = Rows(in call.Dimensions);
            ref float projected = ref Unsafe.Add(ref strip, row * WholePanels(QueryDim));
            ChangeQueries(in call, 0, ref projected, WholePanels(QueryDim), own, TConstants.Heads, 0);
            WriteQueries(ref projected, own, ref Unsafe.Add(ref queries, row * QueryDim));
            row += own;
        }

        // After the queries are laid out, their strip is free for the joined heads.
        ref float joined = ref JoinsInScratch ? ref strip : ref At(arguments.Output, firstRow * JoinedDim);
        for (nint index = 0, row = 0, place = 0; index < count; index++)
        {
            SequenceCall call = Open(weights, in arguments, in dimensions, first + index, ref Unsafe.Add(ref keyValues, place));
            nint own = Rows(in call.Dimensions);
            for (nint head = 0; head < TConstants.KvHeads; head++)
                AttendHead(
                    in call,
                    head,
                    0,
                    own,
                    ref Unsafe.Add(ref queries, (row * QueryDim) + (head * own * GroupDim)),
                    ref Unsafe.Add(ref joined, row * JoinedDim),
                    ref scratch);
            row += own;
            place += KeyValueFloats(call.Dimensions.Keys);
        }

        if (Has(OutputGate))
            GateHeads(ref joined, rows, ref scratch);
        if (!ProjectsHeads)
            return;
        ref float input = ref At(arguments.Input, firstRow * TConstants.DModel), output = ref At(arguments.Output, firstRow * TConstants.DModel);
        if (Has(Memory))
            FinishGroup(weights, in arguments, in dimensions, first, count, ref joined, rows, ref input, ref output, ref scratch, ref keyValues);
        else
            FinishRows(weights, ref joined, rows, ref input, ref output, SavedOf(in arguments), firstRow, ref scratch);
    }

    /// <summary>The first row of a sequence, counted over the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint FirstRow(in AttentionArguments arguments, in ForwardDimensions dimensions, nint sequence) =>
        Has(Ragged) ? arguments.RowOffsets[(int)sequence] : sequence * Rows(in dimensions);
}
