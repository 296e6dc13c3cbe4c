using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>How the feed-forward network of a Transformer layer is computed: the same for every vector target, but for its products.</summary>
internal sealed record FeedForwardPlan
{
    /// <summary>The first products, and the gate: rows of the model's width.</summary>
    public required ProductPlan Up { get; init; }

    /// <summary>The last product: rows of <see cref="HiddenStride"/>.</summary>
    public required ProductPlan Down { get; init; }

    /// <summary>Width of the rows between the products.</summary>
    public required int Width { get; init; }

    /// <summary>The function between the products.</summary>
    public required Activation Activation { get; init; }

    /// <summary>
    /// Floats between two rows: whole panels, in an odd number of cache lines. Rows that are 2 or 6 KiB apart fall into few sets of the first-level cache,
    /// and a register tile of the last product reads twelve of them at once.
    /// </summary>
    public int HiddenStride => HiddenStrideOf(Width);

    /// <summary>
    /// Panels of a strip that is computed for all rows of a block and activated before the next one: 256 columns of 120 rows are 120 KiB, which stay in the
    /// second-level cache of every processor, beside the weights that pass through. Fewer rows have strips of as many floats: one row reads its weights in
    /// long runs, and a step of decoding through a layer took 0.95 of the time (Zen 5). Whole tiles of every kernel of every vector target.
    /// </summary>
    public required int StripPanels { get; init; }

    /// <summary>The strip for tiles of so many panels.</summary>
    public static int StripOf(int columnUnit) => (WishedStrip + columnUnit - 1) / columnUnit * columnUnit;

    private const int WishedStrip = 16;

    public static int HiddenStrideOf(int width) => AttentionPlan.PanelWidth * (AttentionPlan.Panels(width) | 1);
}
