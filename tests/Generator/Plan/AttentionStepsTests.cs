using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>What a configuration asks for between scores and joined heads, as the plan says it.</summary>
public sealed class AttentionStepsTests
{
    private const string Table =
        "static float Slope(int head) => head; [ScoreModifier] static float Modify(float score, int head, int query, int key) { return score * Slope(head); }";
    private const string Probability = "[ProbabilityModifier] static float Square(float p, int head, int query, int key) => p * p;";
    private const string Expression = "[ScoreModifier] static float Modify(float score, int head, int query, int key) => score * 2;";

    [Fact]
    public void A_plain_block_has_no_step_but_the_softmax()
    {
        AttentionSteps steps = Steps("");
        Assert.Null(steps.ScorePass);
        Assert.True(steps is { HasRowRanges: false, MasksInside: false, LooksForNaN: false, NaturalScores: false, CapsAlone: false, Finishes: false,
            WritesProbabilities: false });
        Assert.Empty(steps.Reasons);
    }

    [Theory]
    [InlineData(", Causal = true", false, false, true, false)]
    [InlineData(", KeyLengths = true", false, false, false, false)]
    [InlineData(", WindowLeft = 4", true, false, true, false)]
    [InlineData(", BooleanMask = MaskAxes.QueryKey", true, true, true, true)]
    [InlineData(", Softcap = 30", true, false, false, true)]
    [InlineData(", Alibi = true", true, false, false, true)]
    [InlineData(", Sinks = true", true, false, false, true)]
    [InlineData(", ZeroKeyValue = true", true, false, false, false)]
    [InlineData(", Outputs = AttentionOutputs.LogSumExp", true, false, false, false)]
    [InlineData(", Outputs = AttentionOutputs.ScaledScores", true, false, false, true)]
    public void Each_setting_asks_for_its_steps(string settings, bool ranges, bool masksInside, bool looksForNaN, bool natural)
    {
        AttentionSteps steps = Steps(settings);
        Assert.Equal((ranges, masksInside, looksForNaN, natural), (steps.HasRowRanges, steps.MasksInside, steps.LooksForNaN, steps.NaturalScores));
        Assert.Equal(ranges, steps.Reasons.Count > 0);
    }

    [Fact]
    public void A_modifier_that_vectors_cannot_compute_stands_apart_and_the_cap_before_it()
    {
        ScorePass apart = Steps(", Softcap = 30", Table).ScorePass!;
        Assert.True(
            apart is { ModifiesApart: true, CapsInVectors: false, ModifiesInVectors: false, HasVectorLoop: false, NeedsHead: true, NeedsPosition: true });
        ScorePass together = Steps(", Softcap = 30", Expression).ScorePass!;
        Assert.True(together is { ModifiesApart: false, CapsInVectors: true, ModifiesInVectors: true, HasVectorLoop: true });
    }

    /// <summary>A softmax needs its sum before probabilities are modified: the scores are computed twice. A sigmoid has no sum.</summary>
    [Theory]
    [InlineData("", 2, true)]
    [InlineData(", Causal = true, Sinks = true", 2, true)]
    [InlineData(", ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -1", 1, false)]
    public void A_probability_modifier_takes_a_second_pass_where_there_is_a_sum(string settings, int passes, bool normalizes)
    {
        AttentionSteps steps = Steps(settings, Probability);
        Assert.True(steps is { ModifiesProbabilities: true, HasRowRanges: true, MasksInside: false, ProbabilityModifier.IsScalar: false });
        Assert.Equal((passes, normalizes), (steps.KeyPasses, steps.NormalizesBlocks));
        Assert.Single(steps.Reasons, reason => reason.StartsWith("Probability modifier: ", StringComparison.Ordinal));
        AttentionPlan plan = AttentionPlan.Create(Spec(settings, Probability), VectorTarget.Vector256);
        Assert.Equal((passes * 8) + 8, plan.AttentionMultiplyAdds);
        Assert.True(plan.Features.HasFlag(AttentionFeatures.ModifiesProbabilities | AttentionFeatures.Ranges | AttentionFeatures.ComparesPositions));
        Assert.Equal([passes], PathNumbers.Of(plan).Where(number => number.Name == "KeyPasses").Select(number => number.Value));
        AttentionSteps without = Steps(settings);
        Assert.True(without is { ModifiesProbabilities: false, KeyPasses: 1, NormalizesBlocks: true });
    }

    [Fact]
    public void A_mask_needs_the_head_only_where_it_has_an_axis_of_heads()
    {
        Assert.False(Steps(", AdditiveMask = MaskAxes.QueryKey").ScorePass!.NeedsHead);
        Assert.True(Steps(", AdditiveMask = MaskAxes.HeadQueryKey").ScorePass!.NeedsHead);
    }

    [Theory]
    [InlineData(", Softcap = 30", false)]
    [InlineData(", Softcap = 30, ZeroKeyValue = true", true)]
    [InlineData(", Softcap = 30, Outputs = AttentionOutputs.CappedScores", true)]
    [InlineData(", ZeroKeyValue = true", false)]
    public void Scores_are_capped_alone_for_keys_without_position_and_for_scores_that_come_out(string settings, bool alone) =>
        Assert.Equal(alone, Steps(settings).CapsAlone);

    [Theory]
    [InlineData(20, 16, true)]
    [InlineData(32, 32, false)]
    [InlineData(3, 0, true)]
    public void Heads_are_joined_in_whole_vectors_and_a_rest(int width, int vectorColumns, bool rest)
    {
        JoinPlan join = AttentionPlan.Create(ParseSpec($"Heads = 1, DModel = {width}"), VectorTarget.Vector512).Join;
        Assert.Equal((vectorColumns, rest), (join.VectorColumns, join.HasRest));
    }

    private static AttentionSteps Steps(string settings, string members = "") => AttentionSteps.Create(Spec(settings, members));

    private static AttentionSpec Spec(string settings, string members) =>
        ParseSpecs($"namespace Test; [AttentionConfig(Heads = 2, DModel = 8{settings})] public sealed partial class Block {{ {members} }}").Single();
}
