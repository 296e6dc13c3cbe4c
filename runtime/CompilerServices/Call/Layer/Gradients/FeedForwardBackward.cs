using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The gradients of a feed-forward network, a chunk of rows after the other: those of the rows before the activation, and then those of the matrices and of
/// the rows that the network read. The rows are whole blocks of the sums over rows, and threads share columns, so no bit depends on either.
/// </summary>
internal static unsafe class FeedForwardBackward
{
    /// <summary>Products of the second phase.</summary>
    public const int Products = 4;

    /// <summary>Some columns of a phase of a chunk.</summary>
    public static void RunPart(in LayerBackwardWork work, nint chunk, int phase, int part, ref float own)
    {
        LayerBackwardLayout layout = LayerBackward.LayoutOf(in work);
        TransformerLayerShape shape = work.Saved.Shape;
        nint first = chunk * LayerBackwardLayout.ChunkRows, width = shape.DModel;
        ref float hidden = ref *(work.Shared + layout.Hidden);
        var place = new Chunk
        {
            Rows = nint.Min(LayerBackwardLayout.ChunkRows, work.Rows - first),
            Stride = work.Saved.HiddenStride,
            Source = ref *(work.Shared + layout.Source + (first * width)),
            Branch = ref *(work.Shared + layout.Branch + (first * width)),
            Gradient = ref *(work.Shared + layout.FeedForwardGradient + (first * width)),
            Up = ref Unsafe.Add(ref work.Saved.Up, first * work.Saved.HiddenStride),
            Gate = ref Unsafe.Add(ref work.Saved.Gate, first * work.Saved.HiddenStride),
            Hidden = ref hidden,
            UpGradient = ref Unsafe.Add(ref hidden, layout.HiddenFloats),
            GateGradient = ref Unsafe.Add(ref hidden, 2 * layout.HiddenFloats),
        };
        if (phase == 0)
        {
            (nint column, nint count) = Slice(in work, shape.FeedForwardDim, part);
            if (count > 0)
                HiddenGradients(in work, in place, column, count, ref own);
            return;
        }

        (int product, int slice) = Math.DivRem(part, work.Slices);
        Multiply(in work, in place, product, slice, ref own);
    }

    /// <summary>Some columns of the gradients of the rows before the activation, and of the activated rows.</summary>
    private static void HiddenGradients(in LayerBackwardWork work, in Chunk place, nint column, nint count, ref float own)
    {
        TransformerLayerShape shape = work.Saved.Shape;
        nint width = shape.DModel, stride = place.Stride, rows = place.Rows;
        ref float down = ref MemoryMarshal.GetReference(work.Layer.Trained.Down.Span);
        ref float upGradient = ref Unsafe.Add(ref place.UpGradient, column);
        ref float up = ref Unsafe.Add(ref place.Up, column);
        ref float hidden = ref Unsafe.Add(ref place.Hidden, column);
        MatrixProduct.Multiply(
            new(ref place.Branch, width), new(ref Unsafe.Add(ref down, column), shape.FeedForwardDim), ref upGradient, stride, rows, count, width, adds: false,
            ref own);
        StridedRows.Copy(ref up, stride, ref hidden, stride, rows, (int)count);
        if (!shape.Gated)
        {
            // Rows are whole panels, and what lies behind the last column is not read again.
            Activations.Apply(shape.Activation, ref hidden, stride, rows, PanelLayout.Panels((int)count) * PanelLayout.PanelWidth);
            ActivationGradients.MultiplySlopes(shape.Activation, ref up, stride, ref upGradient, stride, rows, count);
            return;
        }

        ref float gate = ref Unsafe.Add(ref place.Gate, column);
        ref float gateGradient = ref Unsafe.Add(ref place.GateGradient, column);
        StridedRows.Copy(ref upGradient, stride, ref gateGradient, stride, rows, (int)count);
        RowProducts.Multiply(ref gateGradient, ref up, stride, rows, count);
        ActivationGradients.MultiplySlopes(shape.Activation, ref gate, stride, ref gateGradient, stride, rows, count);
        ActivationGradients.MultiplyFunction(shape.Activation, ref gate, stride, ref upGradient, stride, rows, count);
        ActivationGradients.MultiplyFunction(shape.Activation, ref gate, stride, ref hidden, stride, rows, count);
    }

    /// <summary>Some columns of one of the products.</summary>
    private static void Multiply(in LayerBackwardWork work, in Chunk place, int product, int slice, ref float own)
    {
        TransformerLayerShape shape = work.Saved.Shape;
        TransformerLayerGradients gradients = work.Gradients;
        switch (product)
        {
            case 0:
                (nint first, nint count) = Slice(in work, shape.DModel, slice);
                TransformerLayerWeights weights = work.Layer.Trained;
                AddSource(in place, ref place.UpGradient, weights.Up.Span, shape, first, count, false, ref own);
                if (shape.Gated)
                    AddSource(in place, ref place.GateGradient, weights.Gate.Span, shape, first, count, true, ref own);
                break;
            case 1:
                AddMatrix(
                    in work, place.Rows, ref place.UpGradient, place.Stride, shape.FeedForwardDim, ref place.Source, shape.DModel, shape.DModel,
                    gradients.Up.Span, gradients.UpBias.Span, slice, ref own);
                break;
            case 2 when shape.Gated:
                AddMatrix(
                    in work, place.Rows, ref place.GateGradient, place.Stride, shape.FeedForwardDim, ref place.Source, shape.DModel, shape.DModel,
                    gradients.Gate.Span, gradients.GateBias.Span, slice, ref own);
                break;
            case 3:
                AddMatrix(
                    in work, place.Rows, ref place.Branch, shape.DModel, shape.DModel, ref place.Hidden, place.Stride, shape.FeedForwardDim,
                    gradients.Down.Span, gradients.DownBias.Span, slice, ref own);
                break;
        }
    }

    /// <summary>Some columns of the gradients of the rows that the network read.</summary>
    private static void AddSource(
        in Chunk place, ref float gradient, ReadOnlySpan<float> matrix, TransformerLayerShape shape, nint first, nint count, bool adds, ref float own) =>
        MatrixProduct.Multiply(
            new(ref gradient, place.Stride), new(ref Unsafe.Add(ref MemoryMarshal.GetReference(matrix), first), shape.DModel),
            ref Unsafe.Add(ref place.Gradient, first), shape.DModel, place.Rows, count, shape.FeedForwardDim, adds, ref own);

    /// <summary>Adds to some columns of the gradients of a matrix, and to some elements of those of its bias.</summary>
    private static void AddMatrix(
        in LayerBackwardWork work, nint rows, ref float gradient, nint gradientStride, nint outputs, ref float source, nint sourceStride, nint inputs,
        Span<float> matrix, Span<float> bias, int slice, ref float own)
    {
        (nint first, nint count) = Slice(in work, inputs, slice);
        MatrixProduct.Multiply(
            new StridedMatrix(ref gradient, gradientStride).Transposed, new(ref Unsafe.Add(ref source, first), sourceStride),
            ref Unsafe.Add(ref MemoryMarshal.GetReference(matrix), first), inputs, outputs, count, rows, adds: true, ref own);
        if (bias.IsEmpty)
            return;
        (first, count) = Slice(in work, outputs, slice);
        ColumnSums.Add(ref Unsafe.Add(ref gradient, first), gradientStride, rows, count, ref Unsafe.Add(ref MemoryMarshal.GetReference(bias), first));
    }

    /// <summary>Columns that one part computes: whole panels of the product's right operand.</summary>
    private static (nint First, nint Count) Slice(in LayerBackwardWork work, nint columns, int slice)
    {
        nint step = EqualParts.Step((int)columns, work.Slices, ProductPanels.RightLines), first = nint.Min(columns, slice * step);
        return (first, nint.Min(step, columns - first));
    }

    /// <summary>Where a chunk of rows lies.</summary>
    private ref struct Chunk
    {
        public nint Rows;
        public nint Stride;
        public ref float Source;
        public ref float Branch;
        public ref float Gradient;
        public ref float Up;
        public ref float Gate;
        public ref float Hidden;
        public ref float UpGradient;
        public ref float GateGradient;
    }
}
