#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>How the weights of products are stored. Biases and the weights of norms are always float32.</summary>
public enum WeightFormat
{
    /// <summary>32 bits for each weight.</summary>
    Float32,

    /// <summary>16 bits for each weight: the upper half of a float32. Products have the bits of a float32 kernel on the same numbers.</summary>
    BFloat16,

    /// <summary>16 bits for each weight: IEEE half precision. Products have the bits of a float32 kernel on the same numbers.</summary>
    Float16,

    /// <summary>
    /// 8.5 bits for each weight: blocks of 32 inputs of one output, each with a float16 scale, as GGUF's Q8_0. A weight is the scale times an integer, which
    /// float32 holds exactly. Products have the bits of a float32 kernel on the same numbers, unless the arithmetic is declared to be int8.
    /// </summary>
    Int8Blocks,

    /// <summary>4.5 bits for each weight: the same blocks with integers from −8 to 7, as GGUF's Q4_0.</summary>
    Int4Blocks,

    /// <summary>
    /// 8 bits for each weight and a float32 scale for each output. Products are computed in int8 arithmetic: each input row is quantised around the
    /// middle of its range, but for one outlier, integers are multiplied and summed exactly, and the scales are applied at the end.
    /// </summary>
    Int8,
}

/// <summary>The arithmetic of products whose weights are stored in blocks of integers.</summary>
public enum WeightArithmetic
{
    /// <summary>Weights are widened to float32: storage changes no bit of the result.</summary>
    Float32,

    /// <summary>
    /// The inputs are quantised in blocks of 32 as they come, integers are multiplied and summed exactly, and the scales are applied block by block, in
    /// ascending order.
    /// </summary>
    Int8,
}

/// <summary>How keys and values are stored.</summary>
public enum KeyValueFormat
{
    /// <summary>32 bits for each element.</summary>
    Float32,

    /// <summary>16 bits for each element: the upper half of a float32, rounded to nearest, ties to even.</summary>
    BFloat16,

    /// <summary>16 bits for each element: IEEE half precision, rounded to nearest, ties to even.</summary>
    Float16,

    /// <summary>
    /// 8 bits for each element, and a float32 scale for each key, and for each value, of each KV head: the largest magnitude divided by 127. An element is the
    /// scale times an integer from −127 to 127, rounded to nearest, ties to even.
    /// </summary>
    Int8,
}
