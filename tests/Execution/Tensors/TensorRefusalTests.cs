using System.Numerics.Tensors;
using AttentionGen.Tests.Support;
using static AttentionGen.Tests.Execution.Tensors.Tensors;

namespace AttentionGen.Tests.Execution.Tensors;

/// <summary>What forms that take tensors refuse, by name and before anything is written.</summary>
public sealed class TensorRefusalTests
{
    private const int Batch = 2, Rows = 5, Width = 8;

    /// <summary>Lengths of the input and of the output, who is to blame, and what is said.</summary>
    public static TheoryData<int[], int[], string, string> WrongAxes => new()
    {
        { [80], [2, 5, 8], "input", "input has lengths [80]; expected [batch, rows, 8], or [rows, 8] for one sequence." },
        { [2, 5, 2, 4], [2, 5, 8], "input", "input has lengths [2, 5, 2, 4]; expected [batch, rows, 8], or [rows, 8] for one sequence." },
        { [2, 8, 5], [2, 5, 8], "input", "input has lengths [2, 8, 5]; expected [batch, rows, 8], or [rows, 8] for one sequence." },
        { [], [2, 5, 8], "input", "input has lengths []; expected [batch, rows, 8], or [rows, 8] for one sequence." },
        { [2, 5, 8], [5, 2, 8], "output", "output has lengths [5, 2, 8]; expected [batch = 2, rows = 5, 8]." },
        { [2, 5, 8], [2, 4, 8], "output", "output has lengths [2, 4, 8]; expected [batch = 2, rows = 5, 8]." },
        { [2, 5, 8], [10, 8], "output", "output has lengths [10, 8]; expected [batch = 2, rows = 5, 8]." },
        { [2, 5, 8], [], "output", "output has lengths []; expected [batch = 2, rows = 5, 8]." },
        { [1, 5, 8], [4, 8], "output", "output has lengths [4, 8]; expected [batch = 1, rows = 5, 8], or [rows = 5, 8] for one sequence." },
    };

    [Theory]
    [MemberData(nameof(WrongAxes))]
    public void Wrong_axes(int[] input, int[] output, string argument, string message)
    {
        var written = new float[80];
        var refusal = Assert.Throws<ArgumentException>(() =>
        {
            nint[] ofInput = [.. input], ofOutput = [.. output];
            Self.Forward(
                input.Length == 0 ? default : new ReadOnlyTensorSpan<float>(new float[80], ofInput),
                output.Length == 0 ? default : new TensorSpan<float>(written, ofOutput));
        });
        AssertRefused(refusal, argument, message, written);
    }

    [Fact]
    public void Columns_of_a_wider_tensor()
    {
        var written = new float[80];
        var refusal = Assert.Throws<ArgumentException>(() => Self.Forward(
            new ReadOnlyTensorSpan<float>(new float[160], [2, 5, 16]).Slice([0..2, 0..5, 8..16]), new TensorSpan<float>(written, [2, 5, 8])));
        AssertRefused(
            refusal, "input",
            "input has lengths [2, 5, 8] and strides [80, 16, 1]; expected strides [40, 8, 1], those of a dense tensor in row-major order: give a dense "
                + "tensor, and copy to or from it (CopyTo, ToDenseTensor).",
            written);
    }

    [Fact]
    public void Some_rows_of_each_sequence()
    {
        var written = new float[160];
        var refusal = Assert.Throws<ArgumentException>(() => Self.Forward(
            new ReadOnlyTensorSpan<float>(new float[80], [2, 5, 8]), new TensorSpan<float>(written, [2, 10, 8]).Slice([0..2, 0..5, 0..8])));
        AssertRefused(refusal, "output", "output has lengths [2, 5, 8] and strides [80, 8, 1]; expected strides [40, 8, 1]", written);
    }

    [Fact]
    public void A_transposed_tensor()
    {
        var written = new float[80];
        Tensor<float> columns = Tensor.CreateFromShape<float>([2, 8, 5]);
        var refusal = Assert.Throws<ArgumentException>(() => Self.Forward(Tensor.PermuteDimensions<float>(columns, [0, 2, 1]).AsReadOnlyTensorSpan(),
            new TensorSpan<float>(written, [2, 5, 8])));
        AssertRefused(refusal, "input", "input has lengths [2, 5, 8] and strides [40, 1, 5]; expected strides [40, 8, 1]", written);
    }

    [Fact]
    public void One_row_for_all()
    {
        var written = new float[80];
        var refusal = Assert.Throws<ArgumentException>(() => Self.Forward(
            new ReadOnlyTensorSpan<float>(new float[8], [2, 5, 8], [0, 0, 1]), new TensorSpan<float>(written, [2, 5, 8])));
        AssertRefused(refusal, "input", "input has lengths [2, 5, 8] and strides [0, 0, 1]; expected strides [40, 8, 1]", written);
    }

    [Fact]
    public void An_output_over_the_input()
    {
        var values = new float[120];
        var refusal = Assert.Throws<ArgumentException>(() => Self.Forward(
            As<float>(values.AsSpan(0, 80), 2, 5, 8), Into(values.AsSpan(40, 80), 2, 5, 8)));
        AssertRefused(refusal, "output", "output overlaps input", values);
    }

    [Fact]
    public void Masks_and_results_of_another_batch_or_with_other_keys()
    {
        Refuse("booleanMask", "booleanMask has lengths [1, 2, 5, 5]; expected [batch = 2, 2, rows = 5, keys = 5].", mask: [1, 2, 5, 5]);
        Refuse("booleanMask", "booleanMask has lengths [2, 2, 5, 6]; expected [batch = 2, 2, rows = 5, keys = 5].", mask: [2, 2, 5, 6]);
        Refuse("additiveMask", "additiveMask has lengths [1, 5, 5]; expected [rows = 5, keys = 5].", additive: [1, 5, 5]);
        Refuse("probabilities", "probabilities has lengths [2, 5, 2, 5]; expected [batch = 2, 2, rows = 5, keys = 5].", probabilities: [2, 5, 2, 5]);
        Refuse("keyLengths", "keyLengths.Length is 3; expected one for each sequence, batch = 2.", lengths: 3);

        static void Refuse(
            string argument, string message, nint[]? mask = null, nint[]? additive = null, nint[]? probabilities = null, int lengths = 2)
        {
            float[] output = new float[80], results = new float[200];
            var refusal = Assert.Throws<ArgumentException>(() => new TensorMasks(AttentionWeights.Random(TensorMasks.Shape, seed: 1)).Forward(
                As<float>(new float[80], 2, 5, 8), Into(output, 2, 5, 8), new int[2], new int[lengths], As<bool>(new bool[120], mask ?? [2, 2, 5, 5]),
                As<float>(new float[25], additive ?? [5, 5]), new float[2], Into(results, probabilities ?? [2, 2, 5, 5]), default, default));
            AssertRefused(refusal, argument, message, output);
            Assert.All(results, value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void Masks_with_more_keys_than_there_are_and_masks_that_differ()
    {
        Refuse("booleanMask", "booleanMask has lengths [2, 2, 5, 6]; expected [batch, 2, rows, 0 to 5].", 6, 6);
        Refuse("additiveMask", "additiveMask has lengths [3]; expected [maskLength = 4].", 4, 3);

        static void Refuse(string argument, string message, int keys, int others)
        {
            var output = new float[80];
            var refusal = Assert.Throws<ArgumentException>(() => new TensorShortMasks(AttentionWeights.Random(TensorShortMasks.Shape, seed: 1)).Forward(
                As<float>(new float[80], 2, 5, 8), Into(output, 2, 5, 8), As<bool>(new bool[20 * keys], 2, 2, 5, keys), As<float>(new float[others], others),
                default));
            AssertRefused(refusal, argument, message.Replace("[batch, 2, rows,", "[batch = 2, 2, rows = 5,"), output);
        }
    }

    [Fact]
    public void A_memory_of_another_batch_or_width()
    {
        foreach ((nint[] lengths, string expected) in ((nint[], string)[])
            [([1, 7, 6], "[batch = 2, memory rows, 6]."), ([2, 6, 7], "[batch = 2, memory rows, 6]."), ([14, 6], "[batch = 2, memory rows, 6].")])
        {
            var output = new float[80];
            var kernel = new TensorCross(AttentionWeights.Random(TensorCross.Shape, seed: 1));
            var refusal = Assert.Throws<ArgumentException>(() => kernel.Forward(
                As<float>(new float[80], 2, 5, 8), new ReadOnlyTensorSpan<float>(new float[84], lengths), Into(output, 2, 5, 8), [7, 7],
                As<float>(new float[140], 2, 2, 5, 7)));
            AssertRefused(refusal, "memory", $"memory has lengths [{string.Join(", ", lengths)}]; expected {expected}", output);
            AttentionCache cache = kernel.CreateCache(20, batch: 2);
            refusal = Assert.Throws<ArgumentException>(() => kernel.ProjectMemory(new ReadOnlyTensorSpan<float>(new float[84], lengths), cache));
            AssertRefused(refusal, "memory", $"memory has lengths [{string.Join(", ", lengths)}]; expected {expected}", output);
            Assert.Equal(0, cache.Length);
        }
    }

    [Fact]
    public void Heads_apart_in_another_number()
    {
        var output = new float[240];
        var kernel = new TensorRowsHeads();
        var refusal = Assert.Throws<ArgumentException>(() => kernel.Forward(
            As<float>(new float[160], 2, 5, 8, 2), As<float>(new float[80], 2, 5, 8), As<float>(new float[120], 2, 5, 12), Into(output, 2, 5, 24),
            As<bool>(new bool[10], 2, 5)));
        AssertRefused(
            refusal, "query", "query has lengths [2, 5, 8, 2]; expected [batch, rows, 16] or [batch, rows, 4, 4], or [rows, 16] for one sequence.", output);
        refusal = Assert.Throws<ArgumentException>(() => kernel.Forward(
            As<float>(new float[160], 2, 5, 16), As<float>(new float[80], 2, 5, 8), As<float>(new float[96], 2, 4, 12), Into(output, 2, 5, 24),
            As<bool>(new bool[10], 2, 5)));
        AssertRefused(refusal, "value", "value has lengths [2, 4, 12]; expected [batch = 2, keys = 5, 12] or [batch = 2, keys = 5, 2, 6].", output);
        var heads = new TensorHeadsRows();
        refusal = Assert.Throws<ArgumentException>(() => heads.Forward(
            As<float>(new float[160], 2, 5, 4, 4), As<float>(new float[80], 2, 2, 5, 4), As<float>(new float[120], 2, 2, 5, 6), Into(output, 2, 4, 5, 6),
            [5, 5], default));
        AssertRefused(refusal, "query", "query has lengths [2, 5, 4, 4]; expected [batch, 4, rows, 4], or [4, rows, 4] for one sequence.", output);
    }

    [Fact]
    public void A_cache_of_another_batch_and_no_cache()
    {
        var output = new float[80];
        var layer = new TensorLayer(TransformerLayerWeights.Random(TensorLayer.Shape, seed: 3));
        AttentionCache cache = layer.CreateCache(9, batch: 3);
        var refusal = Assert.Throws<ArgumentException>(() => layer.Forward(As<float>(new float[80], 1, 5, 16), Into(output, 1, 5, 16), cache));
        AssertRefused(refusal, "input", "input has lengths [1, 5, 16]; expected [batch = 3, rows, 16].", output);
        refusal = Assert.Throws<ArgumentException>(() => layer.Forward(As<float>(new float[80], 5, 16), Into(output, 5, 16), cache));
        AssertRefused(refusal, "input", "input has lengths [5, 16]; expected [batch = 3, rows, 16].", output);
        Assert.Equal(0, cache.Length);
        Assert.Throws<ArgumentNullException>("cache", () => layer.Forward(As<float>(new float[80], 5, 16), Into(output, 5, 16), (AttentionCache)null!));
    }

    [Fact]
    public void A_full_cache_and_an_empty_one_have_their_own_words()
    {
        var shorts = new TensorShortMasks(AttentionWeights.Random(TensorShortMasks.Shape, seed: 1));
        AttentionCache small = shorts.CreateCache(3);
        var output = new float[80];
        var full = Assert.Throws<InvalidOperationException>(() => shorts.Forward(
            As<float>(new float[40], 5, 8), new TensorSpan<float>(output, 0, [5, 8], []), small, As<bool>(new bool[50], 2, 5, 5),
            As<float>(new float[5], 5), default));
        Assert.Contains("3", full.Message);
        var cross = new TensorCross(AttentionWeights.Random(TensorCross.Shape, seed: 1));
        var empty = Assert.Throws<InvalidOperationException>(() => cross.Forward(
            As<float>(new float[40], 5, 8), new TensorSpan<float>(output, 0, [5, 8], []), cross.CreateCache(3), [0], As<float>(new float[50], 2, 5, 5)));
        Assert.Contains("ProjectMemory", empty.Message);
    }

    [Fact]
    public void A_fixed_number_of_rows()
    {
        var output = new float[80];
        var refusal = Assert.Throws<ArgumentException>(() => new TensorFixed(AttentionWeights.Random(TensorFixed.Shape, seed: 1)).Forward(
            As<float>(new float[80], 1, 10, 8), Into(output, 1, 10, 8), new int[1]));
        AssertRefused(refusal, "input", "input has lengths [1, 10, 8]; expected [batch, rows = 5, 8], or [rows = 5, 8] for one sequence.", output);
    }

    [Fact]
    public void Rows_of_a_product()
    {
        var output = new float[60];
        var linear = new TensorLinear(LinearWeights.Random(TensorLinear.Shape, seed: 1));
        Refuse("input", "input has lengths [6, 5]; expected [..., 6].", [6, 5], [6, 10], [6, 10]);
        Refuse("output", "output has lengths [3, 2, 10]; expected [2, 3, 10], a row for each row of input.", [2, 3, 6], [3, 2, 10], [2, 3, 10]);
        Refuse("gate", "gate has lengths [5, 10]; expected [6, 10], a row for each row of input.", [6, 6], [6, 10], [5, 10]);

        void Refuse(string argument, string message, nint[] input, nint[] to, nint[] gate)
        {
            var refusal = Assert.Throws<ArgumentException>(() => linear.Forward(
                new ReadOnlyTensorSpan<float>(new float[36], input), new TensorSpan<float>(output, to), new ReadOnlyTensorSpan<float>(new float[60], gate),
                new ReadOnlyTensorSpan<float>(new float[60], gate)));
            AssertRefused(refusal, argument, message, output);
        }

        var strided = Assert.Throws<ArgumentException>(() => linear.Forward(
            new ReadOnlyTensorSpan<float>(new float[72], [6, 12]).Slice([0..6, 0..6]), new TensorSpan<float>(output, [6, 10]),
            new ReadOnlyTensorSpan<float>(new float[60], [6, 10]), new ReadOnlyTensorSpan<float>(new float[60], [6, 10])));
        AssertRefused(strided, "input", "input has lengths [6, 6] and strides [12, 1]; expected strides [6, 1]", output);
    }

    private static TensorSelf Self => new(AttentionWeights.Random(TensorSelf.Shape, seed: 1));

    private static void AssertRefused(ArgumentException refusal, string argument, string message, float[] written)
    {
        Assert.Equal(argument, refusal.ParamName);
        Assert.StartsWith(message, refusal.Message);
        Assert.All(written, value => Assert.Equal(0, value));
    }
}
