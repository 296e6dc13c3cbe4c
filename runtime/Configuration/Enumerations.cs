using System;

#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>What the offset between query rows and key positions is when there is no cache.</summary>
public enum CausalAlignment
{
    /// <summary>Offset 0: query 0 sees key 0 only.</summary>
    TopLeft,

    /// <summary>Offset <c>key length − query rows</c> of each sequence: the last query sees the last key. It may be negative.</summary>
    BottomRight,
}

/// <summary>Which elements of a head a rotary embedding pairs.</summary>
public enum RotaryKind
{
    /// <summary>No rotary embedding.</summary>
    None,

    /// <summary>Pairs (i, i + RotaryDim/2), as in Llama checkpoints of Hugging Face and GPT-NeoX.</summary>
    HalfSplit,

    /// <summary>Pairs (2i, 2i + 1), as in the original paper and llama2.c.</summary>
    Interleaved,
}

/// <summary>How far the generator unrolls loops.</summary>
public enum Unrolling
{
    /// <summary>As measured fastest.</summary>
    Auto,

    /// <summary>Every compile-time dimension, up to what the JIT accepts in one method.</summary>
    Full,
}

/// <summary>Axes that a mask has; it is broadcast over the others.</summary>
[Flags]
public enum MaskAxes
{
    /// <summary>There is no mask.</summary>
    None = 0,

    /// <summary>One for each sequence.</summary>
    Batch = 1,

    /// <summary>One for each query head.</summary>
    Head = 2,

    /// <summary>One for each query row.</summary>
    Query = 4,

    /// <summary>One for each key. Every mask has it.</summary>
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

/// <summary>How heads lie in memory where there are no projections.</summary>
public enum HeadLayout
{
    /// <summary>[batch, rows, heads · head dimension].</summary>
    RowsHeads,

    /// <summary>[batch, heads, rows, head dimension].</summary>
    HeadsRows,
}

/// <summary>Normalisation of each head of queries and keys.</summary>
public enum QueryKeyNorm
{
    /// <summary>None.</summary>
    None,

    /// <summary><c>x / √(mean(x²) + ε) · weight</c>, as in Qwen 3.</summary>
    Rms,

    /// <summary><c>(x − mean(x)) / √(variance(x) + ε) · weight + bias</c>.</summary>
    Layer,
}

/// <summary>How rotary frequencies are stretched.</summary>
public enum RotaryScaling
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>All by the factor (position interpolation, Chen et al. 2023).</summary>
    Linear,

    /// <summary>Long wavelengths by the factor, short ones not, those between smoothly, as Llama 3.1 does.</summary>
    Llama3,

    /// <summary>YaRN (Peng et al. 2023): by how often a pair turns over the original length, with a factor on cosines and sines.</summary>
    Yarn,
}

/// <summary>What <c>Forward</c> can give beside the output.</summary>
[Flags]
public enum AttentionOutputs
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The logarithm of each row's sum of exponentials, sinks and appended keys included: [batch, rows, Heads], or [batch, Heads, rows] with <see cref="HeadLayout.HeadsRows"/>; −∞ where a row sees no key.</summary>
    LogSumExp = 1,

    /// <summary>Probabilities, [batch, Heads, rows, keys]; 0 where a key is not seen.</summary>
    Probabilities = 2,

    /// <summary>The mean of the heads' probabilities, [batch, rows, keys].</summary>
    AveragedProbabilities = 4,

    /// <summary>Scores after the scale, [batch, Heads, rows, keys], of all keys.</summary>
    ScaledScores = 8,

    /// <summary>Scores after the softcap, [batch, Heads, rows, keys], of all keys.</summary>
    CappedScores = 16,

    /// <summary>Scores after modifier, biases and masks, as the softmax gets them, [batch, Heads, rows, keys]; −∞ where a key is not seen.</summary>
    MaskedScores = 32,
}
