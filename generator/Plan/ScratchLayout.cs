using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>A named slice of the scratch memory, in floats.</summary>
internal sealed record ScratchSlice(string Name, int Offset, int Length, string Purpose);

/// <summary>Where a call's intermediates lie in its scratch; keys and values without a cache follow behind.</summary>
internal sealed record ScratchLayout(EquatableArray<ScratchSlice> Slices, int Length)
{
    public ScratchSlice this[string name] => Slices.First(slice => slice.Name == name);

    public static ScratchLayout Create(AttentionShape shape, TransformerLayerShape? layer, int stripPanels, AttentionSteps steps, int rowBlock, int scoreStride)
    {
        var slices = new List<ScratchSlice>();
        long offset = 0;
        void Add(string name, long length, string purpose)
        {
            slices.Add(new(name, checked((int)offset), checked((int)length), purpose));
            // Whole cache lines, and an odd number of them between slices, so that no two start 4 KiB apart.
            long lines = (length + 15) / 16;
            offset += 16 * (lines | 1);
        }

        if (shape.HasProjections)
            AddProjected();
        else
            AddHeads();
        Add("Scores", (long)AttentionPlan.QueryBlock * scoreStride, "scores, then probabilities, of a query block against a key block");
        Add("Heads", (long)AttentionPlan.QueryRun * AttentionPlan.RoundUp(shape.ValueHeadDim), "running output of a run of query blocks");
        Add("BlockHeads", (long)AttentionPlan.QueryBlock * AttentionPlan.RoundUp(shape.ValueHeadDim), "output of one key block, before it is merged");
        Add(
            "Softmax",
            SoftmaxFloats * (AttentionPlan.QueryRun / AttentionPlan.QueryBlock),
            "running and block maxima and sums, and merge factors, of each query block of a run");
        if (steps.HasRowRanges)
            Add(
                "Ranges",
                2 * (AttentionPlan.QueryRun + (AttentionPlan.QueryRun / AttentionPlan.QueryBlock) + 1),
                "first and end of the keys that each row of a run, each query block and the run see, as integers");
        if (shape.DeclaredMasks > 0)
            Add("MaskLines", shape.DeclaredMasks * MaskLineFloats, "one row's part of each mask, in whole vectors");
        if (steps.MasksInside)
            Add(
                "SeenValues",
                (long)AttentionPlan.KeyBlock * AttentionPlan.RoundUp(shape.ValueHeadDim),
                "values of a key block with those of masked keys left out, should one be NaN");
        if (shape.KeyValues != KeyValueFormat.Float32)
            AddWidened();
        if (shape.AppendedKeys > 0)
            Add("AppendedRanges", 2 * AttentionPlan.QueryBlock, "the same range for every row, for the keys behind the last one");
        // A layer has room for whole panels of what its branches give.
        if (shape.ProjectsOutput && shape.DModel % AttentionPlan.PanelWidth != 0 && layer is null)
            Add(
                "OutputStrip",
                (long)System.Math.Max(rowBlock, AttentionPlan.FewRows) * AttentionPlan.RoundUp(shape.DModel),
                "output rows in whole panels, before they are copied out; where threads share columns, all rows of a call of few rows");
        if (layer is not null)
            AddLayer(layer);
        // Where threads share columns, a thread has all rows of a call of few rows.
        long narrow = NarrowPlan.ScratchFloats(shape, layer, System.Math.Max(rowBlock, AttentionPlan.FewRows));
        if (narrow > 0)
            Add("Narrow", narrow, "weights of some columns that are widened, or rows that are quantised, for a product with narrow weights");
        return new(new(slices), checked((int)offset));

        void AddLayer(TransformerLayerShape layer)
        {
            // Where threads share columns, a thread has all rows of a call of few rows.
            int rows = System.Math.Max(rowBlock, AttentionPlan.FewRows);
            if (layer.NormPlacement != NormPlacement.Post)
                Add("Normed", (long)rows * shape.DModel, "normalised rows of a row block, which a branch reads");
            Add("Branch", (long)rows * AttentionPlan.RoundUp(shape.DModel), "what a branch gives for a row block, before it is added");
            Add("Hidden", (long)rowBlock * FeedForwardPlan.HiddenStrideOf(layer.FeedForwardDim), "rows between the products of the feed-forward network");
            if (layer.Gated)
                Add("Gated", (long)rows * stripPanels * AttentionPlan.PanelWidth, "a strip of the product that the gate multiplies");
        }

        void AddWidened()
        {
            Add("WidenedKeys", (long)AttentionPlan.KeyBlock * shape.HeadDim, "keys of a key block in float32, for a run of many query rows");
            Add("WidenedValues", (long)AttentionPlan.KeyBlock * AttentionPlan.RoundUp(shape.ValueHeadDim), "values of a key block in float32");
            if (steps.MasksInside && shape.KeyValues == KeyValueFormat.Int8)
                Add("SeenScales", AttentionPlan.KeyBlock, "scales of the values of a key block with those of masked keys left out");
        }

        void AddProjected()
        {
            int widest = AttentionPlan.RoundUp(new[] { shape.QueryDim, shape.KeyDim, shape.ValueDim, shape.JoinedDim }.Max());
            Add("Strip", (long)rowBlock * widest, "projected rows before they are laid out, then the concatenated heads");
            Add("Queries", (long)rowBlock * shape.QueryDim, "queries of a row block, [KvHeads][rows x group][HeadDim]");
            if (shape.OutputGate)
                Add("Gates", (long)rowBlock * AttentionPlan.RoundUp(shape.JoinedDim), "projected gates of a row block, which multiply its joined heads");
        }

        void AddHeads()
        {
            // Where threads share heads, a thread has all rows of a call of few rows.
            int rows = System.Math.Max(rowBlock, AttentionPlan.FewRows);
            Add("Queries", (long)rows * shape.QueryDim, "queries of a row block, [KvHeads][rows x group][HeadDim]");
            if (shape.HeadsBeforeRows)
                Add("Strip", (long)rows * shape.JoinedDim, "joined heads, before they are written head by head");
            if (shape.ChangesKeys)
                Add(
                    "KeyStrip",
                    (long)rowBlock * (shape.InputBias ? System.Math.Max(shape.HeadDim, shape.ValueHeadDim) : shape.HeadDim),
                    $"keys of one head, before they are normalised or rotated and laid out{(shape.InputBias ? ", and values with their bias" : "")}");
        }
    }

    /// <summary>Floats of one row's part of a mask, and of the vector that may end behind it.</summary>
    internal const int MaskLineFloats = AttentionPlan.KeyBlock + AttentionPlan.PanelWidth;

    /// <summary>Floats of one query block's softmax state: maximum, sum, block maximum, block sum, old factor, block factor; 32 each.</summary>
    internal const int SoftmaxFloats = SoftmaxState.Floats;
}
