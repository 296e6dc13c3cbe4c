using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Parts of a call of few rows through a decoder layer: what the cross-attention adds to the phases of its self-attention.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Phases of the cross-attention: columns of its queries, its heads, columns of its output.</summary>
    private const int MemoryPhases = 3;

    /// <summary>A part of one of these phases.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="phase">0 for queries, 1 for heads, 2 for the output.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="part">The part.</param>
    /// <param name="step">Panels of columns of a part.</param>
    /// <param name="strip">Projected queries, for all threads.</param>
    /// <param name="queries">Laid-out queries, for all threads.</param>
    /// <param name="joined">Joined heads, for all threads.</param>
    /// <param name="branch">What an attention gives, for all threads.</param>
    /// <param name="hidden">Rows between the products of the feed-forward network, for all threads.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void RunMemoryColumns(
        in SequenceCall call, int phase, nint rows, int part, int step, ref float strip, ref float queries, ref float joined, ref float branch,
        ref float hidden, ref float scratch)
    {
        PackedWeights memory = call.Weights.Memory;
        switch (phase)
        {
            case 0:
                // Every part adds and normalises the few rows for itself; one keeps the sum.
                ref float input = ref At(call.Arguments.Input, FirstRow(in call) * TConstants.DModel);
                ref float sum = ref part == 0 ? ref SumAfterAttention(ref hidden, rows) : ref Unsafe.Add(ref scratch, TConstants.BranchOffset);
                ref float source = ref AddAttention(call.Weights.Layer, ref input, rows, ref branch, ref sum, ref scratch);
                ProjectColumns(ref source, rows, memory.Query, part * step, step, ref strip, WholePanels(QueryDim), ref scratch);
                break;
            case 1:
                ref float laidOut = ref Unsafe.Add(ref queries, part * rows * GroupDim);
                QueryRows.Write(
                    ref Unsafe.Add(ref strip, part * GroupDim), WholePanels(QueryDim), rows, ref laidOut, rows * GroupDim, 1, Group, TConstants.HeadDim,
                    TConstants.MemoryQueryFactor);
                TKernels.AttendMemoryHead(in call.MemoryPanels, call.MemoryKeys, part, ref laidOut, rows, ref joined, ref scratch);
                if (Has(HeadMask))
                    MaskHeads(call.Arguments.MemoryHeadMask, part, 1, rows, ref joined);
                break;
            default:
                ProjectBranchColumns(
                    memory.Output, ref joined, rows, part * step, Math.Min((part + 1) * step, BranchStride / PanelWidth), ref branch, ref scratch);
                break;
        }
    }

    /// <summary>Where the rows between self-attention and cross-attention lie: behind those between the products of the feed-forward network.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float SumAfterAttention(ref float hidden, nint rows) => ref Unsafe.Add(ref hidden, rows * TConstants.HiddenStride);
}
