using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AttentionGen.CompilerServices;
using AttentionGen.Generator.Plan;
using NarrowLayout = AttentionGen.CompilerServices.NarrowLayout;

namespace AttentionGen.Bench.Explain;

/// <summary>What a product of narrow weights needs: quantised rows, weights that are widened in registers, or panels that are widened once.</summary>
/// <param name="MultiplyAdds">Scalar multiply-adds, of float32 or of bytes.</param>
/// <param name="ArithmeticVectors">Vector instructions on the ports that multiply.</param>
/// <param name="LoadVectors">Vector loads and broadcasts.</param>
/// <param name="StreamedBytes">Bytes of weights.</param>
internal readonly record struct NarrowCost(double MultiplyAdds, double ArithmeticVectors, double LoadVectors, double StreamedBytes)
{
    // Tiles of bytes: six rows, and two vectors of columns.
    private const int TileRows = 6;
    private const int TileVectors = 2;

    /// <summary>Products of bytes for each instruction on the ports that multiply: AVX-VNNI and Arm take one, and the others two.</summary>
    private static int BytesPerInstruction => AvxVnni.IsSupported || Vector512.IsHardwareAccelerated ? 32 : 16;

    /// <summary>Bytes of a weight.</summary>
    public static double WeightBytes(PackedMatrix? matrix) =>
        matrix is null ? sizeof(float) : (double)NarrowLayout.ChunkBytes(matrix.Format) / NarrowLayout.ChunkInputs;

    /// <summary>Whether the rows are quantised.</summary>
    public static bool IsInt8(PackedMatrix? matrix) => matrix?.Arithmetic == WeightArithmetic.Int8;

    /// <summary>The cost of one call.</summary>
    public static NarrowCost Of(KernelCall call, nint depth, IEnumerable<RegisterTile> tiles, int lanes)
    {
        PackedMatrix matrix = call.Narrow!;
        double weights = (double)depth * call.Panels * AttentionPlan.PanelWidth, multiplyAdds = weights * call.Rows;
        double words = weights / NarrowLayout.WordInputs(matrix.Format), bytes = weights * WeightBytes(matrix);
        if (IsInt8(matrix))
        {
            // Of blocks each row reads the words; of whole columns a tile does.
            double rows = matrix.Format == WeightFormat.Int8 ? Math.Min(TileRows, call.Rows) : 1;
            double columns = matrix.Format == WeightFormat.Int8 ? TileVectors : NarrowLayout.GroupColumns / lanes;
            double loads = words / lanes * (call.Rows / rows) * (1 + (rows / columns));
            return new(multiplyAdds, multiplyAdds / BytesPerInstruction, loads, bytes);
        }

        // A widened weight takes a multiply or multiply-add of its own, but for bfloat16.
        double widening = matrix.Format == WeightFormat.BFloat16 ? 0 : weights / lanes;
        if (call.Rows <= NarrowLayout.FewRows)
            return new(multiplyAdds, ((multiplyAdds / lanes) + (call.Rows * widening)), call.Rows * ((words / lanes) + (weights / lanes / 4)), bytes);
        double arithmetic = widening, panelLoads = words / lanes;
        foreach (RegisterTile tile in tiles)
        {
            double steps = (double)depth * ((call.Panels + tile.Panels - 1) / tile.Panels);
            arithmetic += steps * tile.Accumulators;
            panelLoads += steps * tile.LoadsPerStep;
        }
        return new(multiplyAdds, arithmetic, panelLoads, bytes);
    }
}
