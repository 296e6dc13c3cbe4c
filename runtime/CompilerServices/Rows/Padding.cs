using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>What rows of padding leave behind where they are not computed.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Padding
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>
    /// Zeros as the outputs of a sequence's padding, a log-sum-exp of −∞, probabilities of zero, masked scores of −∞ and other scores of zero, and, in a cache,
    /// keys and values of zeros.
    /// </summary>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="arguments">The checked arguments of the call.</param>
    /// <param name="dimensions">Its sizes.</param>
    /// <param name="sequence">0 to batch − 1.</param>
    /// <param name="rows">Rows that were computed; padding follows.</param>
    /// <param name="panels">Where the sequence's keys and values lie.</param>
    public static void Clear(
        AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions, nint sequence, nint rows, in KeyValuePanels panels)
    {
        int first = (int)((sequence * dimensions.Rows) + rows), count = dimensions.Rows - (int)rows;
        if (count == 0)
            return;
        arguments.Output.Slice(first * shape.OutputDim, count * shape.OutputDim).Clear();
        if (!arguments.LogSumExp.IsEmpty)
            arguments.LogSumExp.Slice(first * shape.Heads, count * shape.Heads).Fill(float.NegativeInfinity);
        int heads = (shape.Outputs & AttentionOutputs.AveragedProbabilities) != 0 ? 1 : shape.Heads;
        FillPairs(arguments.Probabilities, heads, in dimensions, sequence, (int)rows, 0);
        FillPairs(
            arguments.Scores,
            shape.Heads,
            in dimensions,
            sequence,
            (int)rows,
            (shape.Outputs & AttentionOutputs.MaskedScores) != 0 ? float.NegativeInfinity : 0);
        // Scores of all keys that come out need these keys.
        bool keepsKeys = (shape.Outputs & (AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores)) != 0;
        if (arguments.Cache is not null && !keepsKeys)
            ClearKeys(shape, in panels, dimensions.CachedKeys + rows, dimensions.CachedKeys + dimensions.Rows);
    }

    /// <summary>The padding's rows of [batch, heads, rows, keys], where there is such a result.</summary>
    private static void FillPairs(Span<float> pairs, int heads, in ForwardDimensions dimensions, nint sequence, int rows, float value)
    {
        if (pairs.IsEmpty)
            return;
        for (int head = 0; head < heads; head++)
        {
            int start = ((((int)sequence * heads) + head) * dimensions.Rows) + rows;
            pairs.Slice(start * dimensions.Keys, (dimensions.Rows - rows) * dimensions.Keys).Fill(value);
        }
    }

    private static void ClearKeys(AttentionShape shape, in KeyValuePanels panels, nint first, nint end)
    {
        if (shape.KeyValues != KeyValueFormat.Float32)
        {
            NarrowPanels.Clear(shape, in panels, first, end);
            return;
        }

        for (nint key = nint.Max(first, end - panels.KeyCapacity); key < end; key++)
        {
            nint place = panels.Place(key);
            for (nint head = 0; head < shape.KvHeads; head++)
            {
                ref float keys = ref Unsafe.Add(
                    ref panels.Keys, (head * panels.KeyHeadStride) + ((place - (place % PanelWidth)) * shape.HeadDim) + (place % PanelWidth));
                for (nint k = 0; k < shape.HeadDim; k++)
                    Unsafe.Add(ref keys, k * PanelWidth) = 0;
                ref float values = ref Unsafe.Add(ref panels.Values, (head * panels.ValueHeadStride) + (place * PanelWidth));
                for (nint column = 0; column < shape.ValueHeadDim; column += PanelWidth)
                    MemoryMarshal.CreateSpan(ref Unsafe.Add(ref values, column / PanelWidth * panels.ValuePanelStride), PanelWidth).Clear();
            }
        }
    }
}
