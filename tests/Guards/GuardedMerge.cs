using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Guards;

/// <summary>Two results that are merged, into memory of its own or over the first one.</summary>
internal sealed record GuardedMerge(int Width, bool IsInPlace, GuardSide Side) : IGuardedCase
{
    // Rows that see keys on one side, on none, and, at the end, on both.
    private static readonly float[] LogSumExp = [float.NegativeInfinity, 0.5f, float.NegativeInfinity, 1];
    private static readonly float[] OtherLogSumExp = [2, float.NegativeInfinity, float.NegativeInfinity, 0.25f];

    private static int Rows => LogSumExp.Length;

    public static IEnumerable<GuardedMerge> All() =>
        from side in Enum.GetValues<GuardSide>()
        from width in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 64]
        from inPlace in (bool[])[false, true]
        select new GuardedMerge(width, inPlace, side);

    public IEnumerable<float[]> Results()
    {
        float[] merged = new float[Rows * Width], mergedLogs = new float[Rows];
        var (output, otherOutput) = Outputs();
        AttentionMerge.Merge(output, LogSumExp, otherOutput, OtherLogSumExp, merged, mergedLogs);
        return [merged, mergedLogs];
    }

    public Action<GuardedMemory> Prepare() => Run;

    private void Run(GuardedMemory memory)
    {
        var (output, otherOutput) = Outputs();
        Span<float> merged = memory.Space(Rows * Width, "MergedOutput"), mergedLogs = memory.Space(Rows, "MergedLogSumExp");
        ReadOnlySpan<float> first = memory.Put(output, "Output"), firstLogs = memory.Put(LogSumExp, "LogSumExp");
        if (IsInPlace)
        {
            output.CopyTo(merged);
            LogSumExp.CopyTo(mergedLogs);
            first = merged;
            firstLogs = mergedLogs;
        }

        AttentionMerge.Merge(first, firstLogs, memory.Put(otherOutput, "OtherOutput"), memory.Put(OtherLogSumExp, "OtherLogSumExp"), merged, mergedLogs);
        float[][] expected = [.. Results()];
        Compare.SameBits(expected[0], merged.ToArray(), Width, ToString());
        Compare.SameBits(expected[1], mergedLogs.ToArray(), 1, ToString());
    }

    private (float[] Output, float[] OtherOutput) Outputs()
    {
        var random = new Random(Width);
        return (AttentionCase.Uniform(random, Rows * Width), AttentionCase.Uniform(random, Rows * Width));
    }
}
