namespace AttentionGen.CompilerServices;

/// <summary>The steps of the gradients of a layer around its attention.</summary>
internal enum LayerStep
{
    /// <summary>Row blocks: from the gradients of the output to those of what the feed-forward network gave, and the rows that it read.</summary>
    BeforeFeedForward,

    /// <summary>The gradients of the feed-forward network.</summary>
    FeedForward,

    /// <summary>Row blocks: from the gradients of the rows that the network read to those of what the attention gave, and the rows that it read.</summary>
    BeforeAttention,

    /// <summary>Row blocks: from the gradients of the rows that the attention read to those of the input.</summary>
    Input,
}

/// <summary>The gradients of a layer around its attention: what each thread needs to compute a part.</summary>
/// <remarks>Pointers lead into memory that does not move while the call lasts: what the caller gave is pinned.</remarks>
internal unsafe struct LayerBackwardWork : ISharedWork
{
    public required PackedLayer Layer;

    public required SavedLayer Saved;

    public required TransformerLayerGradients Gradients;

    public required CancellationToken CancellationToken;

    /// <summary>Which step.</summary>
    public LayerStep Step;

    /// <summary>Rows of all sequences.</summary>
    public required nint Rows;

    /// <summary>Parts that the columns of a product are cut into.</summary>
    public required int Slices;

    /// <summary>[rows, DModel]: the input of the layer.</summary>
    public required float* Input;

    /// <summary>[rows, DModel]: the gradient of the output.</summary>
    public required float* OutputGradient;

    /// <summary>[rows, DModel]: where the gradient of the input goes.</summary>
    public required float* InputGradient;

    /// <summary>Scratch that all threads share; see <see cref="LayerBackwardLayout"/>.</summary>
    public required float* Shared;

    /// <inheritdoc/>
    public readonly void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own) =>
        LayerBackward.RunPart(in this, phase, part, ref own);
}

/// <summary>Where the gradients of a layer lie in the scratch that all threads share.</summary>
/// <param name="shape">What the layer computes.</param>
/// <param name="rows">Rows of all sequences.</param>
/// <param name="sumFloats">Floats of the sums of a norm for a row block.</param>
internal readonly struct LayerBackwardLayout(TransformerLayerShape shape, nint rows, nint sumFloats)
{
    /// <summary>Rows that go through the feed-forward network together: whole blocks of the sums over rows, so that cutting changes no bit.</summary>
    public const int ChunkRows = 4 * RowNorm.SumRows;

    private readonly nint size = rows * shape.DModel;

    /// <summary>[rows, DModel]: the rows that a branch reads.</summary>
    public nint Source => 0;

    /// <summary>[rows, DModel]: the rows that the second of two parallel branches reads, or the sum after the attention.</summary>
    public nint Sum => size;

    /// <summary>[rows, DModel]: gradients of what a branch gave.</summary>
    public nint Branch => 2 * size;

    /// <summary>[rows, DModel]: gradients of the sum after the attention.</summary>
    public nint SumGradient => 3 * size;

    /// <summary>[rows, DModel]: gradients of the rows that the feed-forward network read.</summary>
    public nint FeedForwardGradient => 4 * size;

    /// <summary>[rows, DModel]: gradients of the rows that the attention read.</summary>
    public nint AttentionGradient => 5 * size;

    /// <summary>[rows of a chunk, whole panels of FeedForwardDim], three times: the activated rows, the gradients of Up and of Gate.</summary>
    public nint Hidden => 6 * size;

    /// <summary>Floats of one of these.</summary>
    public nint HiddenFloats { get; } =
        nint.Min(rows, ChunkRows) * PanelLayout.Panels(shape.FeedForwardDim) * PanelLayout.PanelWidth;

    /// <summary>Two times [row blocks]: sums of norms.</summary>
    public nint Sums => Hidden + (3 * HiddenFloats);

    /// <summary>Row blocks.</summary>
    public nint Blocks { get; } = (rows + RowNorm.SumRows - 1) / RowNorm.SumRows;

    /// <summary>Floats of the sums of one norm.</summary>
    public nint NormFloats => Blocks * sumFloats;

    /// <summary>Floats in all.</summary>
    public nint Floats => Sums + (2 * NormFloats);
}
