using System.Diagnostics;
using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Bench.Explain;

/// <summary>
/// Adds up what the kernels of a forward take, on the one thread that runs it. What a layer does between kernels is told apart by the kernel before it.
/// </summary>
internal static class KernelTimes
{
    private static readonly long[] Ticks = new long[Enum.GetValues<Part>().Length];
    private static List<KernelCall>? calls;
    private static KernelCall previous;
    private static int ups;
    private static bool isInNarrow;
    private static long last;

    /// <summary>The layer whose calls are timed; null for an attention block alone.</summary>
    public static TransformerLayerShape? Layer { get; set; }

    /// <summary>The calls of a forward.</summary>
    public static IReadOnlyList<KernelCall> Record(Action forward)
    {
        var recorded = new List<KernelCall>();
        calls = recorded;
        Time(forward);
        calls = null;
        return recorded;
    }

    /// <summary>Ticks of the stopwatch of each part, in one forward.</summary>
    public static long[] Time(Action forward)
    {
        Ticks.AsSpan().Clear();
        previous = new(Part.Between, 0);
        ups = 0;
        NarrowProducts.Observer = NarrowTimes.Instance;
        last = Stopwatch.GetTimestamp();
        forward();
        EndBetween(Stopwatch.GetTimestamp());
        NarrowProducts.Observer = null;
        return [.. Ticks];
    }

    /// <summary>A kernel begins: what went before was between kernels.</summary>
    public static void Begin()
    {
        // A narrow product that widens its weights runs a kernel, and counts as one product.
        if (isInNarrow)
            return;
        long now = Stopwatch.GetTimestamp();
        EndBetween(now);
        last = now;
    }

    /// <summary>A kernel ends.</summary>
    public static void End(Part part, nint rows, nint columns = 0, nint panels = 0, nint shared = 0, PackedMatrix? narrow = null)
    {
        if (isInNarrow)
            return;
        long now = Stopwatch.GetTimestamp();
        Ticks[(int)part] += now - last;
        last = now;
        previous = new(part, rows, columns, panels, shared, narrow);
        if (part == Part.UpProjection)
            ups++;
        calls?.Add(previous);
    }

    /// <summary>Where something lies, to be compared.</summary>
    public static nint Place(ref float place) => Unsafe.ByteOffset(ref Unsafe.NullRef<float>(), ref place);

    private static void EndBetween(long now)
    {
        Part part = previous.Part == Part.Product ? Part.Epilogue : Layer is null ? Part.Between : previous.Part switch
        {
            // A gate and what it gates come one after the other.
            Part.UpProjection when !Layer.Gated || ups % 2 == 0 => Part.Activation,
            Part.OutputProjection => Part.AttentionSum,
            Part.DownProjection => Part.FeedForwardSum,
            _ => Part.Between,
        };
        Ticks[(int)part] += now - last;
        if (part != Part.Between)
            calls?.Add(previous with { Part = part, Narrow = null });
    }

    /// <summary>Times the products of narrow weights, which are no kernels of a class.</summary>
    private sealed class NarrowTimes : INarrowObserver
    {
        public static readonly NarrowTimes Instance = new();

        public void Begin()
        {
            KernelTimes.Begin();
            isInNarrow = true;
        }

        public void End(ProductRole role, nint rows, nint panels, PackedMatrix weights)
        {
            isInNarrow = false;
            Part part = role switch
            {
                ProductRole.Input => Part.InputProjection,
                ProductRole.Memory => Part.MemoryProjection,
                ProductRole.ValueInput => Part.ValueInputProjection,
                ProductRole.Output => Part.OutputProjection,
                ProductRole.Up => Part.UpProjection,
                ProductRole.Down => Part.DownProjection,
                _ => Part.Product,
            };
            KernelTimes.End(part, rows, panels: panels, narrow: weights);
        }
    }
}
