namespace AttentionGen.Tests.Runtime;

/// <summary>Weights that are subnormal, which some processors are slow with, and weights that are no numbers.</summary>
public sealed class WeightNumbersTests
{
    private static readonly AttentionShape Shape = TestNumbers.Shape(heads: 2, headDim: 2, dModel: 4) with
    {
        QueryKeyNorm = QueryKeyNorm.Layer, Sinks = true, RelativePositionBuckets = 4, BiasKeyValue = true,
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
                Assert.Equal(before[index].Select(value => float.IsSubnormal(value) ? float.CopySign(0, value) : value).Select(BitConverter.SingleToInt32Bits), after[index].Select(BitConverter.SingleToInt32Bits));
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

        Assert.StartsWith("The key weight (span key) has NaN as its element 1", Assert.Throws<InvalidDataException>(() => With(1, 1, float.NaN).CheckFinite()).Message);
    }

    private static float[][] Tensors(AttentionWeights weights) =>
    [
        weights.Query.ToArray(), weights.Key.ToArray(), weights.Value.ToArray(), weights.Output.ToArray(),
        weights.QueryBias.ToArray(), weights.KeyBias.ToArray(), weights.ValueBias.ToArray(), weights.OutputBias.ToArray(),
        weights.QueryNorm.ToArray(), weights.KeyNorm.ToArray(), weights.QueryNormBias.ToArray(), weights.KeyNormBias.ToArray(),
        weights.Sinks.ToArray(), weights.RelativePositionBias.ToArray(), weights.BiasKey.ToArray(), weights.BiasValue.ToArray(),
    ];

    /// <summary>Random weights whose tensor of this number begins with two given elements.</summary>
    private static AttentionWeights With(int tensor, float first, float second)
    {
        float[][] all = Tensors(AttentionWeights.Random(Shape, 1));
        (all[tensor][0], all[tensor][1]) = (first, second);
        return AttentionWeights.FromSpans(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7])
            .WithQueryKeyNorm(all[8], all[9], all[10], all[11]).WithSinks(all[12]).WithRelativePositionBias(all[13]).WithBiasKeyValue(all[14], all[15]);
    }
}
