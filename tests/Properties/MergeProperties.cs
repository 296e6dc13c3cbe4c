using AttentionGen.Tests.Runtime;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>Merging with random lengths and places: refused before anything is written, or the formula in float64.</summary>
[Trait("Speed", "Slow")]
public sealed class MergeProperties
{
    [Fact]
    public void Results_merge_or_are_refused() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 9], Gen.Int[0, 12], Gen.Int[0, 100_000]).Holds(Run, iter: 5_000);

    private static void Run(int rows, int width, int wrong, int seed)
    {
        // Six spans of one array with room between them; one of them is longer, or a merged one lies at or over another.
        int[] lengths = [rows * width, rows, rows * width, rows, rows * width, rows];
        var random = new Random(seed);
        if (wrong < 6)
            lengths[wrong] += 1 + random.Next(2);
        int room = (rows * (width + 1)) + 2;
        int[] starts = [.. Enumerable.Range(0, 6).Select(index => room + (2 * room * index))];
        int merged = 4 + random.Next(2), other = (merged + 1 + random.Next(5)) % 6, distance = lengths[other];
        if (wrong is >= 6 and < 11)
        {
            int[] distances =
                [-lengths[merged], 1 - lengths[merged], 0, (lengths[other] - lengths[merged]) / 2, lengths[other] - lengths[merged], lengths[other] - 1];
            distance = distances[random.Next(6)];
            starts[merged] = starts[other] + distance;
        }

        bool overlaps = lengths[merged] > 0 && lengths[other] > 0 && distance > -lengths[merged] && distance < lengths[other];
        // A merged span may be the one that it is made of.
        bool isSame = distance == 0 && other < 4 && other % 2 == merged % 2;
        float[] memory = TestNumbers.Random(seed, 14 * room), before = [.. memory];
        if (random.Next(3) == 0 && rows > 0)
            memory[starts[1]] = before[starts[1]] = float.NegativeInfinity;

        Span<float> Of(int index) => memory.AsSpan(starts[index], lengths[index]);
        bool fits = lengths[1] == 0 ? lengths[0] == 0 : lengths[0] % lengths[1] == 0;
        bool isRight = (!overlaps || isSame) && fits && lengths[2] == lengths[0] && lengths[4] == lengths[0] && lengths[3] == lengths[1]
            && lengths[5] == lengths[1];
        bool isRefused = Refusal.Where(!isRight, "Merge", () => AttentionMerge.Merge(Of(0), Of(1), Of(2), Of(3), Of(4), Of(5)));
        for (int row = 0; !isRefused && row < rows; row++)
        {
            double first = before[starts[1] + row], second = before[starts[3] + row], sum = Math.Exp(first) + Math.Exp(second);
            Assert.Equal(Math.Log(sum), memory[starts[5] + row], 1e-6);
            for (int column = 0; column < width; column++)
            {
                int element = (row * width) + column;
                Assert.Equal(
                    (Math.Exp(first) * before[starts[0] + element] + Math.Exp(second) * before[starts[2] + element]) / sum, memory[starts[4] + element], 1e-6);
            }
        }

        // Nothing else is written.
        if (!isRefused)
        {
            Of(4).CopyTo(before.AsSpan(starts[4]));
            Of(5).CopyTo(before.AsSpan(starts[5]));
        }

        Assert.Equal(before, memory);
    }
}
