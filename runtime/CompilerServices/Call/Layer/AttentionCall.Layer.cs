using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// What a Transformer layer does around the attention of a row block, while the block is in cache: norms, residual sums, the feed-forward network.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>The rows that the attention projects: the caller's, or in a layer that normalises them first those, in scratch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float AttentionRows(PackedWeights weights, ref float input, nint rows, ref float scratch)
    {
        if (!Has(NormBefore))
            return ref input;
        ref float normed = ref Unsafe.Add(ref scratch, TConstants.NormedOffset);
        weights.Layer.AttentionNorm.Apply(ref input, TConstants.DModel, ref normed, TConstants.DModel, rows);
        return ref normed;
    }

    /// <summary>Computes the rest of a layer for a row block: the result of the attention is in scratch.</summary>
    /// <param name="weights">What the layer keeps.</param>
    /// <param name="input">The layer's input rows.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="output">Where the layer's output goes. In between it holds the sum after the attention.</param>
    /// <param name="saved">Where what the gradients need is kept, or null.</param>
    /// <param name="firstRow">The first row, counted over the batch.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void FinishLayer(
        PackedWeights weights, ref float input, nint rows, ref float output, SavedLayer? saved, nint firstRow, ref float scratch)
    {
        ref float branch = ref Unsafe.Add(ref scratch, TConstants.BranchOffset);
        if (Has(Gradients) && saved is not null)
            KeepBranch(ref saved.Attention, firstRow, ref branch, rows);
        // Parallel branches find the rows that the attention has read still normalised.
        ref float source = ref AddAttention(weights.Layer, ref input, rows, ref branch, ref output, ref scratch);
        FinishNetwork(weights, ref source, rows, ref output, saved, firstRow, ref scratch);
    }

    /// <summary>Computes the feed-forward network of a row block.</summary>
    /// <param name="weights">What the layer keeps.</param>
    /// <param name="source">The rows that the network reads.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="output">Holds what the network's result is added to, and then the layer's output.</param>
    /// <param name="saved">Where what the gradients need is kept, or null.</param>
    /// <param name="firstRow">The first row, counted over the batch.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishNetwork(
        PackedWeights weights, ref float source, nint rows, ref float output, SavedLayer? saved, nint firstRow, ref float scratch)
    {
        ref float branch = ref Unsafe.Add(ref scratch, TConstants.BranchOffset);
        ref float hidden = ref Unsafe.Add(ref scratch, TConstants.HiddenOffset);
        FeedForwardUp(weights.Layer, ref source, rows, 0, WholePanels(TConstants.FeedForwardDim) / PanelWidth, ref hidden, saved, firstRow, ref scratch);
        ProjectDown(weights.Layer.Down, ref hidden, rows, 0, BranchStride / PanelWidth, ref branch, BranchStride, ref scratch);
        KeepFeedForward(saved, firstRow, ref branch, rows);
        AddFeedForward(weights.Layer, ref branch, rows, ref output);
    }

    /// <summary>Adds what the attention gives to the layer's input.</summary>
    /// <param name="layer">Norms and factors.</param>
    /// <param name="input">The layer's input rows.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="branch">What the attention gives.</param>
    /// <param name="sum">Where the sum goes, normalised where the layer normalises sums.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    /// <returns>The rows that the next branch reads.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float AddAttention(PackedLayer layer, ref float input, nint rows, ref float branch, ref float sum, ref float scratch) => ref AddBranch(
        layer, layer.AttentionResultNorm, layer.AttentionNorm, Has(Memory) ? layer.MemoryNorm : layer.FeedForwardNorm, ref input, rows, ref branch, ref sum,
        ref scratch);

    /// <summary>Adds what a branch gives, and normalises for the next one.</summary>
    [MethodImpl(Step)]
    private static ref float AddBranch(
        PackedLayer layer, RowNorm resultNorm, RowNorm sumNorm, RowNorm nextNorm, ref float input, nint rows, ref float branch, ref float sum,
        ref float scratch)
    {
        nint width = TConstants.DModel, stride = BranchStride;
        if (Has(NormResult))
        {
            // Rows move together, as the sums lie that may take their place.
            ref float result = ref Unsafe.Add(ref scratch, TConstants.BranchOffset);
            resultNorm.Apply(ref branch, stride, ref result, width, rows);
            branch = ref result;
            stride = width;
        }

        if (Has(NormSum))
        {
            sumNorm.AddAndApply(ref input, width, ref branch, stride, layer.ResidualScale, ref sum, width, ref sum, width, rows);
            return ref sum;
        }

        ref float normed = ref Unsafe.Add(ref scratch, TConstants.NormedOffset);
        if (Has(ParallelBranches))
        {
            RowSums.Add(ref input, width, ref branch, stride, layer.ResidualScale, ref sum, width, rows, width);
            if (Has(ParallelNorms))
                nextNorm.Apply(ref input, width, ref normed, width, rows);
        }
        else
        {
            nextNorm.AddAndApply(ref input, width, ref branch, stride, layer.ResidualScale, ref sum, width, ref normed, width, rows);
        }

        return ref normed;
    }

    /// <summary>Adds what the feed-forward network gives to the sum after the attention, which the output holds.</summary>
    [MethodImpl(Step)]
    private static void AddFeedForward(PackedLayer layer, ref float branch, nint rows, ref float output)
    {
        nint width = TConstants.DModel;
        if (Has(NormSum))
        {
            layer.FeedForwardNorm.AddAndApply(ref output, width, ref branch, BranchStride, layer.ResidualScale, ref output, width, ref output, width, rows);
            return;
        }

        if (Has(NormResult))
            layer.FeedForwardResultNorm.Apply(ref branch, BranchStride, ref branch, BranchStride, rows);
        RowSums.Add(ref output, width, ref branch, BranchStride, layer.ResidualScale, ref output, width, rows, width);
    }

    /// <summary>The first products of the feed-forward network, for some panels: strips of panels are activated while they are in cache.</summary>
    [MethodImpl(Step)]
    private static void FeedForwardUp(
        PackedLayer layer, ref float source, nint rows, int first, int end, ref float hidden, SavedLayer? saved, nint firstRow, ref float scratch)
    {
        // A strip of fewer rows is wider: one row reads its weights in long runs. Every strip reads the same rows: they are quantised once, if at all.
        int widest = TConstants.FeedForwardStrip * Math.Max(1, TConstants.RowBlock / Math.Max(1, (int)rows));
        for (bool isQuantized = false; first < end; first += widest, isQuantized = true)
        {
            int count = Math.Min(widest, end - first);
            ref float strip = ref Unsafe.Add(ref hidden, first * PanelWidth);
            if (Has(Gated))
            {
                ref float gated = ref Unsafe.Add(ref scratch, TConstants.GatedOffset);
                int stride = count * PanelWidth;
                ProjectUp(layer.Gate, ref source, rows, first, count, ref strip, TConstants.HiddenStride, ref scratch, isQuantized);
                ProjectUp(layer.Up, ref source, rows, first, count, ref gated, stride, ref scratch, isQuantized: true);
                KeepHidden(saved, isGate: true, firstRow, first, ref strip, TConstants.HiddenStride, rows, count);
                KeepHidden(saved, isGate: false, firstRow, first, ref gated, stride, rows, count);
                Activations.ApplyGate(TConstants.Activation, ref strip, TConstants.HiddenStride, ref gated, stride, rows, count * PanelWidth);
            }
            else
            {
                ProjectUp(layer.Up, ref source, rows, first, count, ref strip, TConstants.HiddenStride, ref scratch, isQuantized);
                KeepHidden(saved, isGate: false, firstRow, first, ref strip, TConstants.HiddenStride, rows, count);
                Activations.Apply(TConstants.Activation, ref strip, TConstants.HiddenStride, rows, count * PanelWidth);
            }
        }
    }
}
