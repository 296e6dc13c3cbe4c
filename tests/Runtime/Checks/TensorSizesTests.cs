using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>What generated code asks of lengths and strides, without a type of tensors.</summary>
public sealed class TensorSizesTests
{
    private static readonly int[] RowAxes = [TensorAxis.Batch, TensorAxis.Rows, 8];

    [Fact]
    public void Sizes_are_those_of_the_first_tensor_that_tells_them()
    {
        TensorSizes sizes = default;
        Assert.Equal(2 * 5 * 8, sizes.Check("input", [2, 5, 8], [40, 8, 1], RowAxes));
        Assert.Equal((2, 5), (sizes[TensorAxis.Batch], sizes[TensorAxis.Rows]));
        AssertRefused("expected [batch = 2, rows = 5, 8].", () => sizes.Check("output", [2, 6, 8], [48, 8, 1], RowAxes));
        AssertRefused("expected [batch = 2, rows = 5, 8].", () => sizes.Check("output", [5, 8], [8, 1], RowAxes));
    }

    /// <summary>A tensor that fits in its first axes only tells nothing.</summary>
    [Fact]
    public void What_is_refused_tells_nothing()
    {
        TensorSizes sizes = default;
        AssertRefused("expected [batch, rows, 8], or [rows, 8] for one sequence.", () => sizes.Check("input", [2, 5, 9], [45, 9, 1], RowAxes));
        Assert.Equal(3 * 4 * 8, sizes.Check("input", [3, 4, 8], [32, 8, 1], RowAxes));
        Assert.Equal((3, 4), (sizes[TensorAxis.Batch], sizes[TensorAxis.Rows]));
    }

    [Fact]
    public void An_axis_of_one_element_may_have_any_stride_and_a_tensor_of_nothing_any_strides()
    {
        TensorSizes sizes = default;
        Assert.Equal(8, sizes.Check("input", [1, 1, 8], [0, 77, 1], RowAxes));
        sizes = default;
        Assert.Equal(0, sizes.Check("input", [4, 0, 8], [5, 6, 7], RowAxes));
        Assert.Equal((4, 0), (sizes[TensorAxis.Batch], sizes[TensorAxis.Rows]));
    }

    [Theory]
    [InlineData(1L << 31, 1, 8)]
    [InlineData(1 << 20, 1 << 20, 8)]
    [InlineData((1L << 31) - 1, 0, 8)]
    [InlineData(1L << 62, 4, 8)]
    public void More_elements_than_a_span_has_are_refused(long batch, long rows, long width)
    {
        TensorSizes sizes = default;
        nint[] lengths = [(nint)batch, (nint)rows, (nint)width], strides = [unchecked((nint)(rows * width)), (nint)width, 1];
        var refusal = Assert.Throws<ArgumentException>("input", () => sizes.Check("input", lengths, strides, RowAxes));
        Assert.Contains($"[{batch}, {rows}, {width}]; expected ", refusal.Message);
    }

    [Fact]
    public void As_many_elements_as_a_span_has_are_taken()
    {
        TensorSizes sizes = default;
        Assert.Equal(int.MaxValue, sizes.Check("input", [1, int.MaxValue], [int.MaxValue, 1], [TensorAxis.Batch, int.MaxValue]));
    }

    private static void AssertRefused(string message, Action check) => Assert.EndsWith(
        $"{message} (Parameter '{Assert.Throws<ArgumentException>(check).ParamName}')", Assert.Throws<ArgumentException>(check).Message);
}
