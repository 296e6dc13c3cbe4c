namespace AttentionGen.Tests.Runtime.Heads;

/// <summary>Measures that need more than one head: divergence, rollout, importance; worked out on paper.</summary>
public class LayerStatisticsTests
{
    [Fact]
    public void DivergenceIsZeroForEqualHeadsAndLnTwoForDisjointOnes()
    {
        float[] probabilities = [1, 0, 0.5f, 0.5f, /**/ 1, 0, 0.5f, 0.5f, /**/ 0, 1, 0.25f, 0.75f];
        double[,] divergences = HeadStatistics.Divergences(probabilities, heads: 3, keys: 2);
        // The middle of (½, ½) and (¼, ¾) is (⅜, ⅝).
        double second = (0.5 * Math.Log(0.5 / 0.375) + 0.5 * Math.Log(0.5 / 0.625) + 0.25 * Math.Log(0.25 / 0.375) + 0.75 * Math.Log(0.75 / 0.625)) / 2;
        Assert.Equal(0, divergences[0, 0]);
        Assert.Equal(0, divergences[0, 1]);
        Assert.Equal((Math.Log(2) + second) / 2, divergences[0, 2], 12);
        Assert.Equal(divergences[0, 2], divergences[2, 0]);
        Assert.Equal(divergences[0, 2], divergences[1, 2]);
    }

    [Fact]
    public void RolloutMultipliesTheLayersWithTheirResiduals()
    {
        // Two heads whose mean is (1, 0; ½, ½), and one layer later (0, 1; 1, 0) in both.
        float[] first = [1, 0, 1, 0, /**/ 1, 0, 0, 1], second = [0, 1, 1, 0, /**/ 0, 1, 1, 0];
        IReadOnlyList<double[,]> rollouts = HeadStatistics.Rollout([first, second], heads: 2, tokens: 2);
        Assert.Equal(new[,] { { 1, 0 }, { 0.25, 0.75 } }, rollouts[0]);
        // Half of each row of the first layer, and half of the other one.
        Assert.Equal(new[,] { { 0.625, 0.375 }, { 0.625, 0.375 } }, rollouts[1]);
    }

    [Fact]
    public void ImportanceTakesTheProductOfEachRowWithoutItsSign()
    {
        // Two rows, two heads of two elements. Head 0: |1·3 + 2·(−1)| = 1 and |−2| = 2. Head 1: 4 and 0.
        float[] outputs = [1, 2, 2, 2, /**/ 1, 1, 5, 5], gradients = [3, -1, 1, 1, /**/ -1, -1, 1, -1];
        double[] importances = HeadStatistics.Importances(outputs, gradients, heads: 2, valueHeadDim: 2);
        Assert.Equal([0.6, 0.8], importances, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0, 0], HeadStatistics.Importances(outputs, new float[8], heads: 2, valueHeadDim: 2));
        Assert.All(HeadStatistics.Importances([], [], heads: 2, valueHeadDim: 2), importance => Assert.True(double.IsNaN(importance)));
    }

    [Fact]
    public void RefusesBadArguments()
    {
        AssertRefused("probabilities.Length is 5", () => HeadStatistics.Divergences(new float[5], 2, 2));
        AssertRefused("keys must be 1 or more", () => HeadStatistics.Divergences([], 2, 0));
        AssertRefused("layers[1] has 1 queries and 2 keys", () => HeadStatistics.Rollout([new float[8], new float[4]], 2, 2));
        AssertRefused("is NaN", () => HeadStatistics.Rollout([new[] { float.NaN }], 1, 1));
        AssertRefused("headOutputs.Length is 5", () => HeadStatistics.Importances(new float[5], new float[5], 2, 2));
        AssertRefused("headGradients.Length is 4", () => HeadStatistics.Importances(new float[8], new float[4], 2, 2));
    }

    private static void AssertRefused(string message, Action call) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(call).Message, StringComparison.Ordinal);
}
