namespace AttentionGen;

/// <summary>
/// Makes the generator add a multi-head attention block of exactly this shape to a partial class.
/// Every input that is declared here becomes a parameter of the generated <c>Forward</c>. A caller cannot pass anything else.
/// </summary>
/// <remarks>
/// The block computes <c>concat(softmax(scale · Q Kᵀ) V) Wo + bo</c> with <c>Q = x Wq + bq</c>, <c>K = m Wk + bk</c>,
/// <c>V = m Wv + bv</c> (Vaswani et al. 2017, section 3.2), where the memory <c>m</c> is the input itself for self-attention. With
/// <see cref="ValueInputDim"/> values have an input of their own in place of <c>m</c>.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false, Inherited = false)]
public partial class AttentionConfigAttribute : Attribute
{
    /// <summary>Number of query heads, 1 to 256. Required.</summary>
    public int Heads { get; set; }

    /// <summary>Width of the input and output rows, 1 to 65,536. Required, except without projections, where it must not be set.</summary>
    public int DModel { get; set; }

    /// <summary>
    /// Number of key/value heads; <see cref="Heads"/> must be a multiple of it (grouped-query attention; 1 is multi-query). Zero, the default, means
    /// <see cref="Heads"/>.
    /// </summary>
    public int KvHeads { get; set; }

    /// <summary>
    /// Width of one head of queries and keys, 1 to 512. Zero, the default, means <see cref="DModel"/> / <see cref="Heads"/>; required without
    /// projections.
    /// </summary>
    public int HeadDim { get; set; }

    /// <summary>Width of one head of values, and of one head of the result, 1 to 512. Zero, the default, means <see cref="HeadDim"/>.</summary>
    public int ValueHeadDim { get; set; }

    /// <summary>
    /// Whether the block projects the input to queries, keys and values, and the concatenated heads to the output. With false, the caller passes
    /// queries, keys and values and gets the heads; <see cref="DModel"/>, <see cref="MemoryDim"/>, <see cref="ValueInputDim"/> and the bias settings must not
    /// be set then.
    /// </summary>
    public bool Projections { get; set; } = true;

    /// <summary>
    /// Whether a block with projections projects the concatenated heads. With false, its output is the heads, [batch, rows, Heads · ValueHeadDim], as that of
    /// onnxruntime's <c>Attention</c> is; <see cref="OutputBias"/> must not be set then.
    /// </summary>
    public bool OutputProjection { get; set; } = true;

    /// <summary>The memory layout of queries, keys, values and output of a block without projections.</summary>
    public HeadLayout Layout { get; set; }

    /// <summary>
    /// Width of the memory rows that cross-attention reads, 1 to 65,536. Zero, the default, means self-attention. A Transformer layer has both: its
    /// self-attention, and then a cross-attention.
    /// </summary>
    public int MemoryDim { get; set; }

    /// <summary>
    /// Width of the rows that cross-attention projects its values from, 1 to 65,536: an input of their own, with as many rows as the memory, from which the
    /// keys come. Zero, the default, means that keys and values both come from the memory. PyTorch's <c>nn.MultiheadAttention</c> takes query, key and value
    /// so, with its <c>kdim</c> as <see cref="MemoryDim"/> and its <c>vdim</c> as this width. A Transformer layer has no such input.
    /// </summary>
    public int ValueInputDim { get; set; }

    /// <summary>
    /// How the weights of the projections are stored. Narrow formats take less memory, and a call that waits for memory takes less time. All but
    /// <see cref="WeightFormat.Int8"/> change no bit of what a float32 kernel computes with the same numbers.
    /// </summary>
    public WeightFormat Weights { get; set; }

    /// <summary>
    /// The arithmetic of products whose weights are stored in blocks of integers. <see cref="WeightArithmetic.Int8"/> quantises the inputs, too.
    /// </summary>
    public WeightArithmetic Arithmetic { get; set; }

    /// <summary>Whether the query projection adds a bias.</summary>
    public bool QueryBias { get; set; } = true;

    /// <summary>Whether the key projection adds a bias.</summary>
    public bool KeyBias { get; set; } = true;

    /// <summary>Whether the value projection adds a bias.</summary>
    public bool ValueBias { get; set; } = true;

    /// <summary>Whether the output projection adds a bias.</summary>
    public bool OutputBias { get; set; } = true;

    /// <summary>
    /// Whether a block without projections adds learned vectors to queries, keys and values, [Heads · HeadDim], [KvHeads · HeadDim] and
    /// [KvHeads · ValueHeadDim], as onnxruntime's <c>MultiHeadAttention</c> does. Biases of projections have settings of their own.
    /// </summary>
    public bool InputBias { get; set; }

    /// <summary>
    /// Whether a call gives a factor for each head, [<see cref="Heads"/>], that multiplies what the head gives before the output projection; without
    /// projections, the output. 0 removes a head, as in an ablation (Michel et al. 2019). A Transformer layer with a memory has such factors for its
    /// cross-attention too.
    /// </summary>
    public bool HeadMask { get; set; }

    /// <summary>
    /// Whether a gate multiplies the joined heads before the output projection: <c>σ(x Wg + bg)</c>, with learned <c>Wg</c>, [Heads · ValueHeadDim, DModel],
    /// and a bias if there is one of the queries (Qiu et al. 2025, Qwen3-Next). In a Transformer layer it is the gate of the self-attention.
    /// </summary>
    public bool OutputGate { get; set; }

    /// <summary>The fixed number of query rows of a sequence. Zero, the default, means any number.</summary>
    public int SequenceLength { get; set; }

    /// <summary>
    /// How keys and values are stored, in a cache and on the way through a call: new keys (normalised and rotated) and values are rounded to this format. The
    /// arithmetic is float32. A format other than float32, the default, needs a kernel with a cache: cross-attention, causal self-attention, or no projections,
    /// without <see cref="SequenceLength"/> for the latter two.
    /// </summary>
    public KeyValueFormat KeyValues { get; set; }

    /// <summary>
    /// Whether the class can be trained. It then also has <c>CreateActivations</c>, a <c>Forward</c> that keeps what <c>Backward</c> reads, <c>Backward</c>,
    /// which gives the gradients of the inputs and of all weights, and <c>Pack</c>, which takes changed weights. Needs float32 weights, keys and values.
    /// </summary>
    public bool Gradients { get; set; }

    /// <summary>How far loops are unrolled.</summary>
    public Unrolling Unrolling { get; set; }
}
