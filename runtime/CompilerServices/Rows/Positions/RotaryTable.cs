using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Cosines and sines of rotary position embedding: the angle of pair i at position p is <c>p · base^(−2i/rotaryDim)</c>, or p times the frequency that is
/// given or stretched. Computed in double precision and rounded once; grows on demand, and may be read by many threads meanwhile.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed partial class RotaryTable
{
    private const int FirstPositions = 64;

    /// <summary>Floats of the longest table, 16 MB: a table of all positions that a cache or a caller names would have no bound.</summary>
    private const int MostFloats = 1 << 22;

    // Kernel objects own their table; it goes with the last of them.
    private static readonly ConcurrentDictionary<RotaryFrequencies, WeakReference<RotaryTable>> Tables = new();

    private readonly GrowingTable<AlignedMemory> table;
    private readonly double[] frequencies;
    private readonly double factor;
    private readonly int rotaryDim;
    private readonly int distance;

    /// <summary>An empty table.</summary>
    /// <param name="rotaryDim">How many elements of a head are rotated; even.</param>
    /// <param name="rotaryBase">Base of the frequencies.</param>
    internal RotaryTable(int rotaryDim, double rotaryBase)
        : this(new RotaryFrequencies(rotaryDim, rotaryBase))
    {
    }

    private RotaryTable(RotaryFrequencies frequencies)
    {
        int rotaryDim = frequencies.Dim;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rotaryDim);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rotaryDim % 2, 0, nameof(rotaryDim));
        this.rotaryDim = rotaryDim;
        distance = frequencies.Width / 2;
        factor = frequencies.AttentionFactor;
        this.frequencies = frequencies.ToArray();
        Axes = Math.Max(1, frequencies.Sections.Count);
        axisOfPair = frequencies.ToAxes();
        table = new(FirstPositions, Limit, Grow);
    }

    /// <summary>The one table of the process for these frequencies, so that the layers of a model share it.</summary>
    /// <inheritdoc cref="RotaryTable(int, double)"/>
    public static RotaryTable Get(int rotaryDim, double rotaryBase) =>
        Get(new RotaryFrequencies(rotaryDim, rotaryBase));

    /// <summary>The one table of the process for the rotary embedding of a shape, scaling included.</summary>
    /// <param name="shape">What a kernel computes.</param>
    public static RotaryTable Get(AttentionShape shape) => Get(RotaryFrequencies.Of(shape));

    private static RotaryTable Get(RotaryFrequencies frequencies)
    {
        WeakReference<RotaryTable> reference = Tables.GetOrAdd(frequencies, static key => new(new RotaryTable(key)));
        lock (reference)
        {
            if (reference.TryGetTarget(out RotaryTable? table))
                return table;
            table = new RotaryTable(frequencies);
            reference.SetTarget(table);
            return table;
        }
    }

    /// <summary>Positions that the table holds at most; rows beyond are computed one by one.</summary>
    internal int Limit => MostFloats / rotaryDim;

    /// <summary>Its size as far as it is computed.</summary>
    internal long Bytes => table.Present is { } present ? present.Length * (long)sizeof(float) : 0;

    /// <summary>The table for positions 0 to <paramref name="positions"/> − 1 at least. Allocates only where it must grow.</summary>
    /// <param name="positions">Positions that will be read.</param>
    /// <returns>[position][rotaryDim]: rotaryDim/2 cosines, then as many sines.</returns>
    /// <exception cref="OutOfMemoryException">The table would be too large.</exception>
    public AlignedMemory Ensure(int positions) => table.Ensure(positions);

    /// <summary>Makes the table as long as a call will need it, or as long as it gets, so that the call does not do it row by row.</summary>
    /// <param name="positions">Positions 0 to this − 1 will be read.</param>
    /// <exception cref="OutOfMemoryException">The machine has not so much memory.</exception>
    internal void Prepare(nint positions) => Ensure((int)nint.Min(positions, Limit));

    /// <summary>As the other form, for positions that are given. Far ones are never in the table, however many there are.</summary>
    internal void Prepare(ReadOnlySpan<int> positions)
    {
        int largest = -1;
        foreach (int position in positions)
        {
            if (position < Limit)
                largest = Math.Max(largest, position);
        }

        Ensure(largest + 1);
    }

    /// <summary>Rotates rows at successive positions, in place.</summary>
    /// <param name="isInterleaved">Whether pairs are (2i, 2i + 1), and not (i, i + rotaryDim/2).</param>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="heads">Heads to rotate in each row.</param>
    /// <param name="headDim">Floats from a head to the next.</param>
    /// <param name="firstPosition">Position of the first row.</param>
    internal void Apply(bool isInterleaved, ref float strip, nint stripStride, nint rows, nint heads, nint headDim, nint firstPosition) =>
        Apply<Forwards>(isInterleaved, ref strip, stripStride, rows, heads, headDim, firstPosition);

    /// <summary>The same in one direction or the other.</summary>
    internal void Apply<TDirection>(bool isInterleaved, ref float strip, nint stripStride, nint rows, nint heads, nint headDim, nint firstPosition)
        where TDirection : struct, IRotation
    {
        nint near = nint.Clamp(Limit - firstPosition, 0, rows);
        if (near > 0)
            Rotate<TDirection>(isInterleaved, ref strip, stripStride, near, heads, headDim, ref Ensure((int)(firstPosition + near)).Reference, firstPosition);
        for (nint row = near; row < rows; row++)
            RotateFar<TDirection>(isInterleaved, ref Unsafe.Add(ref strip, row * stripStride), heads, headDim, firstPosition + row);
    }

    /// <summary>As the other form, for rows whose positions are given.</summary>
    internal void Apply(bool isInterleaved, ref float strip, nint stripStride, nint rows, nint heads, nint headDim, ReadOnlySpan<int> positions) =>
        Apply<Forwards>(isInterleaved, ref strip, stripStride, rows, heads, headDim, positions);

    /// <summary>The same in one direction or the other.</summary>
    internal void Apply<TDirection>(
        bool isInterleaved, ref float strip, nint stripStride, nint rows, nint heads, nint headDim, ReadOnlySpan<int> positions)
        where TDirection : struct, IRotation
    {
        if (Axes > 1)
        {
            ApplyAxes<TDirection>(isInterleaved, ref strip, stripStride, rows, heads, headDim, positions);
            return;
        }

        for (nint row = 0; row < rows; row++)
        {
            // Read once, and whatever it is now: a caller may change it after the check.
            int position = positions[(int)row];
            ref float first = ref Unsafe.Add(ref strip, row * stripStride);
            if ((uint)position < (uint)Limit)
                Rotate<TDirection>(isInterleaved, ref first, stripStride, 1, heads, headDim, ref Ensure(position + 1).Reference, position);
            else
                RotateFar<TDirection>(isInterleaved, ref first, heads, headDim, position);
        }
    }

    /// <summary>
    /// A row beyond the table: its angles are computed as the table's are, in double precision and rounded once, so that they have the same bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RotateFar<TDirection>(bool isInterleaved, ref float row, nint heads, nint headDim, nint position)
        where TDirection : struct, IRotation
    {
        Span<float> angles = stackalloc float[ShapeLimits.MaxCoreHeadDim];
        Fill(ref angles[0], position);
        Rotate<TDirection>(isInterleaved, ref row, 0, 1, heads, headDim, ref angles[0], 0);
    }

    /// <summary>Turns rows of one head back by so many positions, each by the same angles and without the attention factor, which they have already.</summary>
    /// <remarks>In double precision: rounded cosines and sines change the length of a pair a little, and always in the same direction.</remarks>
    /// <param name="isInterleaved">Whether pairs are (2i, 2i + 1), and not (i, i + rotaryDim/2).</param>
    /// <param name="rows">[rows, headDim].</param>
    /// <param name="headDim">Elements of a row.</param>
    /// <param name="positions">Positions.</param>
    internal void TurnBack(bool isInterleaved, Span<float> rows, int headDim, int positions)
    {
        for (int pair = 0; pair < frequencies.Length; pair++)
        {
            (double sine, double cosine) = Math.SinCos(positions * frequencies[pair]);
            int first = isInterleaved ? 2 * pair : pair, second = isInterleaved ? first + 1 : pair + distance;
            for (Span<float> row = rows; row.Length > 0; row = row[headDim..])
            {
                double x = row[first], y = row[second];
                row[first] = (float)((x * cosine) + (y * sine));
                row[second] = (float)((y * cosine) - (x * sine));
            }
        }
    }

    private void Rotate<TDirection>(
        bool isInterleaved, ref float strip, nint stripStride, nint rows, nint heads, nint headDim, ref float table, nint firstPosition)
        where TDirection : struct, IRotation
    {
        if (isInterleaved)
            RotaryEmbedding.ApplyInterleaved<TDirection>(ref strip, stripStride, rows, heads, headDim, rotaryDim, ref table, firstPosition);
        else
            RotaryEmbedding.ApplyHalfSplit<TDirection>(ref strip, stripStride, rows, heads, headDim, rotaryDim, distance, ref table, firstPosition);
    }

    private (AlignedMemory Memory, nint Positions) Grow(AlignedMemory? old, nint positions)
    {
        AlignedMemory grown = AlignedMemory.Allocate(checked(positions * rotaryDim));
        nint known = old?.Length ?? 0;
        for (nint i = 0; i < known; i++)
            Unsafe.Add(ref grown.Reference, i) = Unsafe.Add(ref old!.Reference, i);
        for (nint position = known / rotaryDim; position < positions; position++)
            Fill(ref Unsafe.Add(ref grown.Reference, position * rotaryDim), position);
        return (grown, positions);
    }

    private void Fill(ref float row, nint position)
    {
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * frequencies[i]);
            Unsafe.Add(ref row, i) = (float)(cosine * factor);
            Unsafe.Add(ref row, frequencies.Length + i) = (float)(sine * factor);
        }
    }
}
