using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AttentionGen.Bench.Explain;

/// <summary>Adds up what the kernels of a forward take, on the one thread that runs it.</summary>
internal static class KernelTimes
{
    private static readonly long[] Ticks = new long[Enum.GetValues<Part>().Length];
    private static List<KernelCall>? calls;
    private static long last;

    /// <summary>The calls of a forward.</summary>
    public static IReadOnlyList<KernelCall> Record(Action forward)
    {
        var recorded = new List<KernelCall>();
        calls = recorded;
        forward();
        calls = null;
        return recorded;
    }

    /// <summary>Ticks of the stopwatch of each part, in one forward.</summary>
    public static long[] Time(Action forward)
    {
        Ticks.AsSpan().Clear();
        last = Stopwatch.GetTimestamp();
        forward();
        Ticks[(int)Part.Between] += Stopwatch.GetTimestamp() - last;
        return [.. Ticks];
    }

    /// <summary>A kernel begins: what went before was between kernels.</summary>
    public static void Begin()
    {
        long now = Stopwatch.GetTimestamp();
        Ticks[(int)Part.Between] += now - last;
        last = now;
    }

    /// <summary>A kernel ends.</summary>
    public static void End(Part part, nint rows, nint columns = 0, nint panels = 0, nint shared = 0)
    {
        long now = Stopwatch.GetTimestamp();
        Ticks[(int)part] += now - last;
        last = now;
        calls?.Add(new(part, rows, columns, panels, shared));
    }

    /// <summary>Where something lies, to be compared.</summary>
    public static nint Place(ref float place) => Unsafe.ByteOffset(ref Unsafe.NullRef<float>(), ref place);
}
