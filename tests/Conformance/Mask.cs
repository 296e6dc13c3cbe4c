using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>A mask of one kind and its axes.</summary>
internal sealed record Mask(MaskAxes Axes, bool[] Booleans, float[] Floats)
{
    public static Mask None { get; } = new(MaskAxes.None, [], []);

    /// <summary>A mask that is aligned at the right with [batch, heads, rows, keys]; one that has fewer keys masks the others.</summary>
    public static Mask Read(Npy mask, int keys)
    {
        int[] shape = [.. Enumerable.Repeat(1, 4 - mask.Shape.Length), .. mask.Shape];
        MaskAxes axes = MaskAxes.Key | (shape[0] > 1 ? MaskAxes.Batch : 0) | (shape[1] > 1 ? MaskAxes.Head : 0) | (shape[2] > 1 ? MaskAxes.Query : 0);
        return mask.Type == "|b1"
            ? new(axes, Pad(mask.ToBooleans(), shape[3], keys, false), [])
            : new(axes, [], Pad(mask.ToFloats(), shape[3], keys, float.NegativeInfinity));
    }

    /// <summary>A mask of zeros and ones, one = attend.</summary>
    public static Mask Attend(MaskAxes axes, int[] ones) => new(axes, [.. ones.Select(one => one != 0)], []);

    private static T[] Pad<T>(T[] mask, int width, int keys, T padding) =>
        [.. mask.Chunk(width).SelectMany(line => line.Concat(Enumerable.Repeat(padding, keys - width)))];
}
