using System.ComponentModel;
using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// The projected keys and values of a batch of sequences, in the layout that a kernel reads: the KV cache of self-attention,
/// or the projected memory of cross-attention. Its capacity is fixed, and all its sequences have the same length.
/// </summary>
/// <remarks>One call at a time may use a cache. A call that fails or is cancelled leaves <see cref="Length"/> as it was.</remarks>
public sealed class AttentionCache
{
    private const int PanelWidth = 16;

    /// <summary>An empty cache; kernels make them with <c>CreateCache</c>.</summary>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="capacity">Keys that each sequence can hold, 1 or more.</param>
    /// <param name="batch">Sequences, 1 or more.</param>
    /// <exception cref="NotSupportedException">The shape has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> or <paramref name="batch"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public AttentionCache(AttentionShape shape, int capacity, int batch = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (!shape.HasCache)
            throw new NotSupportedException("This kernel has no cache: only cross-attention, and causal self-attention whose SequenceLength is free, have one.");
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);

        Shape = shape;
        Capacity = capacity;
        Batch = batch;

        // 128 bits hold every product of four ints.
        Int128 keyCapacity = RoundUpToPanels(capacity);
        Int128 valueDim = RoundUpToPanels(shape.ValueHeadDim);
        Int128 largest = keyCapacity * valueDim * shape.KvHeads * batch;
        if (largest > AlignedMemory.MaxLength)
        {
            throw new OutOfMemoryException(
                $"A cache with capacity {capacity} for a batch of {batch} needs {largest} floats for its values; the most that one piece can hold is {AlignedMemory.MaxLength:N0}.");
        }

        ValuePanelStride = (nint)keyCapacity * PanelWidth;
        KeyHeadStride = (nint)keyCapacity * shape.HeadDim;
        ValueHeadStride = (nint)(keyCapacity * valueDim);
        KeySequenceStride = shape.KvHeads * KeyHeadStride;
        ValueSequenceStride = shape.KvHeads * ValueHeadStride;
        KeyMemory = AlignedMemory.Allocate(batch * KeySequenceStride, zeroed: true);
        ValueMemory = AlignedMemory.Allocate(batch * ValueSequenceStride, zeroed: true);
    }

    /// <summary>The shape of the kernels that can use this cache.</summary>
    public AttentionShape Shape { get; }

    /// <summary>Keys that each sequence can hold.</summary>
    public int Capacity { get; }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>Keys that each sequence holds now.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of the keys and values that the cache can hold.</summary>
    public long Bytes => (KeyMemory.Length + (long)ValueMemory.Length) * sizeof(float);

    /// <summary>Keys: [batch][KV head][key / 16][HeadDim][key % 16].</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public AlignedMemory KeyMemory { get; }

    /// <summary>Values: [batch][KV head][element / 16][key][element % 16].</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public AlignedMemory ValueMemory { get; }

    /// <summary>Floats from the keys of one KV head to those of the next.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public nint KeyHeadStride { get; }

    /// <summary>Floats from the keys of one sequence to those of the next.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public nint KeySequenceStride { get; }

    /// <summary>Floats from one panel of 16 value columns to the next.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public nint ValuePanelStride { get; }

    /// <summary>Floats from the values of one KV head to those of the next.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public nint ValueHeadStride { get; }

    /// <summary>Floats from the values of one sequence to those of the next.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public nint ValueSequenceStride { get; }

    /// <summary>Where the panels of one sequence lie.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public KeyValuePanels Panels(nint sequence) => new(
        ref Unsafe.Add(ref KeyMemory.Reference, sequence * KeySequenceStride),
        ref Unsafe.Add(ref ValueMemory.Reference, sequence * ValueSequenceStride),
        ValuePanelStride / PanelWidth,
        Shape.HeadDim,
        ValueHeadStride / (ValuePanelStride / PanelWidth));

    /// <summary>Forgets everything.</summary>
    public void Clear() => Length = 0;

    /// <summary>Forgets the keys behind the first <paramref name="length"/>, of every sequence.</summary>
    /// <param name="length">Keys to keep, 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or more than the cache holds.</exception>
    public void Truncate(int length)
    {
        if ((uint)length > (uint)Length)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"length is {length}; the cache holds {Length} keys, expected 0 to {Length}.");
        Length = length;
    }

    /// <summary>Makes keys that a kernel has written part of the cache; the last thing that a call does.</summary>
    /// <param name="length">Keys that each sequence holds from now on.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void Commit(int length)
    {
        if ((uint)length > (uint)Capacity)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"length is {length}; expected 0 to the capacity, {Capacity}.");
        Length = length;
    }

    private static Int128 RoundUpToPanels(int count) => ((long)count + PanelWidth - 1) / PanelWidth * PanelWidth;
}
