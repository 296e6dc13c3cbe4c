using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;
using SpecMaskAxes = AttentionGen.Generator.Model.MaskAxes;
using SpecUnrolling = AttentionGen.Generator.Model.Unrolling;

namespace AttentionGen.Tests.Generator;

/// <summary>The plan is numbers, and tested as numbers: what fits registers and caches, how rows are cut, what a call costs.</summary>
public sealed class PlanTests
{
    public static TheoryData<int, int, int> Shapes => new()
    {
        // Heads, KV heads, head dimension.
        { 1, 1, 1 }, { 4, 4, 32 }, { 8, 8, 64 }, { 12, 12, 64 }, { 14, 2, 64 }, { 9, 3, 64 }, { 16, 1, 10 }, { 3, 3, 80 }, { 2, 1, 256 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_tile_fits_the_registers(int heads, int kvHeads, int headDim)
    {
        foreach (AttentionPlan plan in Plans(heads, kvHeads, headDim))
        {
            foreach (ProductPlan product in plan.Products)
            {
                foreach (RegisterTile tile in product.AllTiles)
                    Assert.InRange(tile.LiveRegisters(plan.Target), 2, plan.Target.Registers);
            }
        }
    }

    /// <summary>x64 without FMA multiplies into a register of its own: 12 sums, 3 of A and 1 of B leave none of the 16.</summary>
    [Fact]
    public void A_product_that_is_not_fused_has_a_register()
    {
        AttentionPlan plan = Plans(8, 8, 64)[^1];
        Assert.Equal("Vector128", plan.Target.Name);
        Assert.Equal(17, new RegisterTile(3, 1, plan.Target.VectorsPerPanel, 1).LiveRegisters(plan.Target));
        Assert.Equal(["1x32", "2x16"], plan.Scores.AllTiles.Select(tile => tile.Name));
    }

    [Theory]
    [InlineData(1, new[] { 2 }, new[] { 2 })]
    [InlineData(3, new[] { 2, 2 }, new[] { 2, 2 })]
    [InlineData(7, new[] { 2, 2, 2, 2 }, new[] { 4, 2, 2 })]
    [InlineData(10, new[] { 2, 2, 2, 2, 2 }, new[] { 4, 4, 2 })]
    public void Neon_cuts_rows_into_tiles_of_its_own(int rows, int[] expected, int[] onNeon)
    {
        IReadOnlyList<AttentionPlan> plans = Plans(8, 8, 64);
        Assert.Equal(["Vector512", "Vector256", "Neon", "Vector128"], plans.Select(plan => plan.Target.Name));
        Assert.Equal(expected, plans[3].Scores.Split.Cut(rows));
        Assert.Equal(onNeon, plans[2].Scores.Split.Cut(rows));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Neon_writes_only_the_tiles_that_Vector128_lacks(int heads, int kvHeads, int headDim)
    {
        foreach (ProductPlan product in Plans(heads, kvHeads, headDim)[2].Products)
        {
            Assert.Equal([1, 2], product.BaseTiles.Select(tile => tile.Rows));
            Assert.Equal([4], product.OwnTiles.Select(tile => tile.Rows));
        }
    }

    /// <summary>Where a project leaves out Vector128, there is nothing to share.</summary>
    [Fact]
    public void Neon_alone_writes_all_of_its_tiles()
    {
        AttentionPlan plan = Assert.Single(AttentionPlan.CreateAll(Plans(8, 8, 64)[0].Spec with { VectorTargets = new(["Neon"]) }));
        Assert.Null(plan.Target.Base);
        Assert.All(plan.Products, product => Assert.Equal(["1x32", "2x16", "4x16"], product.OwnTiles.Select(tile => tile.Name)));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Tiles_cover_every_panel_once(int heads, int kvHeads, int headDim)
    {
        foreach (AttentionPlan plan in Plans(heads, kvHeads, headDim))
        {
            foreach (RegisterTile tile in plan.InputProjection!.AllTiles)
            {
                Assert.Equal(0, plan.QueryPanels % tile.Panels);
                Assert.Equal(0, plan.KeyPanels % tile.Panels);
            }

            foreach (RegisterTile tile in plan.Values.AllTiles)
                Assert.Equal(0, plan.ValueHeadDimPadded / AttentionPlan.PanelWidth % tile.Panels);

            // Scores may run past the last panel, but not past the row of scores.
            foreach (RegisterTile tile in plan.Scores.AllTiles)
                Assert.Equal(0, AttentionPlan.KeyBlock % tile.Columns);
        }
    }

    [Fact]
    public void Rows_are_cut_completely_and_never_into_more_than_one_tile_too_many()
    {
        foreach (AttentionPlan plan in Plans(8, 8, 64))
        {
            int smallest = plan.Scores.Tiles[0].Rows;
            for (int rows = smallest; rows <= 600; rows++)
            {
                int[] tiles = [.. plan.Scores.Split.Cut(rows)];
                Assert.All(tiles, tile => Assert.Contains(tile, plan.Scores.Tiles.Select(t => t.Rows)));
                Assert.All(tiles, tile => Assert.InRange(tile, 1, rows));
                // All but the last lie inside; the last may overlap, by less than its own rows.
                Assert.InRange(tiles[..^1].Sum(), 0, rows - 1);
                Assert.InRange(tiles.Sum() - rows, 0, tiles[^1] - 1);
            }
        }
    }

    [Theory]
    [InlineData(16, new[] { 8, 8 })]
    [InlineData(24, new[] { 12, 12 })]
    [InlineData(12, new[] { 12 })]
    [InlineData(8, new[] { 8 })]
    public void Wide_vectors_cut_rows_into_the_fewest_cycles(int rows, int[] expected) =>
        Assert.Equal(expected, Plans(8, 8, 64)[0].Scores.Split.Cut(rows));

    [Fact]
    public void The_fastest_cut_is_no_slower_than_any_other()
    {
        // Exhaustive: every multiset of tiles that covers the rows.
        foreach (AttentionPlan plan in Plans(8, 8, 64))
        {
            IReadOnlyList<RegisterTile> allowed = plan.Scores.Tiles;
            int smallest = allowed[0].Rows;
            double Cycles(int rows) => allowed.First(tile => tile.Rows == rows).CyclesPerStep(plan.Target);
            double Cheapest(int rows) => rows <= 0 ? 0 : allowed
                .Where(tile => tile.Rows <= Math.Max(rows, smallest))
                .Min(tile => Cycles(tile.Rows) + Cheapest(rows - tile.Rows));
            for (int rows = smallest; rows <= 40; rows++)
                Assert.InRange(plan.Scores.Split.Cut(rows).Sum(Cycles), 0, Cheapest(rows) + 1e-9);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Scratch_slices_are_aligned_and_do_not_overlap(int heads, int kvHeads, int headDim)
    {
        AttentionPlan plan = Plans(heads, kvHeads, headDim)[0];
        int end = 0;
        foreach (ScratchSlice slice in plan.Scratch.Slices)
        {
            Assert.Equal(0, slice.Offset % 16);
            Assert.True(slice.Offset >= end, $"{slice.Name} starts at {slice.Offset}, before the {end} where the slice before it ends");
            end = slice.Offset + slice.Length;
        }

        Assert.True(plan.Scratch.Length >= end);
    }

    /// <summary>Where threads share columns, each writes its columns of all rows of a call of few rows, even if a row block is smaller.</summary>
    [Fact]
    public void The_output_strip_holds_every_call_of_few_rows()
    {
        AttentionSpec spec = Plans(17, 17, 128)[0].Spec;
        AttentionPlan plan = AttentionPlan.Create(spec with { Shape = spec.Shape with { DModel = 20, MemoryDim = 20 } }, VectorTarget.All[0]);
        Assert.Equal(24, plan.RowBlock);
        Assert.Equal(48 * 32, plan.Scratch["OutputStrip"].Length);
    }

    [Fact]
    public void What_the_bits_depend_on_is_the_same_for_every_target()
    {
        IReadOnlyList<AttentionPlan> plans = Plans(8, 8, 64);
        Assert.Equal(4, plans.Count);
        Assert.Equal(256, AttentionPlan.KeyBlock);
        Assert.Equal(0, AttentionPlan.KeyBlock % 32);
        Assert.Equal(128, AttentionPlan.DepthBlock);
        // The path is written once for all targets.
        Assert.All(plans, plan => Assert.Equal(plans[0].Scratch, plan.Scratch));
        Assert.All(plans, plan => Assert.Equal(plans[0].RowBlock, plan.RowBlock));
    }

    [Fact]
    public void Counts_follow_from_the_shape()
    {
        AttentionPlan plan = Plans(14, 2, 64)[0];
        Assert.Equal(896, plan.Shape.DModel);
        // Query and output 896 x 896, key and value 896 x 128.
        Assert.Equal((2 * 896 * 896) + (2 * 896 * 128), plan.ProjectionMultiplyAdds);
        Assert.Equal(2 * 14 * 64, plan.AttentionMultiplyAdds);
        Assert.Equal(4L * ((2 * 896 * 897) + (2 * 128 * 897)), plan.WeightBytes);
        Assert.Equal(4 * 2 * 2 * 64, plan.KeyValueBytes);
    }

    [Fact]
    public void Values_of_a_width_of_their_own_count_for_themselves()
    {
        AttentionPlan plan = Plans(14, 2, 64, valueHeadDim: 24)[0];
        // Query 896 x 896, key 896 x 128, value 896 x 48, output 336 x 896.
        Assert.Equal(896 * (896 + 128 + 48 + 336), plan.ProjectionMultiplyAdds);
        Assert.Equal(14 * (64 + 24), plan.AttentionMultiplyAdds);
        Assert.Equal(4L * (((896 + 128 + 48) * 897) + (896 * 337)), plan.WeightBytes);
        Assert.Equal(4 * 2 * (64 + 32), plan.KeyValueBytes);
        Assert.Equal(AttentionPlan.QueryBlock * 32, plan.Scratch["BlockHeads"].Length);
        Assert.Equal(336, plan.OutputProjection!.Kernel.Depth.Literal);
    }

    /// <summary>896 inputs are 28 blocks. A column has a bias, and in int8 a scale and a sum of its weights.</summary>
    [Theory]
    [InlineData("Float32", (4 * 896) + 4, 0, false)]
    [InlineData("BFloat16", (2 * 896) + 4, 0.17, false)]
    [InlineData("Int8Blocks", (28 * 34) + 4, 0.5, false)]
    [InlineData("Int4Blocks", (28 * 18) + 4, 8, true)]
    [InlineData("Int8", 896 + 12, 0.7, true)]
    public void Every_matrix_says_its_bytes_and_expected_error(string format, int columnBytes, double error, bool quantizes)
    {
        AttentionSpec spec = Plans(14, 2, 64)[0].Spec;
        spec = spec with { Shape = spec.Shape with { Weights = (AttentionGen.Generator.Model.WeightFormat)Enum.Parse<WeightFormat>(format),
            Arithmetic = quantizes ? AttentionGen.Generator.Model.WeightArithmetic.Int8 : AttentionGen.Generator.Model.WeightArithmetic.Float32 } };
        AttentionPlan plan = AttentionPlan.Create(spec, VectorTarget.All[0]);
        Assert.Equal(
            [("queries", 896L * columnBytes), ("keys", 128L * columnBytes), ("values", 128L * columnBytes), ("output", 896L * columnBytes)],
            plan.Matrices.Select(matrix => (matrix.Name, matrix.Bytes)));
        Assert.All(plan.Matrices, matrix => Assert.Equal((error, quantizes), (matrix.WeightError, matrix.QuantizesInputs)));
        string kibibytes = FormattableString.Invariant($"queries {896 * columnBytes / 1024.0:F0} KiB, keys ");
        Assert.Equal(error > 0, plan.SharedReasons.Any(reason => reason.Contains(kibibytes, StringComparison.Ordinal)
            && reason.Contains(FormattableString.Invariant($"about {error} % of their spread"), StringComparison.Ordinal)));
    }

    /// <summary>A key block is widened to float32 for many rows; scales of masked keys are left out where a mask lies among the keys.</summary>
    [Theory]
    [InlineData("Float32", false, 4 * 2 * (64 + 64), 0, 0)]
    [InlineData("BFloat16", false, 2 * 2 * (64 + 64), 256 * 64, 0)]
    [InlineData("Float16", true, 2 * 2 * (64 + 64), 256 * 64, 0)]
    [InlineData("Int8", false, 2 * (64 + 4 + 64 + 4), 256 * 64, 0)]
    [InlineData("Int8", true, 2 * (64 + 4 + 64 + 4), 256 * 64, 256)]
    public void Narrow_keys_take_less_memory_and_some_scratch(string format, bool masked, int bytes, int widened, int scales)
    {
        AttentionSpec spec = Plans(14, 2, 64)[0].Spec;
        spec = spec with { Shape = spec.Shape with { Causal = true, BooleanMask = masked ? SpecMaskAxes.Key : 0,
            KeyValues = (AttentionGen.Generator.Model.KeyValueFormat)Enum.Parse<KeyValueFormat>(format) } };
        AttentionPlan plan = AttentionPlan.Create(spec, VectorTarget.All[0]);
        Assert.Equal(bytes, plan.KeyValueBytes);
        Assert.Equal(widened, Length("WidenedKeys"));
        Assert.Equal(widened, Length("WidenedValues"));
        Assert.Equal(scales, Length("SeenScales"));
        Assert.Equal(widened > 0, plan.Features.HasFlag(AttentionGen.Generator.Plan.AttentionFeatures.NarrowKeyValues));

        int Length(string name) => plan.Scratch.Slices.Where(slice => slice.Name == name).Sum(slice => slice.Length);
    }

    [Theory]
    [InlineData(false, false, 0)]
    [InlineData(true, false, 272)]
    [InlineData(false, true, 272)]
    [InlineData(true, true, 544)]
    public void Scratch_has_a_line_for_each_declared_mask(bool boolean, bool additive, int floats)
    {
        // A softcap goes over the scores too, and needs none.
        AttentionSpec spec = Plans(2, 2, 16)[0].Spec;
        spec = spec with { Shape = spec.Shape with { Softcap = 30, BooleanMask = boolean ? SpecMaskAxes.Key : 0, AdditiveMask = additive ? SpecMaskAxes.Key
            : 0 } };
        ScratchLayout scratch = AttentionPlan.Create(spec, VectorTarget.All[0]).Scratch;
        Assert.Equal(floats, scratch.Slices.Where(slice => slice.Name == "MaskLines").Sum(slice => slice.Length));
    }

    [Fact]
    public void Full_unrolling_stays_within_the_budget_of_the_jit()
    {
        foreach (AttentionPlan plan in Plans(8, 8, 64, SpecUnrolling.Full))
        {
            foreach (ProductPlan product in plan.Products)
            {
                foreach (RegisterTile tile in product.AllTiles)
                    Assert.InRange(tile.Unroll * tile.Accumulators, 1, ProductPlan.FullBudget);
            }

            // The head dimension of 64 is written out whole where 1,000 multiply-adds allow it.
            Assert.Contains(plan.Scores.AllTiles, tile => tile.Unroll == 64);
        }
    }

    [Fact]
    public void Projections_are_identified_by_name_and_shared_where_they_are_alike()
    {
        AttentionPlan plan = Plans(14, 2, 64, valueHeadDim: 24)[0];
        Assert.Equal(["Project896", "Project336"], plan.Projections.Select(product => product.Name));
        Assert.Equal(plan.InputProjection, plan.MemoryProjection);
        Assert.Equal(plan.Projections[1], plan.OutputProjection);
        AttentionPlan square = Plans(8, 8, 64)[0];
        Assert.Single(square.Projections);
        Assert.Equal(square.InputProjection, square.OutputProjection);
    }

    [Theory]
    [InlineData(8, 64, 4, 4)]
    [InlineData(4, 64, 4, 2)]
    [InlineData(14, 64, 4, 7)]
    [InlineData(6, 127, 2, 6)]
    [InlineData(7, 109, 1, 6)]
    public void Only_the_largest_tiles_of_weights_take_several_steps_a_turn(int heads, int headDim, int steps, int blocks)
    {
        AttentionPlan plan = Plans(heads, heads, headDim)[0];
        ProductPlan product = plan.InputProjection!;
        Assert.Equal(blocks, product.Kernel.DepthBlocks);
        Assert.Equal(1, plan.Scores.Kernel.DepthBlocks);
        Assert.Equal(1, plan.Values.Kernel.DepthBlocks);
        Assert.Contains(product.AllTiles, tile => tile.Accumulators == 24);
        Assert.All(product.AllTiles, tile => Assert.Equal(tile.Accumulators == 24 ? steps : 1, tile.Unroll));
        Assert.All(plan.Scores.AllTiles.Concat(plan.Values.AllTiles), tile => Assert.Equal(1, tile.Unroll));
    }

    [Fact]
    public void Two_products_of_one_depth_with_other_epilogues_have_other_names()
    {
        MatrixKernel[] kernels =
        [
            MatrixKernel.Projection(512, new EpilogueStep.AddBias(), new EpilogueStep.StoreRows()),
            MatrixKernel.Projection(512, new EpilogueStep.StoreRows()),
            MatrixKernel.Projection(512, new EpilogueStep.AddBias(), new Doubled(), new EpilogueStep.StoreRows()),
            MatrixKernel.Projection(256, new EpilogueStep.AddBias(), new Doubled(), new EpilogueStep.StoreRows()),
        ];
        Assert.Equal(kernels.Length, kernels.Select(kernel => kernel.Name).Distinct().Count());
        Assert.Equal("Project512AddBiasDoubledStoreRows", kernels[2].Name);
    }

    /// <summary>An epilogue that nobody has.</summary>
    private sealed record Doubled : EpilogueStep;

    private static IReadOnlyList<AttentionPlan> Plans(int heads, int kvHeads, int headDim, SpecUnrolling unrolling = SpecUnrolling.Auto, int valueHeadDim = 0)
    {
        var spec = new AttentionSpec
        {
            Class = new() { Namespace = "", Declarations = new(["partial class Kernel"]), Name = "Kernel", HintName = "Kernel" },
            Shape = new() { Heads = heads, KvHeads = kvHeads, HeadDim = headDim, ValueHeadDim = valueHeadDim, DModel = heads * headDim,
                MemoryDim = heads * headDim, Scale = 1 },
            Unrolling = unrolling,
        };
        return AttentionPlan.CreateAll(spec);
    }
}
