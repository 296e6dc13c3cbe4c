using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class RotaryTests
{
    public static TheoryData<int, int, int, int> Cases()
    {
        var cases = new TheoryData<int, int, int, int>();
        foreach (int rotaryDim in new[] { 2, 4, 6, 8, 10, 16, 18, 24, 30, 32, 64, 128, 256 })
        {
            cases.Add(rotaryDim, rotaryDim, 1, 0);
            cases.Add(rotaryDim, rotaryDim + 3, 3, 17);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Half_split_pairs_elements_half_a_head_apart(int rotaryDim, int headDim, int heads, int firstPosition) =>
        Check(rotaryDim, headDim, heads, firstPosition, interleaved: false);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Interleaved_pairs_neighbours(int rotaryDim, int headDim, int heads, int firstPosition) =>
        Check(rotaryDim, headDim, heads, firstPosition, interleaved: true);

    [Fact]
    public void The_table_holds_rounded_double_cosines_and_sines()
    {
        const int rotaryDim = 6, positions = 1000;
        AlignedMemory table = new RotaryTable(rotaryDim, 500_000).Ensure(positions);
        for (int position = 0; position < positions; position++)
        {
            for (int pair = 0; pair < rotaryDim / 2; pair++)
            {
                double angle = position * Math.Pow(500_000, -2.0 * pair / rotaryDim);
                Assert.Equal((float)Math.Cos(angle), Unsafe.Add(ref table.Reference, position * rotaryDim + pair));
                Assert.Equal((float)Math.Sin(angle), Unsafe.Add(ref table.Reference, position * rotaryDim + rotaryDim / 2 + pair));
            }
        }
    }

    [Fact]
    public void The_table_grows_without_changing_what_it_held()
    {
        var table = new RotaryTable(4, 10_000);
        AlignedMemory small = table.Ensure(10);
        Assert.Same(small, table.Ensure(10));
        Assert.Same(small, table.Ensure(0));
        AlignedMemory large = table.Ensure(5000);
        Assert.NotSame(small, large);
        Assert.Same(large, table.Ensure(10));
        Assert.True(large.Length >= 5000 * 4);
        for (int i = 0; i < 40; i++)
            Assert.Equal(Unsafe.Add(ref small.Reference, i), Unsafe.Add(ref large.Reference, i));
    }

    [Fact]
    public void A_grown_table_allocates_nothing()
    {
        var table = new RotaryTable(64, 10_000);
        table.Ensure(300);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int positions = 0; positions <= 300; positions++)
            table.Ensure(positions);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Many_threads_may_grow_a_table_at_once()
    {
        var table = new RotaryTable(8, 10_000);
        Parallel.For(1, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, positions =>
        {
            AlignedMemory memory = table.Ensure(positions);
            Assert.True(memory.Length >= positions * 8);
            Assert.Equal((float)Math.Cos(positions - 1), Unsafe.Add(ref memory.Reference, (positions - 1) * 8));
        });
    }

    [Fact]
    public void Layers_share_one_table()
    {
        Assert.Same(RotaryTable.Get(32, 10_000), RotaryTable.Get(32, 10_000));
        Assert.NotSame(RotaryTable.Get(32, 10_000), RotaryTable.Get(32, 20_000));
        Assert.Throws<ArgumentOutOfRangeException>("rotaryDim", () => new RotaryTable(3, 10_000));
        Assert.Throws<ArgumentOutOfRangeException>("rotaryDim", () => new RotaryTable(0, 10_000));
    }

    private static void Check(int rotaryDim, int headDim, int heads, int firstPosition, bool interleaved)
    {
        const int rows = 3;
        int stride = heads * headDim + 5;
        float[] actual = TestNumbers.Random(rotaryDim, rows * stride), expected = [.. actual];
        AlignedMemory table = new RotaryTable(rotaryDim, 10_000).Ensure(firstPosition + rows);
        int pairs = rotaryDim / 2;
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                for (int pair = 0; pair < pairs; pair++)
                {
                    int start = row * stride + head * headDim;
                    (int first, int second) = interleaved ? (start + 2 * pair, start + 2 * pair + 1) : (start + pair, start + pair + pairs);
                    double angle = (firstPosition + row) * Math.Pow(10_000, -2.0 * pair / rotaryDim);
                    float cosine = (float)Math.Cos(angle), sine = (float)Math.Sin(angle);
                    float x0 = expected[first], x1 = expected[second];
                    expected[first] = x0 * cosine - x1 * sine;
                    expected[second] = x1 * cosine + x0 * sine;
                }
            }
        }

        if (interleaved)
            RotaryEmbedding.ApplyInterleaved(ref actual[0], stride, rows, heads, headDim, rotaryDim, ref table.Reference, firstPosition);
        else
            RotaryEmbedding.ApplyHalfSplit(ref actual[0], stride, rows, heads, headDim, rotaryDim, ref table.Reference, firstPosition);
        Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), actual.Select(BitConverter.SingleToUInt32Bits));
    }
}
