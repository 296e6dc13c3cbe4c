using AttentionGen.Tests.Conformance;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>AdamW against ten steps that PyTorch recorded, and against its formula in float64.</summary>
public sealed class AdamWTests
{
    [Fact]
    public void Ten_steps_are_those_of_PyTorch()
    {
        VectorFile recorded = VectorFile.ReadLayer("ort-nn/adamw_torch_single_weight");
        float[] weight = recorded.Floats("fc1_weight_initial"), gradients = recorded.Floats("fc1_weight_gradients"), gradient = new float[weight.Length];
        var optimiser = new AdamW([new("fc1", weight, gradient)])
        {
            LearningRate = recorded.Float("lr"), Beta1 = recorded.Float("alpha"), Beta2 = recorded.Float("beta"), Epsilon = recorded.Float("epsilon"),
            WeightDecay = recorded.Float("weight_decay"),
        };
        for (int step = 0; step < 10; step++)
        {
            gradients.AsSpan(step * gradient.Length, gradient.Length).CopyTo(gradient);
            optimiser.Step();
            Compare.Close(
                [.. recorded.Floats("fc1_weight").AsSpan(step * weight.Length, weight.Length).ToArray().Select(value => (double)value)], weight, 1,
                $"step {step + 1}", 1e-6);
        }

        Assert.Equal(10, optimiser.Steps);
    }

    /// <summary>Every length around a vector; the second tensor does not decay. An element has the same bits wherever it stands.</summary>
    [Fact]
    public void Steps_are_those_of_the_formula_and_allocate_nothing()
    {
        for (int length = 1; length < 70; length++)
        {
            float[] weight = TestNumbers.Random(length, length), gradient = new float[length], bias = [.. weight], biasGradient = new float[length];
            double[] expected = [.. weight.Select(value => (double)value)], plain = [.. expected], m = new double[length], v = new double[length];
            float[] last = [weight[^1]], lastGradient = [0];
            var optimiser = new AdamW([new("weight", weight, gradient), new("bias", bias, biasGradient)], name => name == "weight") { WeightDecay = 0.1 };
            var alone = new AdamW([new("weight", last, lastGradient)]) { WeightDecay = 0.1 };
            for (int step = 1; step <= 5; step++)
            {
                TestNumbers.Random((100 * length) + step, length).CopyTo(gradient, 0);
                gradient.CopyTo(biasGradient, 0);
                lastGradient[0] = gradient[^1];
                optimiser.LearningRate = alone.LearningRate = 0.01 / step;
                alone.Step();
                long before = GC.GetAllocatedBytesForCurrentThread();
                optimiser.Step();
                Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
                for (int i = 0; i < length; i++)
                {
                    m[i] = (0.9 * m[i]) + (0.1 * gradient[i]);
                    v[i] = (0.999 * v[i]) + (0.001 * gradient[i] * gradient[i]);
                    double move = 0.01 / step * (m[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
                    expected[i] = (expected[i] * (1 - (0.01 / step * 0.1))) - move;
                    plain[i] -= move;
                }
            }

            Compare.Close(expected, weight, 1, $"{length} elements", 1e-6);
            Compare.Close(plain, bias, 1, $"{length} elements without decay", 1e-6);
            Assert.Equal(BitConverter.SingleToInt32Bits(last[0]), BitConverter.SingleToInt32Bits(weight[^1]));
        }
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        GradientTensor[] alike = [new("a", new float[2], new float[2]), new("a", default, default)];
        Assert.Contains("tensors[1]", Assert.Throws<ArgumentException>(() => new AdamW(alike)).Message);
        Assert.Contains("expected 2", Assert.Throws<ArgumentException>(() => new AdamW([new("a", new float[2], new float[3])])).Message);
        Assert.Throws<ArgumentOutOfRangeException>("Beta2", () => new AdamW([]) { Beta2 = 1 });
        Assert.Throws<ArgumentOutOfRangeException>("LearningRate", () => new AdamW([]).LearningRate = double.NaN);
        Assert.Throws<ArgumentOutOfRangeException>("most", () => GradientClipping.Clip([], 0));
        Assert.Throws<ArgumentOutOfRangeException>("step", () => new LearningRateSchedule(1, 2, 3).At(0));
    }

    [Fact]
    public void Gradients_are_clipped_by_the_norm_of_all_of_them()
    {
        VectorFile recorded = VectorFile.ReadLayer("ort-nn/clipgradnorm");
        float[][] gradients = [.. Enumerable.Range(0, 3).Select(index => recorded.Floats($"gradients_{index}"))];
        GradientTensor[] tensors = [.. gradients.Select(gradient => new GradientTensor("", default, gradient))];
        double norm = GradientClipping.Clip(tensors, recorded.Float("max_norm"));
        for (int index = 0; index < 3; index++)
        {
            // Expected with four decimals.
            double[] expected = [.. recorded.Floats($"clipped_gradients_{index}").Select(value => (double)value)];
            Compare.Close(expected, gradients[index], 1, $"gradients {index}", 5e-5);
        }

        Assert.Equal(12, GradientClipping.Norm(tensors), 1e-5);
        float[][] unchanged = [.. gradients.Select(gradient => (float[])[.. gradient])];
        Assert.True(GradientClipping.Clip(tensors, norm) < norm);
        Assert.Equal(unchanged, gradients);
        gradients[1][2] = float.NaN;
        Assert.True(double.IsNaN(GradientClipping.Clip(tensors, 1)));
        Assert.Equal(unchanged[0], gradients[0]);
    }

    [Fact]
    public void A_norm_has_the_same_bits_at_every_width()
    {
        foreach (int length in (int[])[0, 1, 31, 33, 4095, 4096, 4097, 10_000])
        {
            float[] values = TestNumbers.Random(length, length);
            double sum = CompilerServices.SquareSums.Of<CompilerServices.Float128>(values);
            Assert.Equal(sum, CompilerServices.SquareSums.Of<CompilerServices.Float256>(values));
            Assert.Equal(sum, CompilerServices.SquareSums.Of<CompilerServices.Float512>(values));
            Assert.Equal(values.Sum(value => (double)value * value), sum, 1e-6 * (1 + sum));
        }
    }

    /// <summary>Ten steps of warm-up, then to step 110.</summary>
    [Fact]
    public void A_learning_rate_rises_and_falls()
    {
        var cosine = new LearningRateSchedule(0.5, 10, 110, Final: 0.1);
        Assert.Equal([0.05, 0.45, 0.5, 0.1 + (0.4 * ((1 + Math.Sqrt(0.5)) / 2)), 0.3, 0.1, 0.1], Rates(cosine), Near);
        Assert.Equal([0.05, 0.45, 0.5, 0.4, 0.3, 0.1, 0.1], Rates(cosine with { Decay = LearningRateDecay.Linear }), Near);
        Assert.Equal([0.05, 0.45, 0.5, 0.5, 0.5, 0.5, 0.5], Rates(cosine with { Decay = LearningRateDecay.None }), Near);

        static double[] Rates(LearningRateSchedule schedule) => [.. new long[] { 1, 9, 10, 35, 60, 110, 1000 }.Select(schedule.At)];

        static bool Near(double one, double other) => Math.Abs(one - other) < 1e-12;
    }
}
