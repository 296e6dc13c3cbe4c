using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Rotary;

[AttentionConfig(Heads = 1, HeadDim = 18, Projections = false, Scale = 1, Outputs = AttentionOutputs.ScaledScores, Rotary = RotaryKind.HalfSplit,
    RotaryDim = 16, Positions = true, RotarySections = new[] { 2, 3, 3 })]
internal sealed partial class VisionScores;

[AttentionConfig(Heads = 1, HeadDim = 18, Projections = false, Scale = 1, Outputs = AttentionOutputs.ScaledScores, Rotary = RotaryKind.HalfSplit,
    RotaryDim = 16, Positions = true, RotarySections = new[] { 4, 2, 2 }, RotarySectionsInterleaved = true)]
internal sealed partial class TurningVisionScores;

[AttentionConfig(Heads = 1, HeadDim = 18, Projections = false, Scale = 1, Outputs = AttentionOutputs.ScaledScores, Rotary = RotaryKind.HalfSplit,
    RotaryDim = 16)]
internal sealed partial class TextScores;

/// <summary>Positions on several axes, of which each pair takes one.</summary>
public sealed class RotaryAxesTests
{
    private const int Rows = 30, Pairs = 8;

    private static readonly double[] Frequencies = [.. Enumerable.Range(0, Pairs).Select(pair => Math.Pow(10_000, -2.0 * pair / 16))];

    private static int[] Random(int count)
    {
        var random = new Random(3);
        // Some lie beyond the table.
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(10) == 0 ? 300_000 : random.Next(500))];
    }

    private static void Check<T>(T kernel, int[] axisOfPair)
        where T : class, IAttentionKernel<T>
    {
        int[] positions = Random(Rows * 3);
        RotaryScores.Check(
            kernel, RotaryScores.HalfSplit(Frequencies, distance: Pairs), (row, pair) => positions[(row * 3) + axisOfPair[pair.First]] * pair.Frequency,
            factor: 1, Rows, new() { Positions = positions });
    }

    [Fact]
    public void Sections_of_pairs_turn_by_the_position_on_their_axis() => Check(new VisionScores(), [0, 0, 1, 1, 1, 2, 2, 2]);

    /// <summary>As Qwen3-VL: THWTHWTT, where height and width have two pairs each.</summary>
    [Fact]
    public void Axes_can_take_turns() => Check(new TurningVisionScores(), [0, 1, 2, 0, 1, 2, 0, 0]);

    [Fact]
    public void A_text_has_the_bits_of_one_axis()
    {
        var random = new Random(1);
        float[] query = AttentionCase.Uniform(random, Rows * 18), key = AttentionCase.Uniform(random, Rows * 18);
        int[] text = [.. Enumerable.Range(0, Rows * 3).Select(index => index / 3)];
        float[] expected = RotaryScores.Of(new TextScores(), query, key, default);
        Compare.SameBits(expected, RotaryScores.Of(new VisionScores(), query, key, new() { Positions = text }), Rows, "sections");
        Compare.SameBits(expected, RotaryScores.Of(new TurningVisionScores(), query, key, new() { Positions = text }), Rows, "turns");
    }

    [Fact]
    public void Other_numbers_of_positions_are_refused()
    {
        float[] rows = new float[2 * 18];
        string message = Assert.Throws<ArgumentException>(
            "positions", () => RotaryScores.Of(new VisionScores(), rows, rows, new() { Positions = new int[2] })).Message;
        Assert.StartsWith("positions.Length is 2; expected 6", message);
    }
}
