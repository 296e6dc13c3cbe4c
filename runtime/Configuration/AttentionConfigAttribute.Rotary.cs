namespace AttentionGen;

// Rotary position embedding.
public partial class AttentionConfigAttribute
{
    /// <summary>Rotary position embedding of queries and keys (Su et al. 2021).</summary>
    public RotaryKind Rotary { get; set; }

    /// <summary>The number of leading dimensions of each head that are rotated: even, at most the head dimension. Zero, the default, means all.</summary>
    public int RotaryDim { get; set; }

    /// <summary>Base of the rotary frequencies <c>base^(−2i/RotaryDim)</c>; greater than 1. The default is 10,000.</summary>
    public double RotaryBase { get; set; } = 10_000;

    /// <summary>The scaling of rotary frequencies for contexts that are longer than in training.</summary>
    public RotaryScaling RotaryScaling { get; set; }

    /// <summary>The factor by which the context is longer, 1 or more. Required with <see cref="RotaryScaling"/>.</summary>
    public double RotaryScalingFactor { get; set; }

    /// <summary>The length of the context that the model was first trained with. Required by Llama 3 and YaRN.</summary>
    public int RotaryOriginalLength { get; set; }

    /// <summary>Llama 3: wavelengths longer than the original length divided by this are stretched by the whole factor. The default is 1.</summary>
    public double RotaryLowFrequencyFactor { get; set; } = 1;

    /// <summary>Llama 3: wavelengths shorter than the original length divided by this stay as they are. The default is 4.</summary>
    public double RotaryHighFrequencyFactor { get; set; } = 4;

    /// <summary>YaRN: pairs that rotate more often than this over the original length stay as they are. The default is 32.</summary>
    public double RotaryBetaFast { get; set; } = 32;

    /// <summary>YaRN: pairs that rotate less often than this over the original length are stretched by the whole factor. The default is 1.</summary>
    public double RotaryBetaSlow { get; set; } = 1;

    /// <summary>
    /// YaRN: whether the two pairs between which frequencies change are rounded outwards, to whole pairs, as Hugging Face's <c>truncate</c> says. The
    /// default is true;
    /// gpt-oss sets it to false.
    /// </summary>
    public bool RotaryTruncate { get; set; } = true;

    /// <summary>
    /// YaRN: factor of cosines and sines. Zero, the default, means <c>0.1 · ln(RotaryScalingFactor) + 1</c>, or with <see cref="RotaryMscale"/> and
    /// <see cref="RotaryMscaleAllDim"/> <c>(0.1 · RotaryMscale · ln(RotaryScalingFactor) + 1) / (0.1 · RotaryMscaleAllDim · ln(RotaryScalingFactor) + 1)</c>.
    /// A factor that is given comes before these two, as in Hugging Face's Transformers.
    /// </summary>
    public double RotaryAttentionFactor { get; set; }

    /// <summary>
    /// YaRN: Hugging Face's <c>mscale</c>, see <see cref="RotaryAttentionFactor"/>. Needs <see cref="RotaryMscaleAllDim"/>; zero, the default, means that
    /// there is none.
    /// </summary>
    public double RotaryMscale { get; set; }

    /// <summary>
    /// YaRN: Hugging Face's <c>mscale_all_dim</c>, see <see cref="RotaryAttentionFactor"/>. Needs <see cref="RotaryMscale"/>; zero, the default, means
    /// that there is none.
    /// DeepSeek's models multiply their scale by <c>(0.1 · mscale_all_dim · ln(factor) + 1)²</c> too: put that into <see cref="Scale"/>.
    /// </summary>
    public double RotaryMscaleAllDim { get; set; }

    /// <summary>Whether the caller gives positions, [batch, rows]. Otherwise a row's position is the number of cached keys plus its index.</summary>
    public bool Positions { get; set; }
}
