using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>How the losses of rows become one number.</summary>
public enum LossReduction
{
    /// <summary>The mean over the rows that count, weighted where classes have weights.</summary>
    Mean,

    /// <summary>The sum over the rows that count.</summary>
    Sum,
}

/// <summary>
/// Cross-entropy of a softmax over classes, as ONNX's <c>SoftmaxCrossEntropyLoss</c> and PyTorch's <c>cross_entropy</c> define it. Sums over classes run in 32
/// virtual lanes: the bits are the same at every vector width. Nothing is allocated.
/// </summary>
public static class CrossEntropy
{
    /// <summary>The label of rows that do not count, unless a call says otherwise.</summary>
    public const int Ignored = -100;

    /// <summary>
    /// The loss of rows of logits, <c>−w_y · ln softmax(x)_y</c> for the label y of a row, and its gradient, <c>w_y · (softmax(x) − 1_y)</c>, divided by the
    /// sum of the weights for the mean.
    /// </summary>
    /// <param name="logits">[rows, classes].</param>
    /// <param name="labels">[rows]: the class of each row, or <paramref name="ignored"/>.</param>
    /// <param name="gradient">[rows, classes] for the gradient of the result; may be the place of the logits; empty for none.</param>
    /// <param name="rowLosses">[rows] for the loss of each row, 0 where it does not count; empty for none.</param>
    /// <param name="classWeights">[classes]: the weight of each class; empty for 1.</param>
    /// <param name="reduction">Mean or sum.</param>
    /// <param name="ignored">The label of rows that do not count.</param>
    /// <returns>The loss; 0 if no row counts.</returns>
    /// <exception cref="ArgumentException">A length does not fit the others.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is no class, or the reduction is none. Nothing is written.</exception>
    public static double Compute(
        ReadOnlySpan<float> logits,
        ReadOnlySpan<int> labels,
        Span<float> gradient = default,
        Span<float> rowLosses = default,
        ReadOnlySpan<float> classWeights = default,
        LossReduction reduction = LossReduction.Mean,
        int ignored = Ignored)
    {
        int classes = labels.IsEmpty ? 0 : logits.Length / labels.Length;
        if ((long)classes * labels.Length != logits.Length || (classes == 0 && !labels.IsEmpty))
            throw new ArgumentException($"logits.Length is {logits.Length}; expected a multiple of labels.Length, {labels.Length}.", nameof(logits));
        Check(nameof(gradient), gradient.Length, logits.Length);
        Check(nameof(rowLosses), rowLosses.Length, labels.Length);
        Check(nameof(classWeights), classWeights.Length, classes);
        if (reduction is not (LossReduction.Mean or LossReduction.Sum))
            throw new ArgumentOutOfRangeException(nameof(reduction), reduction, $"reduction is {reduction}; expected Mean or Sum.");
        if (gradient.Overlaps(logits, out int distance) && distance != 0)
            throw new ArgumentException("gradient overlaps logits; expected the same place, or another one.", nameof(gradient));

        double all = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            if (labels[row] == ignored)
                continue;
            if ((uint)labels[row] >= (uint)classes)
                throw new ArgumentOutOfRangeException(
                    nameof(labels), labels[row], $"labels[{row}] is {labels[row]}; expected 0 to {classes - 1}, or {ignored} for a row that does not count.");
            all += Weight(classWeights, labels[row]);
        }

        double loss = 0, factor = reduction == LossReduction.Sum ? 1 : all > 0 ? 1 / all : 0;
        for (int row = 0; row < labels.Length; row++)
        {
            ReadOnlySpan<float> x = logits.Slice(row * classes, classes);
            Span<float> slope = gradient.IsEmpty ? [] : gradient.Slice(row * classes, classes);
            double one = 0;
            if (labels[row] == ignored)
            {
                slope.Clear();
            }
            else
            {
                double weight = Weight(classWeights, labels[row]);
                one = weight * SoftmaxRows.CrossEntropy(x, labels[row], slope, weight * factor);
            }

            if (!rowLosses.IsEmpty)
                rowLosses[row] = (float)one;
            loss += one * factor;
        }

        return loss;
    }

    private static double Weight(ReadOnlySpan<float> classWeights, int label) => classWeights.IsEmpty ? 1 : classWeights[label];

    private static void Check(string name, int length, int expected)
    {
        if (length != 0 && length != expected)
            throw new ArgumentException($"{name}.Length is {length}; expected {expected}, or 0 for none.", name);
    }
}
