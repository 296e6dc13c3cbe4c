using AttentionGen.CompilerServices;
using AttentionGen.Tests.Conformance;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>Losses and their gradients against ONNX's vectors and against float64.</summary>
public sealed class LossTests
{
    public static TheoryData<string> Cases => Directory.Exists(SharedFiles.Folder)
        ? [.. Directory.GetDirectories(Path.Combine(SharedFiles.Folder, "conformance", "onnx-nn"), "sce_*").Select(folder => Path.GetFileName(folder)!).Order()]
        : [];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void Cross_entropy_is_that_of_ONNX(string name)
    {
        VectorFile recorded = VectorFile.ReadLayer($"onnx-nn/{name}");
        // [N, C, d1, …] becomes rows of classes.
        int[] shape = recorded.Shape("scores");
        int classes = shape[1], inner = shape.Skip(2).Aggregate(1, (product, size) => product * size);
        float[] scores = recorded.Floats("scores");
        int[] labels = [.. recorded["labels"].Type == "<i4" ? recorded["labels"].ToInt32() : recorded["labels"].ToInt64().Select(label => (int)label)];
        float[] rows = new float[scores.Length], losses = new float[labels.Length];
        for (int row = 0; row < labels.Length; row++)
        {
            for (int one = 0; one < classes; one++)
                rows[(row * classes) + one] = scores[(((row / inner * classes) + one) * inner) + (row % inner)];
        }

        string reduction = recorded.Text("reduction");
        double loss = CrossEntropy.Compute(
            rows, labels, default, losses, recorded.Has("weights") ? recorded.Floats("weights") : [],
            reduction == "sum" ? LossReduction.Sum : LossReduction.Mean, recorded.Int("ignore_index", CrossEntropy.Ignored));
        if (reduction == "none")
            Compare.Close([.. recorded.Floats("output").Select(value => (double)value)], losses, 1, name, 1e-6);
        else
            Assert.Equal(recorded.Floats("output").Single(), loss, 1e-6);
    }

    [Fact]
    public void The_gradient_of_cross_entropy_is_that_of_float64()
    {
        foreach (int classes in (int[])[1, 2, 5, 31, 32, 33, 64, 257, 1000])
        {
            const int Rows = 5;
            float[] logits = [.. TestNumbers.Random(classes, Rows * classes).Select(value => value * 30)], weights = TestNumbers.Random(1, classes);
            foreach (ref float weight in weights.AsSpan())
                weight = Math.Abs(weight) + 0.5f;
            int[] labels = [0, classes - 1, 7, classes / 2, classes / 3];
            double all = labels.Where(label => label != 7).Sum(label => weights[label]), expectedLoss = 0;
            var expected = new double[logits.Length];
            for (int row = 0; row < Rows; row++)
            {
                if (labels[row] == 7)
                    continue;
                double[] x = [.. logits.Skip(row * classes).Take(classes).Select(value => (double)value)];
                double largest = x.Max(), sum = x.Sum(value => Math.Exp(value - largest)), weight = weights[labels[row]] / all;
                expectedLoss += weight * (largest + Math.Log(sum) - x[labels[row]]);
                for (int one = 0; one < classes; one++)
                    expected[(row * classes) + one] = weight * ((Math.Exp(x[one] - largest) / sum) - (one == labels[row] ? 1 : 0));
            }

            float[] gradient = new float[logits.Length], inPlace = [.. logits];
            double loss = CrossEntropy.Compute(logits, labels, gradient, default, weights, ignored: 7);
            Assert.Equal(expectedLoss, loss, 1e-6 * (1 + expectedLoss));
            Compare.Close(expected, gradient, classes, $"{classes} classes", 1e-6);
            Assert.Equal(loss, CrossEntropy.Compute(inPlace, labels, inPlace, default, weights, ignored: 7));
            Compare.SameBits(gradient, inPlace, classes, "in place");
            foreach (int label in labels.Where(label => label < classes))
            {
                float[][] widths = [new float[classes], new float[classes], new float[classes]];
                double narrow = SoftmaxRows.CrossEntropy<Float128>(logits.AsSpan(0, classes), label, widths[0], 0.3);
                Assert.Equal(narrow, SoftmaxRows.CrossEntropy<Float256>(logits.AsSpan(0, classes), label, widths[1], 0.3));
                Assert.Equal(narrow, SoftmaxRows.CrossEntropy<Float512>(logits.AsSpan(0, classes), label, widths[2], 0.3));
                Compare.SameBits(widths[0], widths[1], classes, "256 bits");
                Compare.SameBits(widths[0], widths[2], classes, "512 bits");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_contrastive_loss_has_the_gradient_of_central_differences(bool isSymmetric)
    {
        const int Width = 13, Pairs = 9;
        float[] anchors = TestNumbers.Random(1, Pairs * Width), positives = TestNumbers.Random(2, Pairs * Width);
        float[] anchorGradient = new float[anchors.Length], positiveGradient = new float[anchors.Length];
        var contrastive = new ContrastiveLoss(Width, mostPairs: 11) { Temperature = 0.25f, IsSymmetric = isSymmetric };
        double loss = contrastive.Compute(anchors, positives, anchorGradient, positiveGradient);
        long before = GC.GetAllocatedBytesForCurrentThread();
        contrastive.Compute(anchors, positives, anchorGradient, positiveGradient);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        double[] a = [.. anchors.Select(value => (double)value)], p = [.. positives.Select(value => (double)value)];
        Assert.Equal(Loss(), loss, 1e-5);
        Compare.Close([.. Enumerable.Range(0, a.Length).Select(index => Slope(a, index))], anchorGradient, Width, "anchors", 2e-6);
        Compare.Close([.. Enumerable.Range(0, p.Length).Select(index => Slope(p, index))], positiveGradient, Width, "positives", 2e-6);

        double Slope(double[] values, int index)
        {
            const double Step = 1e-5;
            double value = values[index];
            values[index] = value + Step;
            double above = Loss();
            values[index] = value - Step;
            double below = Loss();
            values[index] = value;
            return (above - below) / (2 * Step);
        }

        double Loss()
        {
            double rows = 0, columns = 0;
            for (int one = 0; one < Pairs; one++)
            {
                rows += Math.Log(Enumerable.Range(0, Pairs).Sum(other => Math.Exp((Cosine(one, other) - Cosine(one, one)) / 0.25)));
                columns += Math.Log(Enumerable.Range(0, Pairs).Sum(other => Math.Exp((Cosine(other, one) - Cosine(one, one)) / 0.25)));
            }

            return (isSymmetric ? (rows + columns) / 2 : rows) / Pairs;
        }

        double Cosine(int anchor, int positive)
        {
            ReadOnlySpan<double> x = a.AsSpan(anchor * Width, Width), y = p.AsSpan(positive * Width, Width);
            double product = 0, xx = 0, yy = 0;
            for (int i = 0; i < Width; i++)
                (product, xx, yy) = (product + (x[i] * y[i]), xx + (x[i] * x[i]), yy + (y[i] * y[i]));
            return product / Math.Sqrt(xx * yy);
        }
    }

    [Fact]
    public void Bad_arguments_are_named_before_anything_is_written()
    {
        float[] gradient = [5, 5, 5, 5];
        Assert.Throws<ArgumentOutOfRangeException>("labels", () => CrossEntropy.Compute(new float[4], [1, 2], gradient));
        Assert.Throws<ArgumentException>("logits", () => CrossEntropy.Compute(new float[5], [1, 0], gradient));
        Assert.Throws<ArgumentException>("gradient", () => CrossEntropy.Compute(new float[6], [1, 0], gradient));
        Assert.Throws<ArgumentException>("classWeights", () => CrossEntropy.Compute(new float[4], [1, 0], gradient, default, new float[3]));
        Assert.Throws<ArgumentException>("positives", () => new ContrastiveLoss(2, 2).Compute(new float[4], new float[2], gradient, gradient));
        Assert.Throws<ArgumentException>("anchors", () => new ContrastiveLoss(2, 1).Compute(new float[4], new float[4], gradient, gradient));
        Assert.Equal([5, 5, 5, 5], gradient);
        Assert.Equal(0, CrossEntropy.Compute(new float[4], [CrossEntropy.Ignored, CrossEntropy.Ignored], gradient));
        Assert.Equal([0, 0, 0, 0], gradient);
    }
}
