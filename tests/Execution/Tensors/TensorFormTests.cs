using System.Numerics.Tensors;
using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;
using static AttentionGen.Tests.Execution.Tensors.Tensors;

namespace AttentionGen.Tests.Execution.Tensors;

/// <summary>Forms that take tensors give the bits of the form that takes spans, of which other tests say that they are right.</summary>
public sealed class TensorFormTests
{
    public static TheoryData<int, int, int> Sizes => new() { { 1, 1, 4 }, { 3, 7, 12 }, { 2, 33, 40 }, { 1, 70, 31 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Self_attention(int batch, int rows, int keys) => Check<TensorSelf>(batch, rows, keys, (kernel, in a) =>
        kernel.Forward(As(a.Input, a.Batch, -1, 8), Into(a.Output, a.Batch, -1, 8), a.Options));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Masks_and_results(int batch, int rows, int keys) => Check<TensorMasks>(batch, rows, keys, (kernel, in a) =>
    {
        int count = a.Input.Length / 8 / a.Batch;
        kernel.Forward(
            As(a.Input, a.Batch, -1, 8), Into(a.Output, a.Batch, -1, 8), a.KeyStarts, a.KeyLengths, As(a.BooleanMask, a.Batch, 2, count, -1),
            As(a.AdditiveMask, count, -1), a.HeadMask, Into(a.Probabilities, a.Batch, 2, count, -1), Into(a.Scores, a.Batch, 2, count, -1),
            Into(a.LogSumExp, a.Batch, -1, 2), a.Options);
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Masks_tell_how_many_keys_they_have(int batch, int rows, int keys) => Check<TensorShortMasks>(
        batch,
        rows,
        keys,
        (kernel, in a) =>
        {
            int count = a.Input.Length / 8 / a.Batch;
            kernel.Forward(
                As(a.Input, a.Batch, -1, 8), Into(a.Output, a.Batch, -1, 8), As(a.BooleanMask, a.Batch, 2, count, a.MaskLength), As(a.AdditiveMask, -1),
                Into(a.Probabilities, a.Batch, count, -1), a.Options);
        },
        (kernel, in a) =>
        {
            int count = a.Input.Length / 8 / a.Batch;
            kernel.Forward(
                As(a.Input, a.Batch, -1, 8), Into(a.Output, a.Batch, -1, 8), a.Cache!, As(a.BooleanMask, a.Batch, 2, count, a.MaskLength),
                As(a.AdditiveMask, -1), Into(a.Probabilities, a.Batch, count, -1), a.Options);
        });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Documents_and_positions_and_a_cache(int batch, int rows, int keys) => Check<TensorCached>(
        batch,
        rows,
        keys,
        (kernel, in a) => kernel.Forward(
            As(a.Input, a.Batch, -1, 8), Into(a.Output, a.Batch, -1, 8), a.PrefixLengths, As(a.Documents, a.Batch, -1), As(a.Positions, a.Batch, -1),
            a.Options),
        (kernel, in a) => kernel.Forward(
            As(a.Input, a.Batch, -1, 8), Into(a.Output, a.Batch, -1, 8), a.Cache!, a.PrefixLengths, As(a.Documents, a.Batch, -1), As(a.Positions, a.Batch, -1),
            a.Options));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Ragged(int batch, int rows, int keys) => Check<TensorRagged>(
        batch,
        rows,
        keys,
        (kernel, in a) => kernel.Forward(
            As(a.Input, -1, 8), Into(a.Output, -1, 8), a.RowOffsets, a.KeyLengths, a.Documents, Into(a.LogSumExp, -1, 2), a.Options),
        (kernel, in a) => kernel.Forward(
            As(a.Input, -1, 8), Into(a.Output, -1, 8), a.Cache!, a.RowOffsets, a.KeyLengths, a.Documents, Into(a.LogSumExp, -1, 2), a.Options));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_ragged_core_with_heads_side_by_side_and_apart(int batch, int rows, int keys)
    {
        Check<TensorRaggedCore>(batch, rows, keys, (kernel, in a) => kernel.Forward(
            As(a.Input, -1, 8), As(a.Key, -1, 8), As(a.Value, -1, 8), Into(a.Output, -1, 8), a.RowOffsets, a.KeyOffsets, Into(a.LogSumExp, -1, 2), a.Options));
        Check<TensorRaggedCore>(batch, rows, keys, (kernel, in a) => kernel.Forward(
            As(a.Input, -1, 2, 4), As(a.Key, -1, 2, 4), As(a.Value, -1, 2, 4), Into(a.Output, -1, 2, 4), a.RowOffsets, a.KeyOffsets, Into(a.LogSumExp, -1, 2),
            a.Options));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_core_with_heads_before_rows(int batch, int rows, int keys) => Check<TensorHeadsRows>(
        batch,
        rows,
        keys,
        (kernel, in a) => kernel.Forward(
            As(a.Input, a.Batch, 4, -1, 4), As(a.Key, a.Batch, 2, -1, 4), As(a.Value, a.Batch, 2, -1, 6), Into(a.Output, a.Batch, 4, -1, 6), a.KeyLengths,
            Into(a.LogSumExp, a.Batch, 4, -1), a.Options),
        (kernel, in a) => kernel.Forward(
            As(a.Input, a.Batch, 4, -1, 4), As(a.Key, a.Batch, 2, -1, 4), As(a.Value, a.Batch, 2, -1, 6), Into(a.Output, a.Batch, 4, -1, 6), a.Cache!,
            a.KeyLengths, Into(a.LogSumExp, a.Batch, 4, -1), a.Options));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_core_with_heads_behind_rows_side_by_side_and_apart(int batch, int rows, int keys)
    {
        Check<TensorRowsHeads>(
            batch,
            rows,
            keys,
            (kernel, in a) => kernel.Forward(
                As(a.Input, a.Batch, -1, 16), As(a.Key, a.Batch, -1, 8), As(a.Value, a.Batch, -1, 12), Into(a.Output, a.Batch, -1, 24),
                As(a.BooleanMask, a.Batch, -1), a.Options),
            (kernel, in a) => kernel.Forward(
                As(a.Input, a.Batch, -1, 4, 4), As(a.Key, a.Batch, -1, 2, 4), As(a.Value, a.Batch, -1, 2, 6), Into(a.Output, a.Batch, -1, 4, 6), a.Cache!,
                As(a.BooleanMask, a.Batch, -1), a.Options));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Cross_attention(int batch, int rows, int keys)
    {
        Check<TensorCross>(batch, rows, keys, (kernel, in a) => kernel.Forward(
            As(a.Input, a.Batch, -1, 8), As(a.Memory, a.Batch, -1, 6), Into(a.Output, a.Batch, -1, 8), a.KeyLengths,
            As(a.AdditiveMask, a.Batch, 2, a.Input.Length / 8 / a.Batch, -1), a.Options));
        AttentionCase call = AttentionCase.Create(TensorCross.Shape, batch, rows, keys, seed: rows);
        var cross = new TensorCross(call.Weights);
        AttentionCache cache = cross.CreateCache(keys, batch);
        cross.ProjectMemory(As<float>(call.Memory, batch, keys, 6), cache);
        var output = new float[call.Input.Length];
        cross.Forward(
            As<float>(call.Input, batch, rows, 8), Into(output, batch, rows, 8), cache, call.KeyLengths, As<float>(call.AdditiveMask, batch, 2, rows, keys));
        Compare.SameBits(call.Run(new KernelAdapter<TensorCross>().Create(call.Weights)), output, 8, "a memory in the cache");
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Ragged_cross_attention(int batch, int rows, int keys)
    {
        Check<TensorRaggedCross>(batch, rows, keys, (kernel, in a) => kernel.Forward(
            As(a.Input, -1, 8), As(a.Memory, -1, 6), Into(a.Output, -1, 8), a.RowOffsets, a.KeyOffsets, a.KeyStarts, a.Options));
        AttentionCase call = AttentionCase.Create(TensorRaggedCross.Shape, batch, rows, keys, seed: rows);
        var cross = new TensorRaggedCross(call.Weights);
        AttentionCache cache = cross.CreateCache(call.Keys, batch);
        cross.ProjectMemory(As<float>(call.Memory, -1, 6), cache, call.KeyOffsets);
        var output = new float[call.Input.Length];
        cross.Forward(As<float>(call.Input, -1, 8), Into(output, -1, 8), cache, call.RowOffsets, call.KeyStarts);
        Compare.SameBits(call.Run(new KernelAdapter<TensorRaggedCross>().Create(call.Weights)), output, 8, "a memory in the cache");
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Cross_attention_with_an_input_of_values(int batch, int rows, int keys)
    {
        Check<TensorValues>(batch, rows, keys, (kernel, in a) => kernel.Forward(
            As(a.Input, a.Batch, -1, 8), As(a.Memory, a.Batch, -1, 6), As(a.ValueInput, a.Batch, -1, 5), Into(a.Output, a.Batch, -1, 8), a.Options));
        AttentionCase call = AttentionCase.Create(TensorValues.Shape, batch, rows, keys, seed: rows);
        var cross = new TensorValues(call.Weights);
        AttentionCache cache = cross.CreateCache(keys, batch);
        cross.ProjectMemory(As<float>(call.Memory, batch, keys, 6), As<float>(call.ValueInput, batch, keys, 5), cache);
        var output = new float[call.Input.Length];
        cross.Forward(As<float>(call.Input, batch, rows, 8), Into(output, batch, rows, 8), cache);
        Compare.SameBits(call.Run(new KernelAdapter<TensorValues>().Create(call.Weights)), output, 8, "a memory in the cache");
        string message = Assert.Throws<ArgumentException>(
            "valueInput",
            () => cross.ProjectMemory(As<float>(call.Memory, batch, keys, 6), As<float>(call.ValueInput[(batch * 5)..], batch, keys - 1, 5), cache)).Message;
        Assert.Contains("memory rows", message);

        Check<TensorRaggedValues>(batch, rows, keys, (kernel, in a) => kernel.Forward(
            As(a.Input, -1, 8), As(a.Memory, -1, 6), As(a.ValueInput, -1, 5), Into(a.Output, -1, 8), a.RowOffsets, a.KeyOffsets, a.Options));
        AttentionCase ragged = AttentionCase.Create(TensorRaggedValues.Shape, batch, rows, keys, seed: rows);
        var raggedCross = new TensorRaggedValues(ragged.Weights);
        AttentionCache raggedCache = raggedCross.CreateCache(ragged.Keys, batch);
        raggedCross.ProjectMemory(As<float>(ragged.Memory, -1, 6), As<float>(ragged.ValueInput, -1, 5), raggedCache, ragged.KeyOffsets);
        output = new float[ragged.Input.Length];
        raggedCross.Forward(As<float>(ragged.Input, -1, 8), Into(output, -1, 8), raggedCache, ragged.RowOffsets);
        Compare.SameBits(ragged.Run(new KernelAdapter<TensorRaggedValues>().Create(ragged.Weights)), output, 8, "a ragged memory in the cache");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_fixed_number_of_rows_and_joined_heads(int batch)
    {
        Check<TensorFixed>(batch, 5, 5, (kernel, in a) =>
            kernel.Forward(As(a.Input, a.Batch, 5, 8), Into(a.Output, a.Batch, 5, 8), a.KeyLengths, a.Options));
        Check<TensorFixed>(batch, 5, 5, (kernel, in a) =>
            kernel.Forward(As(a.Input, a.Batch, 5, 8), Into(a.Output, a.Batch, 5, 2, 4), a.KeyLengths, a.Options));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Tables_of_cosines_and_sines(int batch, int rows, int keys) => Check<TensorTables>(batch, rows, keys, (kernel, in a) => kernel.Forward(
        As(a.Input, a.Batch, -1, 8), Into(a.Output, a.Batch, -1, 8), As(a.Cosines, -1, 2), As(a.Sines, -1, 2), a.Options));

    [Fact]
    public void One_sequence_needs_no_axis_of_the_batch()
    {
        AttentionCase call = AttentionCase.Create(TensorMasks.Shape, 1, 6, 6, seed: 9);
        AttentionResult expected = call.RunAll(new KernelAdapter<TensorMasks>().Create(call.Weights));
        AttentionResult actual = call.RunAll(new TensorKernel<TensorMasks>(new(call.Weights), (kernel, in a) => kernel.Forward(
            As(a.Input, 6, 8), Into(a.Output, 6, 8), a.KeyStarts, a.KeyLengths, As(a.BooleanMask, 2, 6, 6), As(a.AdditiveMask, 6, 6), a.HeadMask,
            Into(a.Probabilities, 2, 6, 6), Into(a.Scores, 1, 2, 6, 6), Into(a.LogSumExp, 6, 2), a.Options)));
        expected.AssertSameBits(actual, "without the axis");
    }

    [Fact]
    public void Results_that_are_not_wanted_are_left_out()
    {
        AttentionCase call = AttentionCase.Create(TensorMasks.Shape, 2, 6, 6, seed: 9);
        var output = new float[call.Input.Length];
        new TensorMasks(call.Weights).Forward(
            As<float>(call.Input, 2, 6, 8), Into(output, 2, 6, 8), call.KeyStarts, call.KeyLengths, As<bool>(call.BooleanMask, 2, 2, 6, 6),
            As<float>(call.AdditiveMask, 6, 6), call.HeadMask, default, default, default);
        Compare.SameBits(call.Run(new KernelAdapter<TensorMasks>().Create(call.Weights)), output, 8, "left out");
    }

    [Fact]
    public void Tensors_convert_and_arrays_stay_with_spans()
    {
        AttentionCase call = AttentionCase.Create(TensorSelf.Shape, 2, 6, 6, seed: 4);
        var kernel = new TensorSelf(call.Weights);
        float[] expected = call.Run(new KernelAdapter<TensorSelf>().Create(call.Weights));
        Tensor<float> input = Tensor.Create(call.Input, [2, 6, 8]), output = Tensor.CreateFromShape<float>([2, 6, 8]);
        kernel.Forward(input, output);
        Compare.SameBits(expected, output.ToArray(), 8, "Tensor<float>");
        // The first would be a tensor of one axis, which is refused.
        var array = new float[expected.Length];
        kernel.Forward(call.Input, array, batch: 2);
        Compare.SameBits(expected, array, 8, "arrays");
        array.AsSpan().Clear();
        kernel.Forward(call.Input, array);
        kernel.Forward(default, default);
    }

    [Fact]
    public void Calls_of_nothing_are_calls()
    {
        var kernel = new TensorSelf(AttentionWeights.Random(TensorSelf.Shape, seed: 1));
        float[] none = [];
        kernel.Forward(new ReadOnlyTensorSpan<float>(none, [2, 0, 8]), new TensorSpan<float>(none, [2, 0, 8]));
        kernel.Forward(new ReadOnlyTensorSpan<float>(none, [0, 3, 8]), new TensorSpan<float>(none, [0, 3, 8]));
        kernel.Forward(new ReadOnlyTensorSpan<float>(none, [0, 8]), new TensorSpan<float>(none, [0, 8]));
    }

    [Fact]
    public void A_dense_part_of_a_tensor_is_dense()
    {
        AttentionCase call = AttentionCase.Create(TensorSelf.Shape, 3, 5, 5, seed: 4);
        float[] expected = call.Run(new KernelAdapter<TensorSelf>().Create(call.Weights));
        var output = new float[expected.Length];
        var inputs = As<float>(call.Input, 3, 5, 8);
        var outputs = new TensorSpan<float>(output, [3, 5, 8]);
        new TensorSelf(call.Weights).Forward(inputs.Slice([1..3, 0..5, 0..8]), outputs.Slice([1..3, 0..5, 0..8]));
        Compare.SameBits(expected.AsSpan(40), output.AsSpan(40), 8, "sequences 1 and 2");
        Assert.All(output[..40], value => Assert.Equal(0, value));
        // One row of one sequence: whatever lies between rows and sequences is not between its elements.
        new TensorSelf(call.Weights).Forward(inputs.Slice([1..2, 2..3, 0..8]), outputs.Slice([0..1, 0..1, 0..8]));
        var single = new float[8];
        new TensorSelf(call.Weights).Forward(call.Input.AsSpan(56, 8), single);
        Compare.SameBits(single, output.AsSpan(0, 8), 8, "one row");
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 9)]
    public void A_layer_with_and_without_a_cache(int batch, int rows)
    {
        var layer = new TensorLayer(TransformerLayerWeights.Random(TensorLayer.Shape, seed: 3));
        float[] input = TestNumbers.Random(1, batch * rows * 16), expected = new float[input.Length], output = new float[input.Length];
        layer.Forward(input, expected, batch);
        layer.Forward(As<float>(input, batch, rows, 16), Into(output, batch, rows, 16));
        Compare.SameBits(expected, output, 16, "without a cache");
        output.AsSpan().Clear();
        layer.Forward(As<float>(input, batch, rows, 16), Into(output, batch, rows, 16), layer.CreateCache(rows, batch));
        Compare.SameBits(expected, output, 16, "with a cache");
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 9)]
    public void A_layer_of_a_decoder(int batch, int rows)
    {
        var layer = new TensorDecoder(TransformerLayerWeights.Random(TensorDecoder.Shape, seed: 3));
        float[] input = TestNumbers.Random(1, batch * rows * 16), memory = TestNumbers.Random(2, batch * 7 * 12);
        float[] expected = new float[input.Length], output = new float[input.Length];
        int[] lengths = [.. Enumerable.Repeat(6, batch)];
        layer.Forward(input, memory, expected, lengths, batch);
        layer.Forward(As<float>(input, batch, rows, 16), As<float>(memory, batch, 7, 12), Into(output, batch, rows, 16), lengths);
        Compare.SameBits(expected, output, 16, "a memory in the call");
        output.AsSpan().Clear();
        AttentionCache cache = layer.CreateCache(rows, 7, batch);
        layer.ProjectMemory(As<float>(memory, batch, 7, 12), cache);
        layer.Forward(As<float>(input, batch, rows, 16), Into(output, batch, rows, 16), cache, lengths);
        Compare.SameBits(expected, output, 16, "a memory in the cache");
    }

    [Fact]
    public void A_product_of_rows_on_any_axes()
    {
        LinearCase call = LinearCase.Create(TensorLinear.Shape, rows: 24, seed: 2);
        var linear = new TensorLinear(call.Weights);
        float[] expected = call.Run(new LinearAdapter<TensorLinear>().Create(call.Weights));
        foreach (nint[] axes in (nint[][])[[24], [4, 6], [2, 3, 4]])
        {
            nint[] of6 = [.. axes, 6], of10 = [.. axes, 10];
            var output = new float[expected.Length];
            linear.Forward(As<float>(call.Input, of6), Into(output, of10), As<float>(call.Gate, of10), As<float>(call.Residual, of10));
            Compare.SameBits(expected, output, 10, $"{axes.Length} axes");
        }

        var row = new float[10];
        linear.Forward(
            As<float>(call.Input.AsSpan(0, 6), 6), Into(row, 10), As<float>(call.Gate.AsSpan(0, 10), 10), As<float>(call.Residual.AsSpan(0, 10), 10));
        Compare.SameBits(expected.AsSpan(0, 10), row, 10, "one row");
    }

    [Fact]
    public void Gradients_of_an_attention_and_of_a_product()
    {
        const int Batch = 2, Rows = 5, Keys = 7;
        float[] input = TestNumbers.Random(1, Batch * Rows * 8), memory = TestNumbers.Random(2, Batch * Keys * 6), slope = TestNumbers.Random(3, input.Length);
        AttentionWeights weights = AttentionWeights.Random(TensorTrained.Shape, seed: 1);
        var kernel = new TensorTrained(weights);
        SavedActivations activations = kernel.CreateActivations(Batch, Rows, Keys);
        float[] expected = new float[input.Length], inputGradient = new float[input.Length], memoryGradient = new float[memory.Length];
        var gradients = new AttentionGradients(weights);
        kernel.Forward(input, memory, expected, activations, Batch);
        kernel.Backward(slope, input, memory, activations, inputGradient, memoryGradient, gradients);

        float[] output = new float[input.Length], ofInput = new float[input.Length], ofMemory = new float[memory.Length];
        var others = new AttentionGradients(weights);
        kernel.Forward(As<float>(input, Batch, Rows, 8), As<float>(memory, Batch, Keys, 6), Into(output, Batch, Rows, 8), activations);
        kernel.Backward(
            As<float>(slope, Batch, Rows, 8), As<float>(input, Batch, Rows, 8), As<float>(memory, Batch, Keys, 6), activations, Into(ofInput, Batch, Rows, 8),
            Into(ofMemory, Batch, Keys, 6), others);
        Compare.SameBits(expected, output, 8, "forward");
        Compare.SameBits(inputGradient, ofInput, 8, "input");
        Compare.SameBits(memoryGradient, ofMemory, 6, "memory");
        Compare.SameBits(gradients.Query.Span, others.Query.Span, 8, "query");

        LinearCase call = LinearCase.Create(TensorTrainedLinear.Shape, rows: 6, seed: 2);
        var linear = new TensorTrainedLinear(call.Weights);
        LinearGradients one = new(call.Weights), two = new(call.Weights);
        float[] rise = TestNumbers.Random(3, 60), a = new float[36], b = new float[60], c = new float[36], d = new float[60];
        linear.Backward(rise, call.Input, call.Gate, a, b, one);
        linear.Backward(As<float>(rise, 2, 3, 10), As<float>(call.Input, 2, 3, 6), As<float>(call.Gate, 2, 3, 10), Into(c, 2, 3, 6), Into(d, 2, 3, 10), two);
        Compare.SameBits(a, c, 6, "input of the product");
        Compare.SameBits(b, d, 10, "gate");
        Compare.SameBits(one.Weight.Span, two.Weight.Span, 6, "weights of the product");
    }

    private static void Check<T>(int batch, int rows, int keys, TensorCall<T> forward, TensorCall<T>? cached = null)
        where T : class, IAttentionKernel<T>
    {
        AttentionCase call = AttentionCase.Create(T.Shape, batch, rows, keys, seed: rows);
        IKernel spans = new KernelAdapter<T>().Create(call.Weights);
        var tensors = new TensorKernel<T>(T.Create(call.Weights), forward, cached);
        call.RunAll(spans).AssertSameBits(call.RunAll(tensors, threads: 2), $"{typeof(T).Name}: {call.Describe()}");
        if (cached is null)
            return;
        // Chunks against the reference with a cache of its own, and against one call without a cache.
        CachedCalls.CheckChunks(AttentionCase.Create(T.Shape, batch, rows, Math.Max(rows, keys), seed: rows), tensors, typeof(T).Name);
    }
}
