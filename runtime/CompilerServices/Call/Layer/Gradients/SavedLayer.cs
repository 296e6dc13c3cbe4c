using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// What a layer's forward keeps beside what its attention keeps: what the branches gave, before norms and sums, and the rows of the feed-forward network before
/// its activation. Sums and normalised rows follow from them.
/// </summary>
/// <param name="shape">What the layer computes.</param>
/// <param name="rows">Rows at most.</param>
internal sealed class SavedLayer(TransformerLayerShape shape, nint rows)
{
    private readonly AlignedMemory memory = AlignedMemory.Allocate(
        (rows * (shape.DModel + (KeepsFeedForward(shape) ? shape.DModel : 0))) + (rows * HiddenStrideOf(shape) * (shape.Gated ? 2 : 1)));

    /// <summary>What the layer computes.</summary>
    public TransformerLayerShape Shape { get; } = shape;

    /// <summary>Floats from a row of the feed-forward network to the next: whole panels.</summary>
    public nint HiddenStride { get; } = HiddenStrideOf(shape);

    /// <summary>Floats in all.</summary>
    public nint Floats => memory.Length;

    /// <summary>[rows, whole panels of FeedForwardDim]: the rows before the activation, or in a gated network what is gated.</summary>
    public ref float Up => ref memory.Reference;

    /// <summary>The same of the gate, where there is one.</summary>
    public ref float Gate => ref Unsafe.Add(ref Up, rows * HiddenStride);

    /// <summary>[rows, DModel]: what the attention gave.</summary>
    public ref float Attention => ref Unsafe.Add(ref Up, rows * HiddenStride * (Shape.Gated ? 2 : 1));

    /// <summary>[rows, DModel]: what the feed-forward network gave, where a norm follows.</summary>
    public ref float FeedForward => ref Unsafe.Add(ref Attention, rows * Shape.DModel);

    /// <summary>Whether a norm reads what the feed-forward network gave, by itself or in a sum.</summary>
    public static bool KeepsFeedForward(TransformerLayerShape shape) => shape.NormPlacement != NormPlacement.Pre;

    private static nint HiddenStrideOf(TransformerLayerShape shape) => PanelLayout.Panels(shape.FeedForwardDim) * PanelLayout.PanelWidth;
}
