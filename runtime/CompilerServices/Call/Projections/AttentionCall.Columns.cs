using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Parts of a call of few rows: columns of the projections, then heads, then columns of the output.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>A part of one of the phases.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="phase">0 for projections, 1 for heads, 2 for the output, and further ones of a layer.</param>
    /// <param name="part">The part.</param>
    /// <param name="step">Panels of columns of a part.</param>
    /// <param name="strips">Projected queries, keys and values, laid-out queries and joined heads of the sequence, for all threads.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void RunColumns(in SequenceCall call, int phase, int part, int step, ref float strips, ref float scratch)
    {
        call.Arguments.Options.CancellationToken.ThrowIfCancellationRequested();
        // A masked key is projected only if its scores are returned.
        nint rows = ComputedRows(in call), newKeys = Has(CrossAttention) ? rows : NewKeys(in call);
        ref float keyStrip = ref Unsafe.Add(ref strips, rows * WholePanels(QueryDim));
        ref float valueStrip = ref Unsafe.Add(ref keyStrip, newKeys * WholePanels(KeyDim));
        ref float queries = ref Unsafe.Add(ref valueStrip, newKeys * WholePanels(ValueDim));
        ref float heads = ref Unsafe.Add(ref queries, rows * QueryDim);
        ref float joined = ref JoinsInScratch ? ref heads : ref At(call.Arguments.Output, FirstRow(in call) * JoinedDim);
        ref float gates = ref Unsafe.Add(ref heads, rows * JoinedDim);
        // Of a layer only: results of its branches, and rows between the products of its feed-forward network.
        ref float branch = ref Unsafe.Add(ref gates, Has(OutputGate) ? rows * GateStride : 0);
        ref float hidden = ref Unsafe.Add(ref branch, rows * BranchStride);
        if (phase == 0)
            ProjectColumns(in call, rows, newKeys, part, step, ref strips, ref keyStrip, ref valueStrip, ref gates, ref scratch);
        else if (phase == 1)
            RunProjectedHead(in call, rows, newKeys, part, ref strips, ref keyStrip, ref valueStrip, ref queries, ref joined, ref gates, ref scratch);
        else if (!Has(Layer))
            ProjectOutputColumns(in call, rows, part, step, ref joined, ref scratch);
        else if (Has(Memory) && phase is >= 3 and < 3 + MemoryPhases)
            RunMemoryColumns(in call, phase - 3, rows, part, step, ref strips, ref queries, ref joined, ref branch, ref hidden, ref scratch);
        else
            RunLayerColumns(
                in call, Has(Memory) && phase > 2 ? phase - MemoryPhases : phase, rows, part, step, ref joined, ref branch, ref hidden, ref scratch);
    }

    /// <summary>
    /// A part of the phases of a layer after its heads: columns of the output, columns between the products of the network, columns of its result, the
    /// sum.
    /// </summary>
    [MethodImpl(Step)]
    private static void RunLayerColumns(
        in SequenceCall call, int phase, nint rows, int part, int step, ref float joined, ref float branch, ref float hidden, ref float scratch)
    {
        PackedLayer layer = call.Weights.Layer;
        SavedLayer? saved = SavedOf(in call.Arguments);
        nint place = FirstRow(in call) * TConstants.DModel;
        int panels = phase == 3 ? WholePanels(TConstants.FeedForwardDim) / PanelWidth : BranchStride / PanelWidth;
        int first = part * step, end = Math.Min(first + step, panels);
        switch (phase)
        {
            case 2:
                ProjectBranchColumns(call.Weights.Output, ref joined, rows, first, end, ref branch, ref scratch);
                break;
            case 3:
                ref float input = ref At(call.Arguments.Input, place);
                if (Has(Gradients) && saved is not null && part == 0)
                    KeepBranch(ref saved.Attention, call.Saved.FirstRow, ref branch, rows);
                // Every part adds and normalises the few rows for itself; one keeps the sum.
                if (Has(ParallelBranches) && !Has(ParallelNorms))
                    AttentionRows(call.Weights, ref input, rows, ref scratch);
                ref float sum = ref part == 0 ? ref At(call.Arguments.Output, place) : ref Unsafe.Add(ref scratch, TConstants.BranchOffset);
                // The sum after the self-attention is not in the output, where one part keeps the next sum while others read it.
                ref float source = ref Has(Memory)
                    ? ref AddMemoryBranch(layer, ref SumAfterAttention(ref hidden, rows), rows, ref branch, ref sum, ref scratch)
                    : ref AddAttention(layer, ref input, rows, ref branch, ref sum, ref scratch);
                FeedForwardUp(layer, ref source, rows, first, end, ref hidden, saved, call.Saved.FirstRow, ref scratch);
                break;
            case 4:
                ProjectDown(layer.Down, ref hidden, rows, first, end - first, ref Unsafe.Add(ref branch, first * PanelWidth), BranchStride, ref scratch);
                break;
            default:
                KeepFeedForward(saved, call.Saved.FirstRow, ref branch, rows);
                AddFeedForward(layer, ref branch, rows, ref At(call.Arguments.Output, place));
                if (Has(SkipPadding))
                    ClearPadding(in call);
                break;
        }
    }

    /// <summary>Some columns of what an attention gives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectBranchColumns(PackedMatrix weights, ref float joined, nint rows, int first, int end, ref float branch, ref float scratch) =>
        ProjectOutput(weights, ref joined, rows, first, end - first, ref Unsafe.Add(ref branch, first * PanelWidth), BranchStride, ref scratch);

    /// <summary>Some panels of the queries, or of the keys, or of the values, or of the gates.</summary>
    [MethodImpl(Step)]
    private static void ProjectColumns(
        in SequenceCall call, nint rows, nint newKeys, int part, int step, ref float queryStrip, ref float keyStrip, ref float valueStrip, ref float gates,
        ref float scratch)
    {
        ref float input = ref AttentionRows(
            call.Weights, ref At(call.Arguments.Input, FirstRow(in call) * TConstants.DModel), Math.Max(rows, newKeys), ref scratch);
        int queryParts = ((WholePanels(QueryDim) / PanelWidth) + step - 1) / step, keyParts = ((WholePanels(KeyDim) / PanelWidth) + step - 1) / step;
        int valueParts = ((WholePanels(ValueDim) / PanelWidth) + step - 1) / step;
        int gateFirst = part - queryParts - (Has(CrossAttention) ? 0 : keyParts + valueParts);
        if (Has(OutputGate) && gateFirst >= 0)
            ProjectColumns(ref input, rows, call.Weights.OutputGate, gateFirst * step, step, ref gates, GateStride, ref scratch);
        else if (Has(CrossAttention) || part < queryParts)
            ProjectColumns(ref input, rows, call.Weights.Query, part * step, step, ref queryStrip, WholePanels(QueryDim), ref scratch);
        else if (part < queryParts + keyParts)
            ProjectColumns(ref input, newKeys, call.Weights.Key, (part - queryParts) * step, step, ref keyStrip, WholePanels(KeyDim), ref scratch);
        else
            ProjectColumns(
                ref input, newKeys, call.Weights.Value, (part - queryParts - keyParts) * step, step, ref valueStrip, WholePanels(ValueDim), ref scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectColumns(
        ref float input, nint rows, PackedMatrix weights, int first, int count, ref float strip, nint stride, ref float scratch) => ProjectInput(
        weights, ref input, rows, first, Math.Min(count, weights.PanelCount - first), ref Unsafe.Add(ref strip, first * PanelWidth), stride, ref scratch);

    /// <summary>One KV head of a sequence, from its projected columns to its joined heads.</summary>
    [MethodImpl(Step)]
    private static void RunProjectedHead(
        in SequenceCall call, nint rows, nint newKeys, nint head, ref float queryStrip, ref float keyStrip, ref float valueStrip, ref float queries,
        ref float joined, ref float gates, ref float scratch)
    {
        if (!Has(CrossAttention))
        {
            ref float keys = ref ChangePart(
                in call, call.Weights.KeyNorm, ref call.Saved.KeyHeads, KeyDim, ref keyStrip, newKeys, head, 1, ref scratch, out nint keyStride);
            WriteKeys(in call, head, ref keys, keyStride, newKeys, 0);
            WriteValues(in call, head, ref Unsafe.Add(ref valueStrip, head * TConstants.ValueHeadDim), WholePanels(ValueDim), newKeys, 0);
        }

        ref float strip = ref ChangePart(
            in call, call.Weights.QueryNorm, ref call.Saved.QueryHeads, QueryDim, ref queryStrip, rows, head * Group, Group, ref scratch, out nint stride);
        ref float laidOut = ref Unsafe.Add(ref queries, head * rows * GroupDim);
        QueryRows.Write(ref strip, stride, rows, ref laidOut, rows * GroupDim, 1, Group, TConstants.HeadDim, TConstants.QueryFactor);
        AttendHead(in call, head, 0, rows, ref laidOut, ref joined, ref scratch);
        int column = (int)head * Group * TConstants.ValueHeadDim;
        if (Has(OutputGate))
            HeadGates.Apply(
                ref Unsafe.Add(ref joined, column), JoinedDim, ref Unsafe.Add(ref gates, column), GateStride, rows, Group * TConstants.ValueHeadDim);
        if (Has(JoinedOutput) && Has(SkipPadding) && head == 0)
            ClearPadding(in call);
    }

    /// <summary>
    /// Normalises and rotates some heads of projected rows whose other heads belong to other parts: in place, unless a norm reads all heads, which other
    /// parts must find as they were.
    /// </summary>
    /// <param name="call">The sequence.</param>
    /// <param name="norm">The normalisation, where there is one.</param>
    /// <param name="kept">Where heads before their normalisation are kept.</param>
    /// <param name="width">Floats of a row.</param>
    /// <param name="strip">[rows, whole panels of the width].</param>
    /// <param name="rows">Rows: few.</param>
    /// <param name="firstHead">The first head of the part.</param>
    /// <param name="heads">Its heads.</param>
    /// <param name="scratch">Scratch of this thread, whose strip and queries are free.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    /// <returns>The first head of the first row.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float ChangePart(
        in SequenceCall call, HeadNorm norm, ref float kept, int width, ref float strip, nint rows, nint firstHead, nint heads, ref float scratch,
        out nint stride)
    {
        nint first = firstHead * TConstants.HeadDim, floats = heads * TConstants.HeadDim;
        stride = WholePanels(width);
        ref float part = ref Unsafe.Add(ref strip, first);
        if (Has(Gradients) && Has(HeadNorms))
            KeepHeadsBeforeNorm(ref kept, width, ref part, stride, rows, firstHead, heads, 0);
        if (!Has(HeadNorms) || norm.Width == TConstants.HeadDim)
        {
            ChangeHeads(in call, norm, ref part, stride, rows, firstHead, heads, 0);
            return ref part;
        }

        ref float own = ref Unsafe.Add(ref scratch, TConstants.StripOffset);
        norm.ApplyPart(ref strip, stride, rows, first, floats, ref own);
        RotateHeads<Forwards>(in call, ref own, floats, rows, heads, 0);
        stride = floats;
        return ref own;
    }

    /// <summary>Some panels of the output.</summary>
    [MethodImpl(Step)]
    private static void ProjectOutputColumns(in SequenceCall call, nint rows, int part, int step, ref float joined, ref float scratch)
    {
        const int Whole = PanelWidth - 1;
        if (Has(SkipPadding) && part == 0)
            ClearPadding(in call);
        PackedMatrix weights = call.Weights.Output;
        int first = part * step, column = first * PanelWidth, stride = WholePanels(TConstants.DModel);
        ref float output = ref At(call.Arguments.Output, (FirstRow(in call) * TConstants.DModel) + column);
        nint count = Math.Min(step, weights.PanelCount - first);
        if ((TConstants.DModel & Whole) == 0)
        {
            ProjectOutput(weights, ref joined, rows, first, count, ref output, TConstants.DModel, ref scratch);
            return;
        }

        // Whole panels would write beyond the row.
        ref float strip = ref Unsafe.Add(ref scratch, TConstants.OutputStripOffset + column);
        ProjectOutput(weights, ref joined, rows, first, count, ref strip, stride, ref scratch);
        StridedRows.Copy(ref strip, stride, ref output, TConstants.DModel, rows, Math.Min(step * PanelWidth, TConstants.DModel - column));
    }
}
