namespace AttentionGen;

/// <summary>
/// Makes the generator add one product of exactly this shape to a partial class: <c>y = act(x Wᵀ + b)</c>, as a classifier, a pooler, or the head of a
/// language model needs it.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false, Inherited = false)]
public sealed class LinearConfigAttribute : Attribute
{
    /// <summary>Width of the input rows, 1 to 262,144. Required.</summary>
    public int Inputs { get; set; }

    /// <summary>Width of the output rows, 1 to 1,048,576. Required.</summary>
    public int Outputs { get; set; }

    /// <summary>Whether a learned bias is added.</summary>
    public bool Bias { get; set; } = true;

    /// <summary>
    /// How the weights of the product are stored. Narrow formats take less memory, and a call that waits for memory takes less time. All but
    /// <see cref="WeightFormat.Int8"/> change no bit of what a float32 kernel computes with the same numbers.
    /// </summary>
    public WeightFormat Weights { get; set; }

    /// <summary>
    /// The arithmetic of products whose weights are stored in blocks of integers. <see cref="WeightArithmetic.Int8"/> quantises the inputs, too.
    /// </summary>
    public WeightArithmetic Arithmetic { get; set; }

    /// <summary>The function that each output goes through after the bias.</summary>
    public Activation Activation { get; set; }

    /// <summary>Whether the caller gives rows, [rows, Outputs], by which each output is multiplied after the activation.</summary>
    public bool Gate { get; set; }

    /// <summary>Whether the caller gives rows, [rows, Outputs], that are added to the output at the end.</summary>
    public bool Residual { get; set; }

    /// <summary>
    /// Whether the class can be trained. It then also has <c>Backward</c>, which gives the gradients of the inputs and of the weights, and <c>Pack</c>, which
    /// takes changed weights. Needs float32 weights.
    /// </summary>
    public bool Gradients { get; set; }

    /// <summary>How far loops are unrolled.</summary>
    public Unrolling Unrolling { get; set; }
}
