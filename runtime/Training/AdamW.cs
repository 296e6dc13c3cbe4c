using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019, algorithm 2), step by step as PyTorch's <c>torch.optim.AdamW</c> computes it: weights decay apart from the gradient,
/// both moments are corrected for their start at zero, and epsilon stands outside of the root.
/// </summary>
/// <remarks>
/// For the gradient g at step t: <c>w = w (1 − rate · decay)</c>, <c>m = β₁ m + (1 − β₁) g</c>, <c>v = β₂ v + (1 − β₂) g²</c> and
/// <c>w = w − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)</c>. Every element is computed by itself, without fused multiply-add: the bits are the same on
/// every processor. A step allocates nothing. One thread uses an optimiser at a time.
/// </remarks>
public sealed partial class AdamW
{
    private readonly Trained[] trained;
    private readonly double firstDecay = 0.9;
    private readonly double secondDecay = 0.999;
    private readonly double epsilon = 1e-8;
    private double learningRate = 1e-3;
    private double weightDecay = 0.01;

    /// <summary>An optimiser of some tensors, before its first step.</summary>
    /// <param name="tensors">What it changes, such as <c>WeightGradients.Tensors</c>. Names tell tensors apart in a checkpoint.</param>
    /// <param name="decays">Whether the weights of a tensor decay, by its name; null for all. Biases and norms often do not.</param>
    /// <exception cref="ArgumentException">A name is empty or given twice, or a gradient has another length than its tensor.</exception>
    public AdamW(ReadOnlySpan<GradientTensor> tensors, Predicate<string>? decays = null)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        trained = new Trained[tensors.Length];
        for (int index = 0; index < tensors.Length; index++)
        {
            GradientTensor tensor = tensors[index];
            if (string.IsNullOrEmpty(tensor.Name) || !names.Add(tensor.Name))
                throw new ArgumentException($"tensors[{index}] has the name '{tensor.Name}'; expected a name that no other tensor has.", nameof(tensors));
            if (tensor.Gradient.Length != tensor.Values.Length)
                throw new ArgumentException(
                    $"tensors[{index}], '{tensor.Name}', has a gradient of {tensor.Gradient.Length} elements; expected {tensor.Values.Length}, as its values.",
                    nameof(tensors));
            int length = tensor.Values.Length;
            trained[index] = new(tensor, new float[length], new float[length], decays is null || decays(tensor.Name));
        }
    }

    /// <summary>The learning rate of the next step; 0.001 unless set. A <see cref="LearningRateSchedule"/> gives one for each step.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public double LearningRate
    {
        get => learningRate;
        set => learningRate = Checked(value, double.MaxValue, nameof(LearningRate));
    }

    /// <summary>The factor of the weights' decay, which the learning rate multiplies; 0.01 unless set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public double WeightDecay
    {
        get => weightDecay;
        set => weightDecay = Checked(value, double.MaxValue, nameof(WeightDecay));
    }

    /// <summary>β₁, what remains of the mean of gradients in a step, 0 to 1; 0.9 unless set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not from 0 to below 1.</exception>
    public double Beta1
    {
        get => firstDecay;
        init => firstDecay = Checked(value, BelowOne, nameof(Beta1));
    }

    /// <summary>β₂, what remains of the mean of squared gradients in a step, 0 to 1; 0.999 unless set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not from 0 to below 1.</exception>
    public double Beta2
    {
        get => secondDecay;
        init => secondDecay = Checked(value, BelowOne, nameof(Beta2));
    }

    /// <summary>ε, what is added to the root of the mean square; 1e-8 unless set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public double Epsilon
    {
        get => epsilon;
        init => epsilon = Checked(value, double.MaxValue, nameof(Epsilon));
    }

    /// <summary>Steps done so far.</summary>
    public long Steps { get; private set; }

    private static double BelowOne => Math.BitDecrement(1.0);

    /// <summary>Changes every tensor by its gradient, which stays as it is.</summary>
    public void Step()
    {
        Steps++;
        double firstRest = 1 - PowerOf(Beta1, Steps), secondRest = 1 - PowerOf(Beta2, Steps);
        foreach (Trained one in trained)
        {
            var factors = new AdamWFactors
            {
                Kept = (float)(1 - (one.Decays ? LearningRate * WeightDecay : 0)),
                FirstKept = (float)Beta1, FirstNew = (float)(1 - Beta1), SecondKept = (float)Beta2, SecondNew = (float)(1 - Beta2),
                Rate = (float)(LearningRate / firstRest), RootFactor = (float)(1 / Math.Sqrt(secondRest)), Epsilon = (float)Epsilon,
            };
            AdamWStep.Run(one.Tensor.Values.Span, one.Tensor.Gradient.Span, one.First, one.Second, in factors);
        }
    }

    /// <summary>By squaring, because the mathematics libraries of platforms differ in the last digit.</summary>
    private static double PowerOf(double x, long exponent)
    {
        double power = 1;
        for (; exponent > 0; exponent >>= 1, x *= x)
        {
            if ((exponent & 1) != 0)
                power *= x;
        }

        return power;
    }

    private static double Checked(double value, double most, string name)
    {
        if (!(value >= 0 && value <= most))
            throw new ArgumentOutOfRangeException(
                name, value, FormattableString.Invariant($"{name} is {value}; expected 0 or more, {(most < 1 ? "and less than 1" : "and a finite number")}."));
        return value;
    }

    /// <summary>A tensor and its moments.</summary>
    private sealed record Trained(GradientTensor Tensor, float[] First, float[] Second, bool Decays);
}
