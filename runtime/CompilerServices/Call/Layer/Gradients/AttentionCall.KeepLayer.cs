using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// What a layer keeps of a row block for the gradients. It changes no bit of the output.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Where the caller wants kept what a layer keeps, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static SavedLayer? SavedOf(scoped in AttentionArguments arguments) => Has(Gradients) && Has(Layer) ? arguments.Activations?.Layer : null;

    /// <summary>Keeps what a branch gave for some rows.</summary>
    [MethodImpl(Step)]
    private static void KeepBranch(ref float target, nint firstRow, ref float branch, nint rows) => StridedRows.Copy(
        ref branch, BranchStride, ref Unsafe.Add(ref target, firstRow * TConstants.DModel), TConstants.DModel, rows, TConstants.DModel);

    /// <summary>Keeps what the feed-forward network gave, where a norm reads it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepFeedForward(SavedLayer? saved, nint firstRow, ref float branch, nint rows)
    {
        if (Has(Gradients) && (Has(NormSum) || Has(NormResult)) && saved is not null)
            KeepBranch(ref saved.FeedForward, firstRow, ref branch, rows);
    }

    /// <summary>Keeps some panels of the feed-forward network before the activation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepHidden(SavedLayer? saved, bool isGate, nint firstRow, int panel, ref float strip, nint stride, nint rows, int panels)
    {
        if (!Has(Gradients) || saved is null)
            return;
        ref float target = ref isGate ? ref saved.Gate : ref saved.Up;
        StridedRows.Copy(
            ref strip, stride, ref Unsafe.Add(ref target, (firstRow * saved.HiddenStride) + (panel * PanelWidth)), saved.HiddenStride, rows,
            panels * PanelWidth);
    }
}
