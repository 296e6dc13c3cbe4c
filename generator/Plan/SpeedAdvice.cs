using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>Why a legal configuration is slower than one beside it.</summary>
internal enum SpeedReason
{
    /// <summary>The heads' width leaves lanes of the value panels empty.</summary>
    EmptyLanes,

    /// <summary>The rows of even the smallest row block outgrow the second-level cache.</summary>
    RowsBeyondCache,

    /// <summary>Methods so long that the JIT takes long for each, for no gain.</summary>
    LongMethods,
}

/// <summary>One piece of advice: the reason, the setting it is about, and the numbers that its message shows.</summary>
internal sealed record SpeedAdvice(SpeedReason Reason, string Setting, EquatableArray<string> Numbers)
{
    /// <summary>A fifth of empty lanes shows in a block's time: 8 heads of 66 ran 12 % slower for each multiply-add than 64, heads of 56 as fast.</summary>
    private const int NotablePart = 5;

    /// <summary>
    /// Bytes of a row block from which every measurement was slower: half more than a second-level cache holds, where the plan asks for three quarters of
    /// one. Heads of
    /// 128, interleaved, GFLOP/s of 4,096 wide, 6,144 and 8,192: 181, 158, 160 and 147, 148, 132 with weights from memory, 149, 143, 140 with weights
    /// from the third level.
    /// </summary>
    private const int SlowRowBytes = 1536 * 1024;

    /// <summary>All advice on a configuration, from its plans for every target.</summary>
    public static IEnumerable<SpeedAdvice> For(IReadOnlyList<AttentionPlan> plans)
    {
        AttentionPlan plan = plans[0];
        AttentionShape shape = plan.Shape;
        int width = shape.ValueHeadDim;
        int empty = plan.ValueHeadDimPadded - width;
        if (empty * NotablePart >= width)
        {
            int below = width / AttentionPlan.PanelWidth * AttentionPlan.PanelWidth;
            string better = below == 0 ? Text(plan.ValueHeadDimPadded) : $"{Text(below)} or {Text(plan.ValueHeadDimPadded)}";
            string setting = shape.ValueHeadDim == shape.HeadDim ? "HeadDim" : "ValueHeadDim";
            yield return new(
                SpeedReason.EmptyLanes,
                setting,
                new([setting, Text(width), Text(AttentionPlan.PanelWidth), Text(plan.ValueHeadDimPadded), Text(100 * empty / width), better]));
        }

        long rowBytes = (long)sizeof(float) * plan.RowBlock * (shape.QueryDim + shape.JoinedDim);
        if (rowBytes >= SlowRowBytes)
        {
            int widest = AttentionPlan.RowBytes / (2 * sizeof(float) * AttentionPlan.QueryBlock);
            yield return new(
                SpeedReason.RowsBeyondCache, "Heads", new([Text(shape.QueryDim), Text(plan.RowBlock), Text((int)(rowBytes / 1024)), Text(widest)]));
        }

        int longest = plans.SelectMany(each => each.Products).SelectMany(product => product.AllTiles).Max(tile => tile.Accumulators * tile.Unroll);
        if (longest > ProductPlan.WholeBudget)
            yield return new(SpeedReason.LongMethods, "Unrolling", new([Text(longest), Text(ProductPlan.WholeBudget)]));
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
