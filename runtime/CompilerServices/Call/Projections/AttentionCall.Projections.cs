using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The projections, the norms and rotations after them, and the layouts that the attention reads.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Projects rows to keys and values and writes them into panels.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="source">The first row.</param>
    /// <param name="valueSource">The first row that values come from, where these have an input of their own; otherwise it is not read.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="first">Which of the new keys the first row is.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void ProjectKeysAndValues(
        in SequenceCall call, ref float source, ref float valueSource, nint rows, nint first, ref float scratch)
    {
        PackedMatrix keys = call.Weights.Key, values = call.Weights.Value;
        ref float strip = ref Unsafe.Add(ref scratch, TConstants.StripOffset);
        nint step = BlockStep(rows);
        for (nint row = 0; row < rows; row += step)
        {
            call.Arguments.Options.CancellationToken.ThrowIfCancellationRequested();
            nint count = Math.Min(step, rows - row);
            ref float block = ref AttentionRows(call.Weights, ref Unsafe.Add(ref source, row * TConstants.MemoryDim), count, ref scratch);
            ProjectMemory(keys, ref block, count, 0, WholePanels(KeyDim) / PanelWidth, ref strip, WholePanels(KeyDim), ref scratch, isQuantized: false);
            ChangeKeys(in call, 0, ref strip, WholePanels(KeyDim), count, TConstants.KvHeads, first + row);
            for (nint head = 0; head < TConstants.KvHeads; head++)
                WriteKeys(in call, head, ref Unsafe.Add(ref strip, head * TConstants.HeadDim), WholePanels(KeyDim), count, first + row);
            if (Has(ValueInput))
                ProjectValueInput(
                    values, ref Unsafe.Add(ref valueSource, row * TConstants.ValueInputDim), count, 0, WholePanels(ValueDim) / PanelWidth, ref strip,
                    WholePanels(ValueDim), ref scratch);
            else
                ProjectMemory(
                    values, ref block, count, 0, WholePanels(ValueDim) / PanelWidth, ref strip, WholePanels(ValueDim), ref scratch, isQuantized: true);
            for (nint head = 0; head < TConstants.KvHeads; head++)
                WriteValues(in call, head, ref Unsafe.Add(ref strip, head * TConstants.ValueHeadDim), WholePanels(ValueDim), count, first + row);
        }
    }

    /// <summary>Projects a row block to queries, laid out by KV head, times the factor of the scores.</summary>
    [MethodImpl(Step)]
    private static void ProjectQueries(in SequenceCall call, nint first, nint rows, ref float strip, ref float queries, ref float scratch)
    {
        ref float input = ref AttentionRows(call.Weights, ref At(call.Arguments.Input, (FirstRow(in call) + first) * TConstants.DModel), rows, ref scratch);
        ProjectInput(call.Weights.Query, ref input, rows, 0, WholePanels(QueryDim) / PanelWidth, ref strip, WholePanels(QueryDim), ref scratch);
        if (Has(OutputGate))
            ProjectGates(call.Weights, ref input, rows, ref scratch);
        ChangeQueries(in call, 0, ref strip, WholePanels(QueryDim), rows, TConstants.Heads, first);
        WriteQueries(ref strip, rows, ref queries);
    }

    /// <summary>Projects the rows that the queries come from to the gates of their heads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectGates(PackedWeights weights, ref float input, nint rows, ref float scratch) => ProjectInput(
        weights.OutputGate, ref input, rows, 0, GateStride / PanelWidth, ref Unsafe.Add(ref scratch, TConstants.GatesOffset), GateStride, ref scratch);

    /// <summary>Multiplies the joined heads of a row block by their gates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GateHeads(ref float joined, nint rows, ref float scratch) =>
        HeadGates.Apply(ref joined, JoinedDim, ref Unsafe.Add(ref scratch, TConstants.GatesOffset), GateStride, rows, JoinedDim);

    /// <summary>
    /// Brings the projected queries of some rows into the order that the heads read them in, times the factor of the scores, unless a normalisation's weights
    /// hold it.
    /// </summary>
    /// <param name="projected">[rows, whole panels of all query heads].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="queries">[KvHeads, rows, Group, HeadDim].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteQueries(ref float projected, nint rows, ref float queries) =>
        WriteQueries(ref projected, rows, ref queries, TConstants.QueryFactor);

    /// <summary>The same for a cross-attention in a layer, whose scores have a factor of their own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteQueries(ref float projected, nint rows, ref float queries, float factor) => QueryRows.Write(
        ref projected, WholePanels(QueryDim), rows, ref queries, rows * GroupDim, TConstants.KvHeads, Group, TConstants.HeadDim, factor);

    /// <summary>From the joined heads of a row block to the output: of the attention, or of the whole layer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishRows(
        PackedWeights weights, ref float joined, nint rows, ref float input, ref float output, SavedLayer? saved, nint firstRow, ref float scratch)
    {
        if (!Has(Layer))
        {
            ProjectOutput(ref joined, rows, weights.Output, ref output, ref scratch);
            return;
        }

        ProjectBranch(ref joined, rows, weights.Output, ref Unsafe.Add(ref scratch, TConstants.BranchOffset), ref scratch);
        FinishLayer(weights, ref input, rows, ref output, saved, firstRow, ref scratch);
    }

    /// <summary>Projects the joined heads of a row block to what a branch of a layer gives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectBranch(ref float joined, nint rows, PackedMatrix weights, ref float branch, ref float scratch) =>
        ProjectOutput(weights, ref joined, rows, 0, BranchStride / PanelWidth, ref branch, BranchStride, ref scratch);

    /// <summary>Projects the joined heads of a row block to the output.</summary>
    [MethodImpl(Step)]
    private static void ProjectOutput(ref float joined, nint rows, PackedMatrix weights, ref float output, ref float scratch)
    {
        const int Whole = PanelWidth - 1;
        int panels = WholePanels(TConstants.DModel) / PanelWidth;
        if ((TConstants.DModel & Whole) == 0)
        {
            ProjectOutput(weights, ref joined, rows, 0, panels, ref output, TConstants.DModel, ref scratch);
            return;
        }

        // Whole panels would write beyond the row.
        ref float strip = ref Unsafe.Add(ref scratch, TConstants.OutputStripOffset);
        ProjectOutput(weights, ref joined, rows, 0, panels, ref strip, WholePanels(TConstants.DModel), ref scratch);
        StridedRows.Copy(ref strip, WholePanels(TConstants.DModel), ref output, TConstants.DModel, rows, TConstants.DModel);
    }

    /// <summary>Normalises and rotates projected queries in place, as far as declared.</summary>
    /// <inheritdoc cref="ChangeHeads"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ChangeQueries(in SequenceCall call, nint firstHead, ref float strip, nint stride, nint rows, nint heads, nint first)
    {
        if (Has(Gradients) && Has(HeadNorms))
            KeepHeadsBeforeNorm(ref call.Saved.QueryHeads, QueryDim, ref strip, stride, rows, firstHead, heads, first);
        ChangeHeads(in call, call.Weights.QueryNorm, ref strip, stride, rows, firstHead, heads, first);
    }

    /// <summary>Normalises and rotates projected keys in place, as far as declared.</summary>
    /// <inheritdoc cref="ChangeHeads"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ChangeKeys(in SequenceCall call, nint firstHead, ref float strip, nint stride, nint rows, nint heads, nint first)
    {
        if (Has(Gradients) && Has(HeadNorms))
            KeepHeadsBeforeNorm(ref call.Saved.KeyHeads, KeyDim, ref strip, stride, rows, firstHead, heads, first);
        ChangeHeads(in call, call.Weights.KeyNorm, ref strip, stride, rows, firstHead, heads, first);
    }

    /// <summary>Normalises and rotates heads in place, as far as declared.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="norm">The normalisation, where there is one.</param>
    /// <param name="strip">The first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="firstHead">The first head of the strip.</param>
    /// <param name="heads">Heads of a row.</param>
    /// <param name="first">Which row of the sequence the first row is.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ChangeHeads(in SequenceCall call, HeadNorm norm, ref float strip, nint stride, nint rows, nint firstHead, nint heads, nint first)
    {
        if (Has(NormAfterRotary))
            RotateHeads<Forwards>(in call, ref strip, stride, rows, heads, first);
        if (Has(HeadNorms))
            norm.Apply(ref strip, stride, rows, heads * TConstants.HeadDim, firstHead * TConstants.HeadDim);
        if (!Has(NormAfterRotary))
            RotateHeads<Forwards>(in call, ref strip, stride, rows, heads, first);
    }

    /// <summary>Rotates heads in place, as far as declared.</summary>
    /// <inheritdoc cref="ChangeHeads"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateHeads<TDirection>(in SequenceCall call, ref float strip, nint stride, nint rows, nint heads, nint first)
        where TDirection : struct, IRotation
    {
        if (!Has(HalfSplitRotary) && !Has(InterleavedRotary))
            return;
        RotaryTable rotary = call.Weights.RotaryTable;
        ReadOnlySpan<int> positions = Has(Positions) ? call.Arguments.Positions[(int)((FirstRow(in call) + first) * rotary.Axes)..] : default;
        if (Has(RotaryTables))
        {
            rotary.ApplyGiven<TDirection>(
                Has(InterleavedRotary), ref strip, stride, rows, heads, TConstants.HeadDim, call.Arguments.Cosines, call.Arguments.Sines, positions,
                call.Dimensions.CachedKeys + first);
            return;
        }

        if (Has(Positions))
        {
            rotary.Apply<TDirection>(Has(InterleavedRotary), ref strip, stride, rows, heads, TConstants.HeadDim, positions);
            return;
        }

        // Without projections there may be more queries than keys.
        rotary.Prepare(Has(Projections) ? call.Dimensions.Keys : Math.Max(call.Dimensions.Keys, call.Dimensions.CachedKeys + call.Dimensions.Rows));
        rotary.Apply<TDirection>(Has(InterleavedRotary), ref strip, stride, rows, heads, TConstants.HeadDim, call.Dimensions.CachedKeys + first);
    }

    /// <summary>Writes new keys of a head into its panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteKeys(in SequenceCall call, nint head, ref float strip, nint stride, nint rows, nint first)
    {
        nint key = call.Dimensions.CachedKeys + first;
        if (Has(NarrowKeyValues))
            NarrowPanels.WriteKeys(TConstants.KeyValues, ref strip, stride, rows, in call.Panels, head, key, TConstants.HeadDim);
        else if (Has(Ring) || HasPages(in call))
            RingPanels.WriteKeys(ref strip, stride, rows, in call.Panels, head, key, TConstants.HeadDim);
        else
            KeyPanels.Write(ref strip, stride, rows, ref Unsafe.Add(ref call.Panels.Keys, head * call.Panels.KeyHeadStride), key, TConstants.HeadDim);
    }

    /// <summary>Writes new values of a head into its panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteValues(in SequenceCall call, nint head, ref float strip, nint stride, nint rows, nint first)
    {
        nint key = call.Dimensions.CachedKeys + first;
        if (Has(NarrowKeyValues))
        {
            NarrowPanels.WriteValues(TConstants.KeyValues, ref strip, stride, rows, in call.Panels, head, key, TConstants.ValueHeadDim);
        }
        else if (Has(Ring) || HasPages(in call))
        {
            RingPanels.WriteValues(ref strip, stride, rows, in call.Panels, head, key, TConstants.ValueHeadDim);
        }
        else
        {
            ref float panels = ref Unsafe.Add(ref call.Panels.Values, head * call.Panels.ValueHeadStride);
            ValuePanels.Write(ref strip, stride, rows, ref panels, call.Panels.ValuePanelStride, key, TConstants.ValueHeadDim);
        }
    }
}
