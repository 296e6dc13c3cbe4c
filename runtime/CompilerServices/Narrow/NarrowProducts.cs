using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>A product of float32 weights: a kernel of a class.</summary>
internal interface IFloatProduct
{
    /// <summary>Which product of the class.</summary>
    static abstract ProductRole Role { get; }

    /// <summary>Multiplies rows by panels and adds the bias.</summary>
    static abstract void Multiply(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride);
}

/// <summary>
/// Rows times narrow weights. Few rows widen the weights in registers. For more rows some panels are widened into scratch once, and the float32 kernel of the
/// class runs on them. Where the arithmetic is int8, the rows are quantised instead.
/// </summary>
internal static class NarrowProducts
{
    /// <summary>Who measures the products, or null.</summary>
    internal static INarrowObserver? Observer { get; set; }

    /// <summary>Multiplies rows by some panels of a narrow matrix, and adds the bias.</summary>
    /// <typeparam name="TProduct">The product of float32 weights.</typeparam>
    /// <param name="weights">The matrix.</param>
    /// <param name="first">The first panel: that of a group.</param>
    /// <param name="panels">Panels: whole groups, or up to the matrix' last.</param>
    /// <param name="a">The first row.</param>
    /// <param name="aStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    /// <param name="scratch"><see cref="NarrowLayout.ScratchFloats"/>.</param>
    /// <param name="isQuantized">Whether the scratch holds the rows since the product before, if products of this matrix quantise them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TProduct>(
        PackedMatrix weights, nint first, nint panels, ref float a, nint aStride, nint rows, ref float c, nint stride, ref float scratch, bool isQuantized)
        where TProduct : struct, IFloatProduct
    {
        INarrowObserver? observer = Observer;
        observer?.Begin();
        MultiplyColumns<TProduct>(weights, first, panels, ref a, aStride, rows, ref c, stride, ref scratch, isQuantized);
        observer?.End(TProduct.Role, rows, panels, weights);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyColumns<TProduct>(
        PackedMatrix weights, nint first, nint panels, ref float a, nint aStride, nint rows, ref float c, nint stride, ref float scratch, bool isQuantized)
        where TProduct : struct, IFloatProduct
    {
        NarrowColumns columns = weights.Columns(first, panels);
        if (weights.Arithmetic == WeightArithmetic.Int8)
        {
            bool inChunks = weights.Format != WeightFormat.Int8;
            QuantizedRows quantized = isQuantized
                ? QuantizedRows.At(rows, columns.Inputs, inChunks, ref scratch)
                : QuantizedRows.Create(ref a, aStride, rows, columns.Inputs, inChunks, ref scratch);
            if (inChunks)
                QuantizedBlocks.Multiply(weights.Format, in columns, in quantized, ref c, stride);
            else
                ByteTiles.Multiply(in columns, in quantized, ref c, stride);
            return;
        }

        if (rows <= NarrowLayout.FewRows)
        {
            WidenedRows.Multiply(weights.Format, in columns, ref a, aStride, rows, ref c, stride);
            return;
        }

        nint step = NarrowLayout.WidenedPanels(columns.Inputs);
        for (nint panel = 0; panel < panels; panel += step)
        {
            nint count = nint.Min(step, panels - panel);
            WidenedPanels.Write(weights.Format, in columns, panel, count, weights.InterleavedPanels, ref scratch);
            nint column = panel * PanelLayout.PanelWidth;
            TProduct.Multiply(ref a, rows, ref scratch, ref Unsafe.Add(ref columns.Bias, column), count, ref Unsafe.Add(ref c, column), stride);
        }
    }
}
