using System.Reflection;

namespace AttentionGen.Tests.Runtime;

/// <summary>Weights that are subnormal, which some processors are slow with, and weights that are no numbers.</summary>
public sealed class WeightNumbersTests
{
    private static readonly AttentionShape Shape = TestNumbers.Shape(heads: 2, headDim: 2, dModel: 4) with
    {
        QueryKeyNorm = QueryKeyNorm.Layer, OutputGate = true, Sinks = true, RelativePositionBuckets = 4, BiasKeyValue = true,
    };

    [Fact]
    public void Subnormal_weights_are_counted_and_flushed_wherever_they_are()
    {
        AttentionWeights normal = AttentionWeights.Random(Shape, 1);
        Assert.Equal(0, normal.CountSubnormals());
        Assert.Same(normal, normal.FlushSubnormals());
        foreach (int tensor in Enumerable.Range(0, 16))
        {
            AttentionWeights weights = With(tensor, float.Epsilon, -1e-40f);
            Assert.Equal(2, weights.CountSubnormals());
            AttentionWeights flushed = weights.FlushSubnormals();
            Assert.Equal(0, flushed.CountSubnormals());
            float[][] before = Tensors(weights), after = Tensors(flushed);
            for (int index = 0; index < before.Length; index++)
                Assert.Equal(
                    before[index].Select(value => float.IsSubnormal(value) ? float.CopySign(0, value) : value).Select(BitConverter.SingleToInt32Bits),
                    after[index].Select(BitConverter.SingleToInt32Bits));
            Assert.Equal(BitConverter.SingleToInt32Bits(-0f), BitConverter.SingleToInt32Bits(after[tensor][1]));
            Assert.Equal(1.17549435E-38f, With(tensor, 1.17549435E-38f, 0).FlushSubnormals().CheckFinite() is { } least ? Tensors(least)[tensor][0] : 0);
        }
    }

    [Fact]
    public void Weights_that_are_no_numbers_are_found_on_request()
    {
        AttentionWeights normal = AttentionWeights.Random(Shape, 1);
        Assert.Same(normal, normal.CheckFinite());
        foreach (int tensor in Enumerable.Range(0, 16))
        {
            foreach (float value in (float[])[float.NaN, float.NegativeInfinity])
            {
                string message = Assert.Throws<InvalidDataException>(() => With(tensor, 1, value).CheckFinite()).Message;
                Assert.EndsWith($" has {FormattableString.Invariant($"{value}")} as its element 1; expected a finite number.", message);
            }
        }

        Assert.StartsWith(
            "The key weight (span key) has NaN as its element 1", Assert.Throws<InvalidDataException>(() => With(1, 1, float.NaN).CheckFinite()).Message);
    }

    /// <summary>The tensors of a layer beside its attention, and those of its attention.</summary>
    [Fact]
    public void Weights_of_a_layer_are_counted_flushed_and_checked_wherever_they_are()
    {
        string[] names = [.. Tensors().Select(property => property.Name)];
        Assert.Equal(18, names.Length);
        TransformerLayerWeights normal = Layer(AttentionWeights.Random(Shape, 1), "", 1);
        Assert.Equal(0, normal.CountSubnormals());
        Assert.Same(normal, normal.FlushSubnormals());
        Assert.Same(normal, normal.CheckFinite());
        foreach (string name in names)
        {
            TransformerLayerWeights weights = Layer(AttentionWeights.Random(Shape, 1), name, -1e-40f), flushed = weights.FlushSubnormals();
            Assert.Equal((1, 0), (weights.CountSubnormals(), flushed.CountSubnormals()));
            foreach (string other in names)
                Assert.Equal(
                    Values(weights, other).Select(value => float.IsSubnormal(value) ? -0f : value).Select(BitConverter.SingleToInt32Bits),
                    Values(flushed, other).Select(BitConverter.SingleToInt32Bits));
            string message = Assert.Throws<InvalidDataException>(() => Layer(AttentionWeights.Random(Shape, 1), name, float.NaN).CheckFinite()).Message;
            Assert.EndsWith(" has NaN as its element 1; expected a finite number.", message, StringComparison.Ordinal);
            // A matrix also says where it came from.
            string[] words = message[4..message.IndexOf(" has", StringComparison.Ordinal)].Split(" (")[0].Split(' ', '-');
            Assert.Equal(name, string.Concat(words.Select(word => char.ToUpperInvariant(word[0]) + word[1..])));
        }

        TransformerLayerWeights inAttention = Layer(With(2, float.Epsilon, -1e-40f), "", 1);
        Assert.Equal((2, 0), (inAttention.CountSubnormals(), inAttention.FlushSubnormals().CountSubnormals()));
        Assert.Throws<InvalidDataException>(() => Layer(With(2, 1, float.NaN), "", 1).CheckFinite());
    }

    [Fact]
    public void Weights_of_a_product_are_counted_flushed_and_checked()
    {
        LinearWeights normal = LinearWeights.FromSpans([1, -2, 3, 4], [0, 1]);
        Assert.Equal(0, normal.CountSubnormals());
        Assert.Same(normal, normal.FlushSubnormals());
        Assert.Same(normal, normal.CheckFinite());
        LinearWeights weights = LinearWeights.FromSpans([1, -1e-40f, 3, 4], [float.Epsilon, 1]), flushed = weights.FlushSubnormals();
        Assert.Equal((2, 0), (weights.CountSubnormals(), flushed.CountSubnormals()));
        Assert.Equal(((float[])[1, -0f, 3, 4]).Select(BitConverter.SingleToInt32Bits), flushed.Weight.ToArray().Select(BitConverter.SingleToInt32Bits));
        Assert.Equal([0, 1], flushed.Bias.ToArray());
        Assert.StartsWith(
            "The weight (span weight) has NaN as its element 3",
            Assert.Throws<InvalidDataException>(() => LinearWeights.FromSpans([1, 2, 3, float.NaN]).CheckFinite()).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "The bias (span bias) has Infinity as its element 0",
            Assert.Throws<InvalidDataException>(() => LinearWeights.FromSpans([1], [float.PositiveInfinity]).CheckFinite()).Message,
            StringComparison.Ordinal);
    }

    private static float[] Values(TransformerLayerWeights weights, string name) =>
        ((ReadOnlyMemory<float>)typeof(TransformerLayerWeights).GetProperty(name)!.GetValue(weights)!).ToArray();

    /// <summary>A layer whose tensors have three elements, of which the second of one tensor is given.</summary>
    private static TransformerLayerWeights Layer(AttentionWeights attention, string name, float second)
    {
        var weights = new TransformerLayerWeights { Attention = attention };
        foreach (PropertyInfo property in Tensors())
            property.SetValue(weights, new ReadOnlyMemory<float>([1, property.Name == name ? second : 2, 3]));
        return weights;
    }

    private static float[][] Tensors(AttentionWeights weights) =>
    [
        weights.Query.ToArray(), weights.Key.ToArray(), weights.Value.ToArray(), weights.Output.ToArray(),
        weights.QueryBias.ToArray(), weights.KeyBias.ToArray(), weights.ValueBias.ToArray(), weights.OutputBias.ToArray(),
        weights.QueryNorm.ToArray(), weights.KeyNorm.ToArray(), weights.QueryNormBias.ToArray(), weights.KeyNormBias.ToArray(),
        weights.Sinks.ToArray(), weights.RelativePositionBias.ToArray(), weights.BiasKey.ToArray(), weights.BiasValue.ToArray(),
        weights.OutputGate.ToArray(), weights.OutputGateBias.ToArray(),
    ];

    /// <summary>Random weights whose tensor of this number begins with two given elements.</summary>
    private static AttentionWeights With(int tensor, float first, float second)
    {
        float[][] all = Tensors(AttentionWeights.Random(Shape, 1));
        (all[tensor][0], all[tensor][1]) = (first, second);
        return AttentionWeights.FromSpans(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7])
            .WithQueryKeyNorm(all[8], all[9], all[10], all[11]).WithSinks(all[12]).WithRelativePositionBias(all[13]).WithBiasKeyValue(all[14], all[15])
            .WithOutputGate(all[16], all[17]);
    }

    private static IEnumerable<PropertyInfo> Tensors() =>
        typeof(TransformerLayerWeights).GetProperties().Where(property => property.PropertyType == typeof(ReadOnlyMemory<float>));
}
