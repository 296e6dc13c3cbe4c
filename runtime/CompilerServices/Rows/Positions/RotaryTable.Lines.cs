using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

// Positions on several axes, of which each pair has one, and cosines and sines that a call gives: a line is put together for each row.
public sealed partial class RotaryTable
{
    private readonly int[] axisOfPair;

    /// <summary>How many positions a row has.</summary>
    internal int Axes { get; }

    /// <summary>
    /// Rotates rows by a line that is put together from those of their positions, [rows, axes]. Its numbers are those of the table: equal positions on all
    /// axes give the bits of one axis.
    /// </summary>
    private void ApplyAxes<TDirection>(
        bool isInterleaved, ref float strip, nint stripStride, nint rows, nint heads, nint headDim, ReadOnlySpan<int> positions)
        where TDirection : struct, IRotation
    {
        Span<float> line = stackalloc float[ShapeLimits.MaxCoreHeadDim], far = stackalloc float[ShapeLimits.MaxCoreHeadDim];
        int pairs = axisOfPair.Length;
        for (nint row = 0; row < rows; row++)
        {
            for (int axis = 0; axis < Axes; axis++)
            {
                // Read once, and whatever it is now: a caller may change it after the check.
                int position = positions[((int)row * Axes) + axis];
                ref float source = ref far[0];
                if ((uint)position < (uint)Limit)
                    source = ref Unsafe.Add(ref Ensure(position + 1).Reference, (nint)position * rotaryDim);
                else
                    Fill(ref source, position);
                for (int pair = 0; pair < pairs; pair++)
                {
                    if (axisOfPair[pair] != axis)
                        continue;
                    line[pair] = Unsafe.Add(ref source, pair);
                    line[pairs + pair] = Unsafe.Add(ref source, pairs + pair);
                }
            }

            Rotate<TDirection>(isInterleaved, ref Unsafe.Add(ref strip, row * stripStride), 0, 1, heads, headDim, ref line[0], 0);
        }
    }

    /// <summary>
    /// Rotates rows by the lines of tables that the caller gives, [lines, rotaryDim/2]. Positions are given, [rows, axes], or counted from the first one on.
    /// </summary>
    internal void ApplyGiven<TDirection>(
        bool isInterleaved, ref float strip, nint stripStride, nint rows, nint heads, nint headDim, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines,
        ReadOnlySpan<int> positions, nint firstPosition)
        where TDirection : struct, IRotation
    {
        Span<float> line = stackalloc float[ShapeLimits.MaxCoreHeadDim];
        int pairs = frequencies.Length, last = (cosines.Length / pairs) - 1;
        for (nint row = 0; row < rows; row++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                int axis = Axes == 1 ? 0 : axisOfPair[pair];
                nint position = positions.IsEmpty ? firstPosition + row : positions[((int)row * Axes) + axis];
                // Inside, whatever it is now: a caller may change it after the check.
                int element = ((int)nint.Clamp(position, 0, last) * pairs) + pair;
                line[pair] = cosines[element];
                line[pairs + pair] = sines[element];
            }

            Rotate<TDirection>(isInterleaved, ref Unsafe.Add(ref strip, row * stripStride), 0, 1, heads, headDim, ref line[0], 0);
        }
    }
}
