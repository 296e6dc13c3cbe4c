using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Widens some panels of narrow weights into the panels of float32 that the tiles of many rows read.</summary>
internal static class WidenedPanels
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Writes panels.</summary>
    /// <param name="format">The format of the weights.</param>
    /// <param name="columns">The weights.</param>
    /// <param name="first">The first panel.</param>
    /// <param name="panels">Panels.</param>
    /// <param name="interleaved">Panels that take turns, a row of 16 of each.</param>
    /// <param name="target">[panels / interleaved][inputs][interleaved][16].</param>
    public static void Write(WeightFormat format, in NarrowColumns columns, nint first, nint panels, nint interleaved, ref float target)
    {
        if (Vector512.IsHardwareAccelerated)
            Write<Float512>(format, in columns, first, panels, interleaved, ref target);
        else if (Vector256.IsHardwareAccelerated)
            Write<Float256>(format, in columns, first, panels, interleaved, ref target);
        else
            Write<Float128>(format, in columns, first, panels, interleaved, ref target);
    }

    /// <summary>The same in vectors of one width.</summary>
    internal static void Write<T>(WeightFormat format, in NarrowColumns columns, nint first, nint panels, nint interleaved, ref float target)
        where T : struct, IFloatVector<T>
    {
        switch (format)
        {
            case WeightFormat.BFloat16:
                Write<T, BFloat16Widening<T>>(in columns, first, panels, interleaved, ref target);
                break;
            case WeightFormat.Float16 when columns.HasPlainHalves:
                Write<T, FiniteFloat16Widening<T>>(in columns, first, panels, interleaved, ref target);
                break;
            case WeightFormat.Float16:
                Write<T, Float16Widening<T>>(in columns, first, panels, interleaved, ref target);
                break;
            case WeightFormat.Int8Blocks:
                Write<T, Int8BlocksWidening<T>>(in columns, first, panels, interleaved, ref target);
                break;
            case WeightFormat.Int4Blocks:
                Write<T, Int4BlocksWidening<T>>(in columns, first, panels, interleaved, ref target);
                break;
            default:
                throw new UnreachableException($"{format} is not widened.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write<T, TWide>(in NarrowColumns columns, nint first, nint panels, nint interleaved, ref float target)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
    {
        int chunkBytes = NarrowLayout.ChunkBytes(TWide.Format);
        nint panelFloats = (nint)columns.Inputs * PanelWidth;
        for (nint panel = 0; panel < panels; panel++)
        {
            nint group = (first + panel) / NarrowLayout.GroupPanels, width = columns.Width(group);
            nint column = (first + panel) % NarrowLayout.GroupPanels * PanelWidth;
            ref float place = ref Unsafe.Add(ref target, (panel / interleaved * interleaved * panelFloats) + (panel % interleaved * PanelWidth));
            ref byte chunk = ref columns.Group(group);
            for (nint k = 0; k < columns.Inputs; k += NarrowLayout.ChunkInputs)
            {
                for (nint vector = 0; vector < PanelWidth; vector += T.Lanes)
                    Write<T, TWide>(
                        ref chunk, width, column + vector, nint.Min(NarrowLayout.ChunkInputs, columns.Inputs - k), ref Unsafe.Add(ref place, vector),
                        interleaved * PanelWidth);
                place = ref Unsafe.Add(ref place, NarrowLayout.ChunkInputs * interleaved * PanelWidth);
                chunk = ref Unsafe.Add(ref chunk, chunkBytes * width);
            }
        }
    }

    /// <summary>Widens a vector of columns of a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<T, TWide>(ref byte chunk, nint width, nint column, nint inputs, ref float target, nint stride)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
    {
        var wide = TWide.Create(ref chunk, column);
        ref byte words = ref Unsafe.Add(ref chunk, (TWide.ScaleBytes * width) + (column * sizeof(uint)));
        nint k = 0;
        for (; k + TWide.WordInputs <= inputs; k += TWide.WordInputs)
        {
            T word = T.LoadBits(ref words, 0);
            wide.Widen(word, 0).Store(ref target, 0);
            wide.Widen(word, 1).Store(ref target, stride);
            if (TWide.WordInputs > 2)
            {
                wide.Widen(word, 2).Store(ref target, 2 * stride);
                wide.Widen(word, 3).Store(ref target, 3 * stride);
            }

            if (TWide.WordInputs > 4)
            {
                wide.Widen(word, 4).Store(ref target, 4 * stride);
                wide.Widen(word, 5).Store(ref target, 5 * stride);
                wide.Widen(word, 6).Store(ref target, 6 * stride);
                wide.Widen(word, 7).Store(ref target, 7 * stride);
            }

            words = ref Unsafe.Add(ref words, width * sizeof(uint));
            target = ref Unsafe.Add(ref target, TWide.WordInputs * stride);
        }

        // What is left of the last word: inputs behind the last one have no place.
        T last = k < inputs ? T.LoadBits(ref words, 0) : default;
        for (int input = 0; k < inputs; input++, k++)
            wide.Widen(last, input).Store(ref target, input * stride);
    }
}
