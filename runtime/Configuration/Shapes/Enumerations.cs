using System;

#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>The offset between query rows and key positions in a call without a cache.</summary>
public enum CausalAlignment
{
    /// <summary>Offset 0: query 0 sees key 0 only.</summary>
    TopLeft,

    /// <summary>Offset <c>key length − query rows</c> of each sequence: the last query sees the last key. It may be negative.</summary>
    BottomRight,
}

/// <summary>The elements of a head that a rotary embedding pairs.</summary>
public enum RotaryKind
{
    /// <summary>No rotary embedding.</summary>
    None,

    /// <summary>Pairs (i, i + RotaryDim/2), as in Llama checkpoints of Hugging Face and GPT-NeoX.</summary>
    HalfSplit,

    /// <summary>Pairs (2i, 2i + 1), as in the original paper and llama2.c.</summary>
    Interleaved,

    /// <summary>
    /// Pairs (i, i + HeadDim/2) of the whole head, of which the first RotaryDim/2 are rotated, with the frequencies <c>base^(−2i/HeadDim)</c> that they would
    /// have if all were, as Hugging Face's <c>proportional</c> (Gemma 4). The other elements stay.
    /// </summary>
    Proportional,
}

/// <summary>The extent to which the generator unrolls loops.</summary>
public enum Unrolling
{
    /// <summary>The fastest choice that was measured.</summary>
    Auto,

    /// <summary>Every compile-time dimension, up to the JIT's limits for one method.</summary>
    Full,
}

/// <summary>The axes of a mask. The kernel broadcasts over the other axes.</summary>
[Flags]
public enum MaskAxes
{
    /// <summary>There is no mask.</summary>
    None = 0,

    /// <summary>A value for each sequence.</summary>
    Batch = 1,

    /// <summary>A value for each query head.</summary>
    Head = 2,

    /// <summary>A value for each query row.</summary>
    Query = 4,

    /// <summary>A value for each key. Every mask has this axis.</summary>
    Key = 8,

    /// <summary>[query, key].</summary>
    QueryKey = Query | Key,

    /// <summary>[batch, key]: a padding mask.</summary>
    BatchKey = Batch | Key,

    /// <summary>[batch, query, key].</summary>
    BatchQueryKey = Batch | Query | Key,

    /// <summary>[head, query, key].</summary>
    HeadQueryKey = Head | Query | Key,

    /// <summary>[batch, head, query, key].</summary>
    BatchHeadQueryKey = Batch | Head | Query | Key,
}

/// <summary>The memory layout of heads in a block without projections.</summary>
public enum HeadLayout
{
    /// <summary>[batch, rows, heads · head dimension].</summary>
    RowsHeads,

    /// <summary>[batch, heads, rows, head dimension].</summary>
    HeadsRows,
}

/// <summary>What makes probabilities of scores.</summary>
public enum ScoreFunction
{
    /// <summary>The softmax of a row's scores.</summary>
    Softmax,

    /// <summary>
    /// Each score by itself: <c>σ(score + b)</c>, σ(x) = 1 / (1 + e⁻ˣ) (Ramapuram et al. 2024, arXiv 2409.04431). A row's probabilities have any sum.
    /// </summary>
    Sigmoid,
}

/// <summary>Normalisation of queries and keys.</summary>
public enum QueryKeyNorm
{
    /// <summary>None.</summary>
    None,

    /// <summary><c>x / √(mean(x²) + ε) · weight</c>, as in Qwen 3.</summary>
    Rms,

    /// <summary><c>(x − mean(x)) / √(variance(x) + ε) · weight + bias</c>.</summary>
    Layer,
}

/// <summary>What a normalisation of queries and keys normalises together, and which weights it has.</summary>
public enum QueryKeyNormScope
{
    /// <summary>Each head, with weights that all heads share, [HeadDim], as in Qwen 3.</summary>
    Head,

    /// <summary>Each head, with weights of its own, [Heads · HeadDim] for queries and [KvHeads · HeadDim] for keys, as in Command R+.</summary>
    HeadOwnWeights,

    /// <summary>All heads of a row together, as the projection gives them, with an element of the weights for each column, as in OLMo 2.</summary>
    Projection,
}

/// <summary>The scaling of rotary frequencies.</summary>
public enum RotaryScaling
{
    /// <summary>No scaling.</summary>
    None,

    /// <summary>Stretches all wavelengths by the factor (position interpolation, Chen et al. 2023).</summary>
    Linear,

    /// <summary>Stretches long wavelengths by the factor, leaves short ones unchanged, and blends between them, as Llama 3.1 does.</summary>
    Llama3,

    /// <summary>
    /// YaRN (Peng et al. 2023): stretches a pair by the number of its rotations over the original length, and multiplies cosines and sines by a
    /// factor.
    /// </summary>
    Yarn,

    /// <summary>
    /// Raises the base for a declared length of contexts L, as Hugging Face's <c>dynamic</c> does for each length:
    /// <c>base · (factor · L / original length − (factor − 1))^(d / (d − 2))</c>, where L is at least the original length, and d is RotaryDim.
    /// </summary>
    DynamicNtk,

    /// <summary>
    /// LongRoPE (Ding et al. 2024), as Phi-3: divides the frequency of each pair by a factor of its own, of one list up to the original length and of
    /// another one for longer contexts, and multiplies cosines and sines by a factor. The declared length of contexts decides which list.
    /// </summary>
    LongRope,
}

/// <summary>The results that <c>Forward</c> can return beside the output.</summary>
[Flags]
public enum AttentionOutputs
{
    /// <summary>No further result.</summary>
    None = 0,

    /// <summary>
    /// The logarithm of each row's sum of exponentials, sinks and appended keys included: [batch, rows, Heads], or [batch, Heads, rows] with
    /// <see cref="HeadLayout.HeadsRows"/>; −∞ for a row that sees no key.
    /// </summary>
    LogSumExp = 1,

    /// <summary>Probabilities, [batch, Heads, rows, keys]; 0 for a key that the query does not see.</summary>
    Probabilities = 2,

    /// <summary>The mean of the heads' probabilities, [batch, rows, keys].</summary>
    AveragedProbabilities = 4,

    /// <summary>Scores after the scale, [batch, Heads, rows, keys], of all keys.</summary>
    ScaledScores = 8,

    /// <summary>Scores after the softcap, [batch, Heads, rows, keys], of all keys.</summary>
    CappedScores = 16,

    /// <summary>
    /// Scores after modifier, biases and masks, the input of the softmax, [batch, Heads, rows, keys]; −∞ for a key that the query does not see.
    /// </summary>
    MaskedScores = 32,
}
