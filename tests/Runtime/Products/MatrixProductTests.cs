using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class MatrixProductTests
{
    /// <summary>A place in memory whose elements no product may touch.</summary>
    private const float Untouched = 1234.5f;

    private delegate void Product(
        StridedMatrix left, StridedMatrix right, ref float c, nint stride, nint rows, nint columns, nint depth, bool adds, ref float scratch);

    private static readonly Product[] Widths = [MatrixProduct.Multiply<Float512>, MatrixProduct.Multiply<Float256>, MatrixProduct.Multiply<Float128>];

    /// <summary>Sizes around tiles, panels, depth blocks and what is packed together, each with strides that transpose or spread the operands.</summary>
    public static TheoryData<int, int, int> Sizes
    {
        get
        {
            var sizes = new TheoryData<int, int, int>();
            foreach (int rows in new[] { 1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 24, 29 })
            {
                foreach (int columns in new[] { 1, 7, 8, 15, 16, 17, 31, 32, 33, 70 })
                    sizes.Add(rows, columns, ((rows * 7) + columns) % 40);
            }

            foreach (int depth in new[] { 0, 1, 2, 127, 128, 129, 256, 300, 511, 512, 513, 700 })
                sizes.Add(14, 40, depth);
            sizes.Add(400, 5, 130);
            sizes.Add(5, 1100, 130);
            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Each_element_is_its_chains_at_every_width(int rows, int columns, int depth)
    {
        foreach ((int leftRow, int leftColumn) in new[] { (depth + 3, 1), (1, rows + 2), ((2 * depth) + 1, 2) })
        {
            foreach ((int rightRow, int rightColumn) in new[] { (columns + 1, 1), (1, depth + 5), (2, (2 * depth) + 3) })
            {
                float[] left = TestNumbers.Random(1, (rows * leftRow) + (depth * leftColumn) + 1);
                float[] right = TestNumbers.Random(2, (depth * rightRow) + (columns * rightColumn) + 1);
                foreach (bool adds in new[] { false, true })
                {
                    float[] start = TestNumbers.Random(3, rows * (columns + 3));
                    for (int row = 0; row < rows; row++)
                        start.AsSpan((row * (columns + 3)) + columns, 3).Fill(Untouched);
                    float[] expected = [.. start];
                    for (int row = 0; row < rows; row++)
                    {
                        for (int column = 0; column < columns; column++)
                        {
                            ref float element = ref expected[(row * (columns + 3)) + column];
                            element = Chains(
                                depth, k => (left[(row * leftRow) + (k * leftColumn)], right[(k * rightRow) + (column * rightColumn)]), adds ? element : null);
                        }
                    }

                    foreach (Product product in Widths)
                    {
                        float[] actual = [.. start];
                        float[] scratch = new float[MatrixProduct.ScratchFloats(rows, columns, depth) + 1];
                        scratch.AsSpan().Fill(float.NaN);
                        product(
                            new(ref left[0], leftRow, leftColumn), new(ref right[0], rightRow, rightColumn), ref actual[0], columns + 3, rows, columns, depth,
                            adds, ref scratch[0]);
                        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
                        Assert.True(float.IsNaN(scratch[^1]));
                    }
                }
            }
        }
    }

    /// <summary>Threads share columns or rows: a part has the bits of the whole.</summary>
    [Fact]
    public void Parts_have_the_bits_of_the_whole()
    {
        const int rows = 37, columns = 75, depth = 300;
        float[] left = TestNumbers.Random(1, rows * depth), right = TestNumbers.Random(2, depth * columns);
        float[] whole = new float[rows * columns], parts = new float[rows * columns], scratch = new float[MatrixProduct.ScratchFloats(rows, columns, depth)];
        MatrixProduct.Multiply(
            new(ref left[0], depth), new(ref right[0], columns), ref whole[0], columns, rows, columns, depth, adds: false, ref scratch[0]);
        for (int row = 0; row < rows; row += 10)
        {
            for (int column = 0; column < columns; column += 13)
            {
                MatrixProduct.Multiply(
                    new StridedMatrix(ref left[0], depth).From(row, 0), new StridedMatrix(ref right[0], columns).From(0, column),
                    ref parts[(row * columns) + column], columns, Math.Min(10, rows - row), Math.Min(13, columns - column), depth, adds: false, ref scratch[0]);
            }
        }

        Assert.Equal(whole, parts);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 63)]
    [InlineData(128, 64)]
    [InlineData(129, 100)]
    [InlineData(300, 257)]
    public void Sums_of_columns_are_products_with_ones(int rows, int columns)
    {
        float[] values = TestNumbers.Random(1, rows * (columns + 2)), start = TestNumbers.Random(2, columns);
        float[] expected = [.. start];
        for (int column = 0; column < columns; column++)
            expected[column] = Chains(rows, row => (1, values[(row * (columns + 2)) + column]), start[column]);
        float[] wide = [.. start], middle = [.. start], narrow = [.. start];
        ColumnSums.Add<Float512>(ref values[0], columns + 2, rows, columns, ref wide[0]);
        ColumnSums.Add<Float256>(ref values[0], columns + 2, rows, columns, ref middle[0]);
        ColumnSums.Add<Float128>(ref values[0], columns + 2, rows, columns, ref narrow[0]);
        Assert.Equal(expected, wide);
        Assert.Equal(expected, middle);
        Assert.Equal(expected, narrow);
    }

    /// <summary>For each 128 steps one chain of multiply-adds from zero, and the chains added in ascending order.</summary>
    private static float Chains(int depth, Func<int, (float Left, float Right)> factors, float? start)
    {
        float? sum = start;
        for (int first = 0; first < depth; first += 128)
        {
            float chain = 0;
            for (int k = first; k < Math.Min(first + 128, depth); k++)
                chain = float.FusedMultiplyAdd(factors(k).Left, factors(k).Right, chain);
            sum = sum is { } before ? before + chain : chain;
        }

        return sum ?? 0;
    }
}
