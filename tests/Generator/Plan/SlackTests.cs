using AttentionGen.Generator.Plan;
using SpecUnrolling = AttentionGen.Generator.Model.Unrolling;

namespace AttentionGen.Tests.Generator;

public sealed class SlackTests
{
    /// <summary>The last turn of a tile begins at the last panel of keys, and reads as many panels as any other.</summary>
    [Theory]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(512)]
    public void Tiles_of_scores_read_no_further_than_the_slack(int headDim) => Assert.All(
        VectorTarget.All.SelectMany(target => ProductPlan.Create(
            MatrixKernel.Scores(headDim, AttentionPlan.KeyBlock + AttentionPlan.PanelWidth), 0, target, SpecUnrolling.Auto).AllTiles),
        tile => Assert.InRange((tile.Panels - 1) * AttentionPlan.PanelWidth * headDim, 0, PanelLayout.SlackFloats));
}
