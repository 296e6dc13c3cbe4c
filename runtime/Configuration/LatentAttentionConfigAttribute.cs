namespace AttentionGen;

/// <summary>
/// Makes the generator add a block of multi-head latent attention of exactly this shape to a partial class (DeepSeek-AI 2024, "DeepSeek-V2", section 2.1).
/// Keys and values of all heads are projected from one latent vector for each row, and a cache holds only that vector and one rotated key.
/// </summary>
/// <remarks>
/// A row x gives a latent vector <c>c = norm(Wc x)</c> and one rotated key <c>r = rotate(Wr x)</c>. Head h has the key <c>[Kh c, r]</c>, the value
/// <c>Vh c</c> and the query <c>[qh, rotate(ph)]</c>, which come from x, or from a latent vector of its own. Both forms of the block give the same numbers
/// up to rounding; see <see cref="LatentForm"/>.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false, Inherited = false)]
public sealed class LatentAttentionConfigAttribute : Attribute
{
    /// <summary>Number of heads, 1 to 256. Required.</summary>
    public int Heads { get; set; }

    /// <summary>Width of input and output rows, 1 to 65,536. Required.</summary>
    public int DModel { get; set; }

    /// <summary>
    /// Width of one head of queries and keys, 3 to 512: the part that is projected from the latent vector, and behind it the <see cref="RotaryDim"/> elements
    /// that are rotated. Required. Hugging Face calls the two <c>qk_nope_head_dim</c> and <c>qk_rope_head_dim</c>.
    /// </summary>
    public int HeadDim { get; set; }

    /// <summary>Width of the rotated part of a head: even, 2 to 128, and less than <see cref="HeadDim"/>. Required.</summary>
    public int RotaryDim { get; set; }

    /// <summary>Width of one head of values, 1 to 512. Required. Hugging Face calls it <c>v_head_dim</c>.</summary>
    public int ValueHeadDim { get; set; }

    /// <summary>Width of the latent vector of keys and values, 1 to 512. Required. Hugging Face calls it <c>kv_lora_rank</c>.</summary>
    public int LatentDim { get; set; }

    /// <summary>
    /// Width of the latent vector of queries, 1 to 65,536. Zero, the default, means that queries are projected from the input. Hugging Face calls it
    /// <c>q_lora_rank</c>.
    /// </summary>
    public int QueryLatentDim { get; set; }

    /// <summary>
    /// Whether the products that give latent vectors, and the output projection, add learned biases. Hugging Face calls it <c>attention_bias</c>.
    /// </summary>
    public bool Biases { get; set; }

    /// <summary>Whether a row sees only the rows up to its own position. The default is true.</summary>
    public bool Causal { get; set; } = true;

    /// <summary>Factor of the scores; positive. Zero, the default, means <c>1/√HeadDim</c>.</summary>
    public float Scale { get; set; }

    /// <summary>The number that RMS norms of latent vectors add to the mean square; finite, 0 or more. The default is 1e-6.</summary>
    public float NormEpsilon { get; set; } = 1e-6f;

    /// <summary>Which pairs are rotated: <see cref="RotaryKind.Interleaved"/>, the default, as in DeepSeek, or <see cref="RotaryKind.HalfSplit"/>.</summary>
    public RotaryKind Rotary { get; set; } = RotaryKind.Interleaved;

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryBase"/>
    public double RotaryBase { get; set; } = 10_000;

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryFrequencies"/>
    public double[] RotaryFrequencies { get; set; } = [];

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryScaling"/>
    public RotaryScaling RotaryScaling { get; set; }

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryScalingFactor"/>
    public double RotaryScalingFactor { get; set; }

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryOriginalLength"/>
    public int RotaryOriginalLength { get; set; }

    /// <summary>Dynamic NTK and LongRoPE: the length of the contexts that the block is for, in positions. Required by these two.</summary>
    public int RotaryLength { get; set; }

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryShortFactors"/>
    public double[] RotaryShortFactors { get; set; } = [];

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryLongFactors"/>
    public double[] RotaryLongFactors { get; set; } = [];

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryLowFrequencyFactor"/>
    public double RotaryLowFrequencyFactor { get; set; } = 1;

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryHighFrequencyFactor"/>
    public double RotaryHighFrequencyFactor { get; set; } = 4;

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryBetaFast"/>
    public double RotaryBetaFast { get; set; } = 32;

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryBetaSlow"/>
    public double RotaryBetaSlow { get; set; } = 1;

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryTruncate"/>
    public bool RotaryTruncate { get; set; } = true;

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryAttentionFactor"/>
    public double RotaryAttentionFactor { get; set; }

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryMscale"/>
    public double RotaryMscale { get; set; }

    /// <inheritdoc cref="AttentionConfigAttribute.RotaryMscaleAllDim"/>
    public double RotaryMscaleAllDim { get; set; }

    /// <summary>Whether sequences of a batch differ in length, so that a call gives <c>rowOffsets</c>.</summary>
    public bool Ragged { get; set; }

    /// <summary>
    /// How the weights of all products are stored. The absorbed form needs the key matrices of the heads transposed, which formats of blocks and rows do not
    /// allow: in these formats, it keeps their numbers as float32.
    /// </summary>
    public WeightFormat Weights { get; set; }

    /// <summary>The arithmetic of products whose weights are stored in blocks of integers.</summary>
    public WeightArithmetic Arithmetic { get; set; }

    /// <summary>How far loops are unrolled.</summary>
    public Unrolling Unrolling { get; set; }
}
