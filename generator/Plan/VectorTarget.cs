using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>A vector instruction set, as far as a plan depends on it.</summary>
internal sealed record VectorTarget
{
    /// <summary>Name of the vector target, such as <c>Vector256</c>: of its file, of the type with its kernels, and in what <c>Plan</c> prints.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the .NET vector type, such as <c>Vector256</c>.</summary>
    public required string VectorType { get; init; }

    /// <summary>
    /// The vector target with the same vectors, whose kernels this one uses wherever its own would be equal; null where there is none. A class
    /// has a file for each vector target, and a fourth whole copy of 128-bit kernels would be a quarter of the source that the compiler reads.
    /// </summary>
    public VectorTarget? Base { get; init; }

    /// <summary>Whether another vector target uses kernels of this one.</summary>
    public bool IsBase => All.Any(other => other.Base == this);

    /// <summary>C# condition under which the processor runs this target.</summary>
    public required string Condition { get; init; }

    /// <summary>The fused, or where there is none the separate, multiply-add of the vector type.</summary>
    public required string MultiplyAdd { get; init; }

    /// <summary>float32 lanes of one vector.</summary>
    public required int Lanes { get; init; }

    /// <summary>Vector registers.</summary>
    public required int Registers { get; init; }

    /// <summary>Row counts of the register tiles worth having, ascending; fewer rows alone take GEMV tiles. Each costs the JIT and the reader time.</summary>
    public required EquatableArray<int> RowTiles { get; init; }

    /// <summary>Registers that hold a product until it is added to its sum: none where both are one instruction.</summary>
    public int ProductRegisters { get; init; }

    /// <summary>
    /// Whether rows are pinned while they are multiplied, so that their elements can be spread by loads through pointers: with AVX but without
    /// AVX2 a tile ran at 92 % of its bound, at 74 to 80 % where the JIT spread them by load and shuffle.
    /// </summary>
    public bool PinsRows { get; init; }

    /// <summary>Cycles from one multiply-add of a chain to the next.</summary>
    public int MultiplyAddLatency { get; init; } = 4;

    public int MultiplyAddsPerCycle { get; init; } = 2;

    public int LoadsPerCycle { get; init; } = 2;

    /// <summary>
    /// Sums from which a projection's tile has several steps of the depth in a turn of its loop; <see cref="ProductPlan"/> has the measurements.
    /// </summary>
    public int UnrolledAccumulators { get; init; } = int.MaxValue;

    /// <summary>
    /// What the tiles of a projection ask for ahead of time. With 512 bits the caches have little time left: where every row tile asked for all of the
    /// next panels, ten tiles asked for each line ten times. Shares of them took 0.93 of the time at 120 rows, 0.89 at 48 and 0.81 at 16; a
    /// single tile took 0.89 with its own panels. That was alone, 512 deep, on Emerald Rapids. With 256 bits all of them measured the same.
    /// </summary>
    public TilePrefetch WeightsPrefetch { get; init; } = TilePrefetch.NextPanels;

    /// <summary>Whether softmax adds the powers up in a loop of their own: constants, sums and a power need more than 16 registers.</summary>
    public bool SumsApart => Registers <= 16;

    /// <summary>Vectors in one panel of <see cref="AttentionPlan.PanelWidth"/> columns.</summary>
    public int VectorsPerPanel => AttentionPlan.PanelWidth / Lanes;

    /// <summary>
    /// Panels of weights that are interleaved, a step of each in turn. With 512 bits the sums of one row take eight panels, and eight streams are more than
    /// memory feeds best: in pairs one row takes 1 to 4 % less time while its weights are in the third-level cache, 2 to 9 % less where
    /// other layers have pushed them out; products of more rows are as fast.
    /// </summary>
    public int InterleavedPanels { get; init; } = 1;

    /// <summary>AVX-512: 32 registers hold a tile of 12 rows × 32 columns (24 sums, 2 of B, the rest for A).</summary>
    public static VectorTarget Vector512 { get; } = new()
    {
        Name = "Vector512",
        VectorType = "Vector512",
        Condition = "Vector512.IsHardwareAccelerated",
        MultiplyAdd = "FusedMultiplyAdd",
        Lanes = 16,
        Registers = 32,
        RowTiles = new([4, 8, 12]),
        InterleavedPanels = 2,
        UnrolledAccumulators = 24,
        WeightsPrefetch = TilePrefetch.SharesOfNextPanels,
    };

    /// <summary>AVX2 and FMA: 16 registers hold a tile of 6 rows × 16 columns (12 sums, 2 of B, 1 of A).</summary>
    public static VectorTarget Vector256 { get; } = new()
    {
        Name = "Vector256",
        VectorType = "Vector256",
        Condition = "Vector256.IsHardwareAccelerated && global::System.Runtime.Intrinsics.X86.Fma.IsSupported",
        MultiplyAdd = "FusedMultiplyAdd",
        Lanes = 8,
        Registers = 16,
        RowTiles = new([4, 6]),
    };

    /// <summary>
    /// x64 without fused multiply-add, and everything else. A tile of 3 rows takes a register more than the 16 there are, for the product;
    /// one sum then goes through memory every step, and the kernel ran at 50 % of the bound of separate instructions. 2 rows (8 sums, 2 of A,
    /// 1 of B, the product) reached 79 %, and 74 % without AVX.
    /// </summary>
    public static VectorTarget Vector128 { get; } = new()
    {
        Name = "Vector128",
        VectorType = "Vector128",
        Condition = "true",
        MultiplyAdd = "MultiplyAddEstimate",
        Lanes = 4,
        Registers = 16,
        RowTiles = new([2]),
        ProductRegisters = 1,
        PinsRows = true,
    };

    /// <summary>
    /// Arm64: a multiply-add that <c>MultiplyAddEstimate</c> fuses, and 32 registers for tiles of 4 rows: 16 sums, as many as four multipliers
    /// with a latency of 4 cycles want. Fewer rows, and all that is no product, are the kernels of <see cref="Vector128"/>.
    /// </summary>
    public static VectorTarget Neon { get; } = Vector128 with
    {
        Name = "Neon",
        Base = Vector128,
        Condition = "global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported",
        Registers = 32,
        RowTiles = new([2, 4]),
        ProductRegisters = 0,
        PinsRows = false,
    };

    /// <summary>All targets: the first whose condition holds is used. The widest comes first, and the one that every processor runs last.</summary>
    public static IReadOnlyList<VectorTarget> All { get; } = [Vector512, Vector256, Neon, Vector128];

    /// <summary>The targets of some names, all where no target has one of them. A target whose base is not among them has all kernels of its own.</summary>
    public static IReadOnlyList<VectorTarget> Of(IEnumerable<string> names)
    {
        List<VectorTarget> named = [.. All.Where(target => names.Contains(target.Name))];
        return named.Count == 0 ? All : [.. named.Select(target => target.Base is null || named.Contains(target.Base) ? target : target with { Base = null })];
    }
}
