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
    /// What a second-level cache holds, where the plan asks for three quarters of it. With weights from memory, DModel 4096 and heads of 128, 4,224 wide ran as
    /// fast for each multiply-add as 4,096, whose rows take those three quarters (175 against 181 GFLOP/s, best of 81 interleaved rounds); 6,144 up to 13 % and
    /// 8,192 10 to 12 % slower, whose rows are more than the whole.
    /// </summary>
    private const int CacheBytes = 1024 * 1024;

    /// <summary>All advice on a configuration, from its plans for every target.</summary>
    public static IEnumerable<SpeedAdvice> For(IReadOnlyList<AttentionPlan> plans)
    {
        AttentionPlan plan = plans[0];
        AttentionSpec spec = plan.Spec;
        int width = spec.ValueHeadDim;
        int empty = plan.ValueHeadDimPadded - width;
        if (empty * NotablePart >= width)
        {
            int below = width / AttentionPlan.PanelWidth * AttentionPlan.PanelWidth;
            string better = below == 0 ? Text(plan.ValueHeadDimPadded) : $"{Text(below)} or {Text(plan.ValueHeadDimPadded)}";
            string setting = spec.ValueHeadDim == spec.HeadDim ? "HeadDim" : "ValueHeadDim";
            yield return new(SpeedReason.EmptyLanes, setting, new([setting, Text(width), Text(AttentionPlan.PanelWidth), Text(plan.ValueHeadDimPadded), Text(100 * empty / width), better]));
        }

        long rowBytes = (long)sizeof(float) * plan.RowBlock * (spec.QueryDim + spec.JoinedDim);
        if (rowBytes > CacheBytes)
        {
            int widest = CacheBytes / (2 * sizeof(float) * AttentionPlan.QueryBlock);
            yield return new(SpeedReason.RowsBeyondCache, "Heads", new([Text(spec.QueryDim), Text(plan.RowBlock), Text((int)(rowBytes / 1024)), Text(widest)]));
        }

        int longest = plans.SelectMany(Products).SelectMany(product => product.AllTiles).Max(tile => tile.Accumulators * tile.Unroll);
        if (longest > ProductPlan.WholeBudget)
            yield return new(SpeedReason.LongMethods, "Unrolling", new([Text(longest), Text(ProductPlan.WholeBudget)]));
    }

    private static IEnumerable<ProductPlan> Products(AttentionPlan plan) => plan.Projections.Append(plan.Scores).Append(plan.Values);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
