using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>The random numbers of dropout against those that their authors publish, and what is kept, at every vector width.</summary>
public sealed class DropoutTests
{
    private const long Seed = 0x0123456789abcdef;

    /// <summary>The known answers for Threefry-2x32 with 20 rounds of Salmon et al., which come with their library Random123.</summary>
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0x6b200159u, 0x99ba4efeu)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x1cb996fcu, 0xbb002be7u)]
    [InlineData(0x13198a2eu, 0x03707344u, 0x243f6a88u, 0x85a308d3u, 0xc4923a9cu, 0x483df7a0u)]
    public void Numbers_are_those_of_its_authors(uint key0, uint key1, uint counter0, uint counter1, uint first, uint second)
    {
        Assert.Equal((first, second), Threefry.Block(key0, key1, counter0, counter1));
        float[] expected = [BitConverter.UInt32BitsToSingle(first), BitConverter.UInt32BitsToSingle(second)];
        Check<Float128>();
        Check<Float256>();
        Check<Float512>();

        void Check<T>()
            where T : struct, IFloatVector<T>
        {
            T left = T.FromBits(counter0), right = T.FromBits(counter1);
            Threefry.Blocks(T.FromBits(key0), T.FromBits(key1), ref left, ref right);
            var lanes = new float[2 * T.Lanes];
            left.Store(ref lanes[0], 0);
            right.Store(ref lanes[0], T.Lanes);
            for (int lane = 0; lane < lanes.Length; lane++)
                Assert.Equal(BitConverter.SingleToUInt32Bits(expected[lane / T.Lanes]), BitConverter.SingleToUInt32Bits(lanes[lane]));
        }
    }

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.999f)]
    public void Every_width_keeps_the_same(float rate)
    {
        const int Columns = 96;
        var dropout = new Dropout(rate, Seed);
        foreach (uint firstKey in (uint[])[0, 4_096, DropoutMask.AppendedKeys])
        {
            float[] values = [.. Enumerable.Range(1, Columns).Select(value => (float)value)];
            float[] by128 = [.. values], by256 = [.. values], by512 = [.. values];
            (uint, uint) stream = dropout.Stream(3, 5);
            DropoutMask.Apply<Float128>(ref by128[0], Columns, firstKey, 7, stream, dropout.KeptNumbers, dropout.Factor);
            DropoutMask.Apply<Float256>(ref by256[0], Columns, firstKey, 7, stream, dropout.KeptNumbers, dropout.Factor);
            DropoutMask.Apply<Float512>(ref by512[0], Columns, firstKey, 7, stream, dropout.KeptNumbers, dropout.Factor);
            for (int key = 0; key < Columns; key++)
                values[key] *= dropout.Keeps(3, 5, 7, firstKey + (uint)key) ? (float)(1 / (1 - (double)rate)) : 0;
            Assert.Equal(values, by128);
            Assert.Equal(values, by256);
            Assert.Equal(values, by512);
        }
    }

    /// <summary>A share of 200,000 draws lies within five standard deviations of the rate, whichever part of the counter runs.</summary>
    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    public void As_much_is_dropped_as_the_rate_says(float rate)
    {
        const int Draws = 200_000;
        var dropout = new Dropout(rate, Seed);
        double bound = 5 * Math.Sqrt(rate * (1 - rate) / Draws);
        Assert.All<Func<int, bool>>(
            [
                draw => dropout.Keeps(draw, 0, 0, 0), draw => dropout.Keeps(0, draw, 0, 0), draw => dropout.Keeps(0, 0, draw, 0),
                draw => dropout.Keeps(0, 0, 0, (uint)draw), draw => new Dropout(rate, (long)draw << 20).Keeps(0, 0, 0, 0),
                draw => dropout.Split(draw).Keeps(0, 0, 0, 0),
            ],
            keeps => Assert.Equal(rate, Enumerable.Range(0, Draws).Count(draw => !keeps(draw)) / (double)Draws, bound));
    }

    [Fact]
    public void A_rate_that_is_no_chance_is_refused()
    {
        foreach (float rate in (float[])[-0.1f, 1, float.NaN, float.PositiveInfinity])
            Assert.Contains($"rate is {rate}", Assert.Throws<ArgumentOutOfRangeException>(() => new Dropout(rate, 1)).Message, StringComparison.Ordinal);
    }
}
