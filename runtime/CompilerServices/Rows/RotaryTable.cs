using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Cosines and sines of rotary position embedding: the angle of pair i at position p is <c>p · base^(−2i/rotaryDim)</c>, or with a
/// scaling p times the stretched frequency. Computed in double precision and rounded once; grows on demand, and may be read by many threads meanwhile.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class RotaryTable
{
    private const int FirstPositions = 64;

    private static readonly ConcurrentDictionary<RotaryFrequencies, RotaryTable> Tables = new();

    private readonly GrowingTable<AlignedMemory> table;
    private readonly double[] frequencies;
    private readonly double factor;
    private readonly int rotaryDim;

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
        factor = frequencies.AttentionFactor;
        this.frequencies = frequencies.ToArray();
        table = new(FirstPositions, AlignedMemory.MaxLength / rotaryDim, Grow);
    }

    /// <summary>The one table of the process for these frequencies, so that the layers of a model share it.</summary>
    /// <inheritdoc cref="RotaryTable(int, double)"/>
    public static RotaryTable Get(int rotaryDim, double rotaryBase) =>
        Get(new RotaryFrequencies(rotaryDim, rotaryBase));

    /// <summary>The one table of the process for the rotary embedding of a shape, scaling included.</summary>
    /// <param name="shape">What a kernel computes.</param>
    public static RotaryTable Get(AttentionShape shape) => Get(RotaryFrequencies.Of(shape));

    private static RotaryTable Get(RotaryFrequencies frequencies) => Tables.GetOrAdd(frequencies, static key => new RotaryTable(key));

    /// <summary>The table for positions 0 to <paramref name="positions"/> − 1 at least. Allocates only where it must grow.</summary>
    /// <param name="positions">Positions that will be read.</param>
    /// <returns>[position][rotaryDim]: rotaryDim/2 cosines, then as many sines.</returns>
    /// <exception cref="OutOfMemoryException">The table would be too large.</exception>
    public AlignedMemory Ensure(int positions) => table.Ensure(positions);

    /// <summary>The table for all of these positions at least.</summary>
    /// <param name="positions">Positions that will be read, 0 or more.</param>
    /// <returns>As <see cref="Ensure(int)"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A position is beyond what one .NET array can hold a table for.</exception>
    /// <exception cref="OutOfMemoryException">The machine has not so much memory.</exception>
    public AlignedMemory Ensure(ReadOnlySpan<int> positions)
    {
        int largest = 0;
        foreach (int position in positions)
            largest = Math.Max(largest, position);
        if (largest >= AlignedMemory.MaxLength / rotaryDim)
            ThrowPosition(positions, largest);
        return Ensure(largest + 1);
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowPosition(ReadOnlySpan<int> positions, int largest) =>
        throw new ArgumentOutOfRangeException(
            nameof(positions), largest, $"positions[{positions.IndexOf(largest)}] is {largest}; expected less than {AlignedMemory.MaxLength / rotaryDim}, as many as a table of rotations can hold.");

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
