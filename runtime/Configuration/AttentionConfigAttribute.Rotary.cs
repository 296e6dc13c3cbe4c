namespace AttentionGen;

// Rotary position embedding.
public partial class AttentionConfigAttribute
{
    /// <summary>Rotary position embedding of queries and keys (Su et al. 2021).</summary>
    public RotaryKind Rotary { get; set; }

    /// <summary>
    /// The number of dimensions of each head that are rotated: even, at most the head dimension. Zero, the default, means all. They are the leading ones, but
    /// for <see cref="RotaryKind.Proportional"/>.
    /// </summary>
    public int RotaryDim { get; set; }

    /// <summary>Base of the rotary frequencies <c>base^(−2i/d)</c>, where d is RotaryDim; greater than 1. The default is 10,000.</summary>
    public double RotaryBase { get; set; } = 10_000;

    /// <summary>
    /// The rotary frequencies, <c>RotaryDim/2</c> finite numbers: the radians from a position to the next of each pair, which replace those of
    /// <see cref="RotaryBase"/>. Hugging Face calls them <c>inv_freq</c>. A pair with 0 is not rotated. Without them, the default, the base gives them.
    /// </summary>
    public double[] RotaryFrequencies { get; set; } = [];

    /// <summary>
    /// Whether a call gives the cosines and sines, two tables [positions, RotaryDim/2] whose line p turns the rows of position p, in place of frequencies
    /// (<c>cos_cache</c> and <c>sin_cache</c> of ONNX's RotaryEmbedding). The numbers may be any. A call with a position beyond the last line is refused.
    /// </summary>
    public bool RotaryTables { get; set; }

    /// <summary>The scaling of rotary frequencies for contexts that are longer than in training.</summary>
    public RotaryScaling RotaryScaling { get; set; }

    /// <summary>The factor by which the context is longer, 1 or more. Required with <see cref="RotaryScaling"/>.</summary>
    public double RotaryScalingFactor { get; set; }

    /// <summary>The length of the context that the model was first trained with. Required by all scalings but the linear one.</summary>
    public int RotaryOriginalLength { get; set; }

    /// <summary>
    /// Dynamic NTK and LongRoPE: the length of the contexts that the kernel is for, in positions. It alone decides the base, or which factors are used, for
    /// all rows of all calls. A call with a position from there on is refused. <c>WithRotaryLength</c> of the generated class makes the same kernel for
    /// another length, with the same packed weights. Required by these two.
    /// </summary>
    public int RotaryLength { get; set; }

    /// <summary>
    /// LongRoPE: what the frequency of each pair is divided by where <see cref="RotaryLength"/> is at most <see cref="RotaryOriginalLength"/>;
    /// <c>RotaryDim/2</c> positive numbers. Hugging Face calls them <c>short_factor</c>.
    /// </summary>
    public double[] RotaryShortFactors { get; set; } = [];

    /// <summary>
    /// LongRoPE: the same where <see cref="RotaryLength"/> is greater than <see cref="RotaryOriginalLength"/>; Hugging Face's <c>long_factor</c>.
    /// </summary>
    public double[] RotaryLongFactors { get; set; } = [];

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
    /// YaRN and LongRoPE: factor of cosines and sines. Zero, the default, means for LongRoPE
    /// <c>√(1 + ln(RotaryScalingFactor) / ln(RotaryOriginalLength))</c>, and for YaRN <c>0.1 · ln(RotaryScalingFactor) + 1</c>, or with
    /// <see cref="RotaryMscale"/> and <see cref="RotaryMscaleAllDim"/>
    /// <c>(0.1 · RotaryMscale · ln(RotaryScalingFactor) + 1) / (0.1 · RotaryMscaleAllDim · ln(RotaryScalingFactor) + 1)</c>.
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

    /// <summary>
    /// The pairs of each axis of positions, two axes or more, RotaryDim/2 pairs in all: the first section of pairs is turned by the position on the first axis,
    /// and so on (M-RoPE of Qwen2-VL, whose axes are time, height and width). <see cref="Positions"/> are then [batch, rows, axes]. Hugging Face calls them
    /// <c>mrope_section</c>. None, the default, means one axis.
    /// </summary>
    public int[] RotarySections { get; set; } = [];

    /// <summary>
    /// Whether the axes take turns, pair by pair, as in Qwen3-VL: axis a has the pairs a, a + axes, a + 2 · axes and so on, as many as its section says, and
    /// the first axis has all others.
    /// </summary>
    public bool RotarySectionsInterleaved { get; set; }

    /// <summary>Whether the caller gives positions, [batch, rows]. Otherwise a row's position is the number of cached keys plus its index.</summary>
    public bool Positions { get; set; }
}
