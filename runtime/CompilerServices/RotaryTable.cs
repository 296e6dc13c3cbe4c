using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Cosines and sines of rotary position embedding: the angle of pair i at position p is <c>p · base^(−2i/rotaryDim)</c>.
/// Computed in double precision and rounded once; grows on demand, and may be read by many threads meanwhile.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class RotaryTable
{
    private const int FirstPositions = 64;

    private static readonly ConcurrentDictionary<(int RotaryDim, double RotaryBase), RotaryTable> Tables = new();

    private readonly Lock growing = new();
    private readonly double[] frequencies;
    private readonly int rotaryDim;
    private volatile AlignedMemory? memory;

    /// <summary>An empty table.</summary>
    /// <param name="rotaryDim">How many elements of a head are rotated; even.</param>
    /// <param name="rotaryBase">Base of the frequencies.</param>
    public RotaryTable(int rotaryDim, double rotaryBase)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rotaryDim);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rotaryDim % 2, 0, nameof(rotaryDim));
        this.rotaryDim = rotaryDim;
        frequencies = new double[rotaryDim / 2];
        for (int i = 0; i < frequencies.Length; i++)
            frequencies[i] = Math.Pow(rotaryBase, -2.0 * i / rotaryDim);
    }

    /// <summary>The one table of the process for these frequencies, so that the layers of a model share it.</summary>
    /// <inheritdoc cref="RotaryTable(int, double)"/>
    public static RotaryTable Get(int rotaryDim, double rotaryBase) =>
        Tables.GetOrAdd((rotaryDim, rotaryBase), static key => new RotaryTable(key.RotaryDim, key.RotaryBase));

    /// <summary>The table for positions 0 to <paramref name="positions"/> − 1 at least. Allocates only where it must grow.</summary>
    /// <param name="positions">Positions that will be read.</param>
    /// <returns>[position][rotaryDim]: rotaryDim/2 cosines, then as many sines.</returns>
    /// <exception cref="OutOfMemoryException">The table would be too large.</exception>
    public AlignedMemory Ensure(int positions)
    {
        AlignedMemory? current = memory;
        return current is not null && current.Length >= (nint)positions * rotaryDim ? current : Grow(positions);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private AlignedMemory Grow(int positions)
    {
        lock (growing)
        {
            AlignedMemory? old = memory;
            nint known = old is null ? 0 : old.Length / rotaryDim;
            if (old is not null && known >= positions)
                return old;

            // Doubling keeps the cost of decoding one position at a time small.
            nint wanted = nint.Max(nint.Max(positions, 2 * known), FirstPositions);
            nint affordable = nint.Max(positions, AlignedMemory.MaxLength / rotaryDim);
            AlignedMemory grown = AlignedMemory.Allocate(checked(nint.Min(wanted, affordable) * rotaryDim));
            for (nint i = 0; old is not null && i < old.Length; i++)
                Unsafe.Add(ref grown.Reference, i) = Unsafe.Add(ref old.Reference, i);
            for (nint position = known; position < grown.Length / rotaryDim; position++)
                Fill(ref Unsafe.Add(ref grown.Reference, position * rotaryDim), position);
            memory = grown;
            return grown;
        }
    }

    private void Fill(ref float row, nint position)
    {
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * frequencies[i]);
            Unsafe.Add(ref row, i) = (float)cosine;
            Unsafe.Add(ref row, frequencies.Length + i) = (float)sine;
        }
    }
}
