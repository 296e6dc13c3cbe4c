using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>A mask of one kind, its axes, and its number of keys.</summary>
internal sealed record Mask(MaskAxes Axes, int Keys, bool[] Booleans, float[] Floats)
{
    public static Mask None { get; } = new(MaskAxes.None, 0, [], []);

    /// <summary>A mask that is aligned at the right with [batch, heads, rows, keys]; it may have fewer keys than there are.</summary>
    public static Mask Read(Npy mask)
    {
        int[] shape = [.. Enumerable.Repeat(1, 4 - mask.Shape.Length), .. mask.Shape];
        MaskAxes axes = MaskAxes.Key | (shape[0] > 1 ? MaskAxes.Batch : 0) | (shape[1] > 1 ? MaskAxes.Head : 0) | (shape[2] > 1 ? MaskAxes.Query : 0);
        return mask.Type == "|b1" ? new(axes, shape[3], mask.ToBooleans(), []) : new(axes, shape[3], [], mask.ToFloats());
    }

    /// <summary>A mask of zeros and ones, one = attend.</summary>
    public static bool[] Attend(int[] ones) => [.. ones.Select(one => one != 0)];
}
