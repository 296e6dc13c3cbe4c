using AttentionGen.Tests.Runtime;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>Merging with random lengths and places: refused before anything is written, or the formula in float64.</summary>
public sealed class MergeProperties
{
    [Fact]
    public void Results_merge_or_are_refused() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 9], Gen.Int[0, 12], Gen.Int[0, 100_000]).Sample(Run, iter: 5_000);

    private static void Run(int rows, int width, int wrong, int seed)
    {
        // Six spans of one array, each in its place; one of them is longer, or begins in another one.
        int[] lengths = [rows * width, rows, rows * width, rows, rows * width, rows];
        var random = new Random(seed);
        if (wrong < 6)
            lengths[wrong] += 1 + random.Next(2);
        int[] starts = [.. Enumerable.Range(0, 6).Select(index => lengths.Take(index).Sum())];
        bool overlaps = wrong is 6 or 7 && lengths[wrong - 2] > 0 && lengths[wrong - 3] > 0;
        if (overlaps)
            starts[wrong - 2] = starts[wrong - 3] + lengths[wrong - 3] - 1;
        float[] memory = TestNumbers.Random(seed, lengths.Sum() + 4), before = [.. memory];
        if (random.Next(3) == 0 && rows > 0)
            memory[starts[1]] = before[starts[1]] = float.NegativeInfinity;

        Span<float> Of(int index) => memory.AsSpan(starts[index], lengths[index]);
        bool fits = lengths[1] == 0 ? lengths[0] == 0 : lengths[0] % lengths[1] == 0;
        bool isRight = !overlaps && fits && lengths[2] == lengths[0] && lengths[4] == lengths[0] && lengths[3] == lengths[1] && lengths[5] == lengths[1];
        bool isRefused = Refusal.Where(!isRight, "Merge", () => AttentionMerge.Merge(Of(0), Of(1), Of(2), Of(3), Of(4), Of(5)));
        if (isRefused)
            Assert.Equal(before, memory);
        for (int row = 0; !isRefused && row < rows; row++)
        {
            double first = before[starts[1] + row], second = before[starts[3] + row], sum = Math.Exp(first) + Math.Exp(second);
            Assert.Equal(Math.Log(sum), memory[starts[5] + row], 1e-6);
            for (int column = 0; column < width; column++)
            {
                int element = (row * width) + column;
                Assert.Equal((Math.Exp(first) * before[element] + Math.Exp(second) * before[starts[2] + element]) / sum, memory[starts[4] + element], 1e-6);
            }
        }

        Assert.Equal(before.AsSpan(0, overlaps ? 0 : starts[4]), memory.AsSpan(0, overlaps ? 0 : starts[4]));
    }
}
