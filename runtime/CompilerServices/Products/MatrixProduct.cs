using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The product of two matrices of any strides, <c>C = A · B</c> or <c>C += A · B</c>: the gradients of products, whose operands change with every
/// call.
/// </summary>
/// <remarks>
/// The depth is cut at multiples of <see cref="PanelLayout.DepthBlock"/>. Each block has one ascending chain of multiply-adds from zero, and the blocks are
/// added to the result in ascending order. So an element has the same bits at every vector width, and wherever rows and columns are cut.
/// </remarks>
internal static class MatrixProduct
{
    /// <summary>Steps of the depth that are packed together, so that a tile goes to its rows of the result once in so many.</summary>
    private const int DepthStep = 4 * PanelLayout.DepthBlock;

    /// <summary>Rows that are packed together: with the depth 192 KB. Zen 5 took 1.02 to 1.05 times as long with four times as many.</summary>
    private const int RowStep = 8 * ProductPanels.LeftLines;

    /// <summary>Columns that are packed together: with the depth 2 MB.</summary>
    private const int ColumnStep = 32 * ProductPanels.RightLines;

    /// <summary>Floats of scratch that a product needs.</summary>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="depth">Steps of the depth.</param>
    public static nint ScratchFloats(nint rows, nint columns, nint depth)
    {
        depth = nint.Min(depth, DepthStep);
        return ProductPanels.LeftFloats(nint.Min(rows, RowStep), depth) + ProductPanels.RightFloats(depth, nint.Min(columns, ColumnStep));
    }

    /// <summary>Computes a product.</summary>
    /// <param name="left">A: [rows, depth].</param>
    /// <param name="right">B: [depth, columns].</param>
    /// <param name="c">Where the first row goes; overlaps neither operand.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="depth">Steps of the depth. With 0 the product is zero.</param>
    /// <param name="adds">Whether the product is added to what the result holds.</param>
    /// <param name="scratch"><see cref="ScratchFloats"/>.</param>
    public static void Multiply(
        StridedMatrix left, StridedMatrix right, ref float c, nint stride, nint rows, nint columns, nint depth, bool adds, ref float scratch)
    {
        if (Vector512.IsHardwareAccelerated)
            Multiply<Float512>(left, right, ref c, stride, rows, columns, depth, adds, ref scratch);
        else if (Vector256.IsHardwareAccelerated)
            Multiply<Float256>(left, right, ref c, stride, rows, columns, depth, adds, ref scratch);
        else
            Multiply<Float128>(left, right, ref c, stride, rows, columns, depth, adds, ref scratch);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply<T>(
        StridedMatrix left, StridedMatrix right, ref float c, nint stride, nint rows, nint columns, nint depth, bool adds, ref float scratch)
        where T : struct, IFloatVector<T>
    {
        if (depth == 0 && !adds)
            StridedRows.Clear(ref c, stride, rows, (int)columns);
        ref float leftPanels = ref Unsafe.Add(ref scratch, ProductPanels.RightFloats(nint.Min(depth, DepthStep), nint.Min(columns, ColumnStep)));
        for (nint column = 0; column < columns; column += ColumnStep)
        {
            nint someColumns = nint.Min(ColumnStep, columns - column);
            for (nint k = 0; k < depth; k += DepthStep)
            {
                nint someDepth = nint.Min(DepthStep, depth - k);
                ProductPanels.PackRight(right.From(k, column), someDepth, someColumns, ref scratch);
                for (nint row = 0; row < rows; row += RowStep)
                {
                    nint someRows = nint.Min(RowStep, rows - row);
                    ProductPanels.PackLeft(left.From(row, k), someRows, someDepth, ref leftPanels);
                    var operands = new ProductOperands(
                        ref leftPanels, someDepth * ProductPanels.LeftLines, ProductPanels.LeftLines, ref scratch, someDepth * ProductPanels.RightLines,
                        ProductPanels.RightLines);
                    MultiplyTiles<T>(
                        in operands, ref Unsafe.Add(ref c, (row * stride) + column), stride, someRows, someColumns, someDepth, adds || k > 0);
                }
            }
        }
    }

    /// <summary>
    /// The same, <c>C += Aᵀ · B</c>, with operands that are read as they are: for those that stay in the second-level cache and are used once, which packing
    /// would cost a seventh.
    /// </summary>
    /// <param name="left">A: [depth, rows], with room for a whole tile behind the last row.</param>
    /// <param name="leftStride">Floats from a step of the depth to the next.</param>
    /// <param name="right">B: [depth, columns], with room for a whole tile behind the last column.</param>
    /// <param name="rightStride">Floats from a step of the depth to the next.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="depth">Steps of the depth.</param>
    public static void AddTransposed(
        ref float left, nint leftStride, ref float right, nint rightStride, ref float c, nint stride, nint rows, nint columns, nint depth)
    {
        var operands = new ProductOperands(ref left, ProductPanels.LeftLines, leftStride, ref right, ProductPanels.RightLines, rightStride);
        if (Vector512.IsHardwareAccelerated)
            MultiplyTiles<Float512>(in operands, ref c, stride, rows, columns, depth, true);
        else if (Vector256.IsHardwareAccelerated)
            MultiplyTiles<Float256>(in operands, ref c, stride, rows, columns, depth, true);
        else
            MultiplyTiles<Float128>(in operands, ref c, stride, rows, columns, depth, true);
    }

    /// <summary>The product of operands that lie as register tiles read them.</summary>
    /// <param name="operands">Both operands.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="depth">Steps of the depth; the first one is at a multiple of a depth block.</param>
    /// <param name="adds">Whether the product is added to what the result holds.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    internal static unsafe void MultiplyTiles<T>(
        in ProductOperands operands, ref float c, nint stride, nint rows, nint columns, nint depth, bool adds)
        where T : struct, IFloatVector<T>
    {
        float* edge = stackalloc float[ProductPanels.LeftLines * ProductPanels.RightLines];
        for (nint column = 0; column < columns; column += 2 * T.Lanes)
        {
            nint columnsLeft = columns - column;
            for (nint row = 0, count; row < rows; row += count)
            {
                ref float target = ref Unsafe.Add(ref c, (row * stride) + column);
                nint tileRows = TileRows<T>(rows - row);
                count = nint.Min(tileRows, rows - row);
                if (columnsLeft >= 2 * T.Lanes)
                {
                    MultiplyTile<T>(tileRows, in operands, row, column, depth, ref target, stride, count, adds);
                    continue;
                }

                // Vectors would reach beyond the last column.
                if (adds)
                    StridedRows.Copy(ref target, stride, ref *edge, ProductPanels.RightLines, count, (int)columnsLeft);
                MultiplyTile<T>(tileRows, in operands, row, column, depth, ref *edge, ProductPanels.RightLines, count, adds);
                StridedRows.Copy(ref *edge, ProductPanels.RightLines, ref target, stride, count, (int)columnsLeft);
            }
        }
    }

    /// <summary>Rows of the next tile: 12 rows of 512 bits or 6 of fewer take 24 or 12 registers, and the last ones a smaller tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint TileRows<T>(nint rowsLeft)
        where T : struct, IFloatVector<T> => T.Lanes == 16
            ? rowsLeft > 8 ? 12 : rowsLeft > 4 ? 8 : 4
            : rowsLeft > 4 ? 6 : 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyTile<T>(
        nint tileRows, in ProductOperands operands, nint row, nint column, nint depth, ref float c, nint stride, nint count, bool adds)
        where T : struct, IFloatVector<T>
    {
        if (adds)
        {
            // Rows of the result that are far apart come from beyond the first-level cache; the sums need them at their end.
            for (nint index = 0; index < count; index++)
                Prefetch.L1(ref Unsafe.Add(ref c, index * stride), 2 * T.Lanes);
        }

        ref float left = ref operands.Row(row);
        ref float right = ref operands.Column(column);
        nint leftStep = operands.LeftStep, rightStep = operands.RightStep;
        for (nint k = 0; k < depth; k += PanelLayout.DepthBlock)
        {
            nint steps = nint.Min(PanelLayout.DepthBlock, depth - k);
            ref float leftBlock = ref Unsafe.Add(ref left, k * leftStep);
            ref float rightBlock = ref Unsafe.Add(ref right, k * rightStep);
            bool isAdded = adds || k > 0;
            if (tileRows == 12)
                ProductTile<T, TwelveRows>.Multiply(ref leftBlock, leftStep, ref rightBlock, rightStep, steps, ref c, stride, count, isAdded);
            else if (tileRows == 8)
                ProductTile<T, EightRows>.Multiply(ref leftBlock, leftStep, ref rightBlock, rightStep, steps, ref c, stride, count, isAdded);
            else if (tileRows == 6)
                ProductTile<T, SixRows>.Multiply(ref leftBlock, leftStep, ref rightBlock, rightStep, steps, ref c, stride, count, isAdded);
            else
                ProductTile<T, FourRows>.Multiply(ref leftBlock, leftStep, ref rightBlock, rightStep, steps, ref c, stride, count, isAdded);
        }
    }
}
