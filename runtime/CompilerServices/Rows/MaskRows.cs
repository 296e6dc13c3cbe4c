using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Rows of masks, and rows of scores on their way to the caller: what is read and written stays exactly within the caller's memory.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class MaskRows
{
    private const int LineWidth = 16;

    /// <summary>An additive mask's row from which whole lines can be read: the row itself, or a copy where its end is no end of a line.</summary>
    /// <param name="mask">The row's element for column 0.</param>
    /// <param name="from">First column that is wanted, a multiple of 16.</param>
    /// <param name="columns">End of the columns.</param>
    /// <param name="line">Room for a copy, in whole lines.</param>
    public static ref float Whole(ref float mask, nint from, nint columns, ref float line)
    {
        if (columns % LineWidth == 0)
            return ref mask;
        MemoryMarshal.CreateReadOnlySpan(
            ref Unsafe.Add(ref mask, from), (int)(columns - from)).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, from), (int)(columns - from)));
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, columns), LineWidth - (int)(columns % LineWidth)).Clear();
        return ref line;
    }

    /// <summary>A boolean mask's row as floats: all bits set for true, none for false, and none behind the last column.</summary>
    /// <inheritdoc cref="Whole"/>
    public static ref float Expand(ref bool mask, nint from, nint columns, ref float line)
    {
        ref byte bytes = ref Unsafe.As<bool, byte>(ref mask);
        nint k = from;
        for (; k <= columns - LineWidth; k += LineWidth)
        {
            Vector128<sbyte> seen = ~Vector128.Equals(Vector128.LoadUnsafe(ref bytes, (nuint)k), Vector128<byte>.Zero).AsSByte();
            (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(seen);
            (Vector128<int> part0, Vector128<int> part1) = Vector128.Widen(lower);
            (Vector128<int> part2, Vector128<int> part3) = Vector128.Widen(upper);
            ref float target = ref Unsafe.Add(ref line, k);
            part0.AsSingle().StoreUnsafe(ref target);
            part1.AsSingle().StoreUnsafe(ref target, 4);
            part2.AsSingle().StoreUnsafe(ref target, 8);
            part3.AsSingle().StoreUnsafe(ref target, 12);
        }

        if (k < columns)
        {
            for (nint lane = k; lane < k + LineWidth; lane++)
                Unsafe.Add(ref line, lane) = lane < columns && Unsafe.Add(ref bytes, lane) != 0 ? BitConverter.Int32BitsToSingle(-1) : 0f;
        }

        return ref line;
    }

    /// <summary>Copies the values of keys that are seen, and zeros for the others, whatever they hold.</summary>
    /// <param name="scores">Final scores of the keys; −∞ where one is masked.</param>
    /// <param name="keys">How many.</param>
    /// <param name="values">The first key's values in the first panel.</param>
    /// <param name="panelStride">Floats from a panel to the next.</param>
    /// <param name="panels">Panels of 16 columns.</param>
    /// <param name="target">[panels][keys][16].</param>
    /// <param name="targetStride">Floats from a panel of the copy to the next.</param>
    public static void CopySeenValues(ref float scores, nint keys, ref float values, nint panelStride, nint panels, ref float target, nint targetStride)
    {
        for (nint panel = 0; panel < panels; panel++)
        {
            for (nint key = 0; key < keys; key++)
            {
                Span<float> row = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref target, (panel * targetStride) + (key * LineWidth)), LineWidth);
                if (float.IsNegativeInfinity(Unsafe.Add(ref scores, key)))
                    row.Clear();
                else
                    MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref values, (panel * panelStride) + (key * LineWidth)), LineWidth).CopyTo(row);
            }
        }
    }

    /// <summary>Copies the columns of a range to the caller, and one value to all others.</summary>
    /// <param name="line">The row's element for column 0.</param>
    /// <param name="begin">First column of the range; may lie outside.</param>
    /// <param name="end">End of the range; may lie outside.</param>
    /// <param name="columns">Columns of the row.</param>
    /// <param name="target">The caller's element for column 0.</param>
    /// <param name="outside">What the others get.</param>
    public static void CopyRange(ref float line, nint begin, nint end, nint columns, ref float target, float outside)
    {
        begin = nint.Clamp(begin, 0, columns);
        end = nint.Clamp(end, begin, columns);
        Span<float> row = MemoryMarshal.CreateSpan(ref target, (int)columns);
        row[..(int)begin].Fill(outside);
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref line, begin), (int)(end - begin)).CopyTo(row[(int)begin..]);
        row[(int)end..].Fill(outside);
    }

    /// <summary>Adds the columns of a range, times a factor, to the caller's; the first time the others become zero.</summary>
    /// <param name="line">The row's element for column 0.</param>
    /// <param name="begin">First column of the range; may lie outside.</param>
    /// <param name="end">End of the range; may lie outside.</param>
    /// <param name="columns">Columns of the row.</param>
    /// <param name="target">The caller's element for column 0.</param>
    /// <param name="factor">What each is multiplied by.</param>
    /// <param name="isFirst">Whether what the caller's memory holds does not count.</param>
    public static void AddRange(ref float line, nint begin, nint end, nint columns, ref float target, float factor, bool isFirst)
    {
        begin = nint.Clamp(begin, 0, columns);
        end = nint.Clamp(end, begin, columns);
        if (isFirst)
            MemoryMarshal.CreateSpan(ref target, (int)columns).Clear();
        for (nint k = begin; k < end; k++)
            Unsafe.Add(ref target, k) += Unsafe.Add(ref line, k) * factor;
    }
}
