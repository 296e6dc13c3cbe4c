using System.ComponentModel;
using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// The projected keys and values of a batch of sequences, in the layout that a kernel reads: the KV cache of self-attention,
/// or the projected memory of cross-attention. The capacity is fixed; sequences may differ in length.
/// </summary>
/// <remarks>
/// One call may write a cache while no other call uses it; every other call throws an <see cref="InvalidOperationException"/>. Copies, and
/// cross-attention to a projected memory, only read, so many of them may share a cache. A call that fails or is cancelled leaves the cache as it was,
/// with one exception: <c>ProjectMemory</c> overwrites in place, so it leaves the cache empty if it is cancelled or gets no scratch after it has
/// begun. Kernels whose batches are not ragged need sequences of equal length. With a window (<see cref="AttentionShape.CacheWindow"/>) the cache
/// keeps only the last keys, in a ring.
/// </remarks>
public sealed partial class AttentionCache
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Keys of a block of the ring. It equals a key block of the kernels, so that a kernel reads each block from one place.</summary>
    private const int RingBlock = PanelLayout.KeyBlock;

    private RotaryTable? rotaryTable;
    private DistanceBias? distanceBias;

    /// <summary>Creates an empty cache with memory of its own. <c>CreateCache</c> of a kernel calls this constructor.</summary>
    /// <param name="shape">The shape of the kernels that will use the cache.</param>
    /// <param name="capacity">Keys that each sequence can hold, 1 or more.</param>
    /// <param name="batch">Sequences, 1 or more.</param>
    /// <exception cref="ArgumentException">The shape has a size that no kernel has.</exception>
    /// <exception cref="NotSupportedException">The shape has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="capacity"/> or <paramref name="batch"/> is less than 1, or the kernel calls a modifier or mask predicate, whose positions stay
    /// below 2³⁰, and <paramref name="capacity"/> is 2³⁰ or more.
    /// </exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public AttentionCache(AttentionShape shape, int capacity, int batch = 1)
        : this(shape, capacity, batch, null)
    {
    }

    /// <summary>Creates an empty cache with memory of its own, or in the pages of a pool of its shape.</summary>
    internal AttentionCache(AttentionShape shape, int capacity, int batch, AttentionCachePool? pool)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        if (!shape.HasCache)
            throw CacheErrors.None();
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (shape.CallsHooks && capacity > ShapeLimits.MaxHookLength)
            throw CacheErrors.BeyondHooks(capacity);

        Shape = shape;
        Capacity = capacity;
        Batch = batch;

        // 128 bits hold every product of four ints.
        Int128 keyCapacity = RoundUpToPanels(capacity);
        if (shape.CacheWindow >= 0)
            keyCapacity = Int128.Min(keyCapacity, ((shape.CacheWindow + (long)RingBlock + RingBlock - 1) / RingBlock) * RingBlock);
        if (pool is null)
        {
            int valueDim = (int)RoundUpToPanels(shape.ValueHeadDim);
            int keyBytes = KeyValueLayout.RowBytes(shape.KeyValues, shape.HeadDim), valueBytes = KeyValueLayout.RowBytes(shape.KeyValues, valueDim);
            Int128 largest = keyCapacity / sizeof(float) * Math.Max(keyBytes, valueBytes) * shape.KvHeads * batch;
            if (largest > AlignedMemory.MaxLength)
            {
                throw new OutOfMemoryException(
                    $"A cache with capacity {capacity} for a batch of {batch} needs {largest} floats for its keys or its values; the most that one piece can "
                        + $"hold is {AlignedMemory.MaxLength:N0}.");
            }

            ValuePanelStride = (nint)keyCapacity * KeyValueLayout.LineFloats(shape.KeyValues);
            KeyHeadStride = KeyValueLayout.HeadFloats(shape.KeyValues, (nint)keyCapacity, shape.HeadDim);
            ValueHeadStride = KeyValueLayout.HeadFloats(shape.KeyValues, (nint)keyCapacity, valueDim);
            KeySequenceStride = shape.KvHeads * KeyHeadStride;
            ValueSequenceStride = shape.KvHeads * ValueHeadStride;
            KeyMemory = AlignedMemory.Allocate(batch * KeySequenceStride, zeroed: true);
            ValueMemory = AlignedMemory.Allocate(batch * ValueSequenceStride, zeroed: true);
        }

        // The last keys of an int may not fill a panel.
        KeyCapacity = (int)Int128.Min(keyCapacity, int.MaxValue);
        lengths = new int[batch];
        firstHeldKeys = new int[batch];
        OverwrittenKeys = IsRing ? new RingKeys(shape, batch) : null;
        Pages = pool is null ? null : new PageTable(pool, capacity, batch);
        claim = new CacheClaim(Pages);
    }

    /// <summary>The shape of the kernels that can use this cache.</summary>
    public AttentionShape Shape { get; }

    /// <summary>The number of keys that each sequence can hold. With a window, the position that a sequence can reach.</summary>
    public int Capacity { get; }

    /// <summary>The number of sequences.</summary>
    public int Batch { get; }

    /// <summary>
    /// The memory in bytes that the cache keeps at present: <see cref="KeyValueBytes"/> and <see cref="TableBytes"/>. Caches may share tables, so the memory
    /// of several caches is the sum of their <see cref="KeyValueBytes"/>, and each table once.
    /// </summary>
    public long Bytes => KeyValueBytes + TableBytes;

    /// <summary>
    /// The size of the keys and values in bytes, free room and <see cref="Memory"/> included. It is the cache's own and never changes; of a cache in a
    /// <see cref="Pool"/>, it is what the pages take that its sequences hold at present, and a page that several of them share counts for each.
    /// </summary>
    public long KeyValueBytes => (Pages is null ? (KeyMemory.Length + (long)ValueMemory.Length) * sizeof(float) : Pages.Count * Pages.Pool.PageBytes)
        + (Memory?.KeyValueBytes ?? 0);

    /// <summary>
    /// The projected memory that the cross-attention of a decoder layer reads, which <c>ProjectMemory</c> of the layer writes; null for the cache of a
    /// kernel with
    /// one attention. Copies of this cache copy it too; <see cref="Truncate(int)"/> leaves it as it is.
    /// </summary>
    public AttentionCache? Memory { get; private set; }

    /// <summary>
    /// The present size in bytes of the tables that calls with this cache read: those of rotary embedding, 16 MiB at most, and of biases by distance, for the
    /// distances that a row can see. The tables belong to kernel objects, and all caches of a kernel share them: count them once. Kernels with
    /// the same rotary embedding share its table. A table goes with the last of these objects.
    /// </summary>
    public long TableBytes => (rotaryTable?.Bytes ?? 0) + (distanceBias?.Bytes ?? 0);

    /// <summary>
    /// The number of keys of a sequence that memory holds at once: the capacity, rounded up to panels of 16, or the ring, in whole blocks of 256.
    /// </summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public int KeyCapacity { get; }

    /// <summary>The number of rows that a call may append to a ring in one step. More rows would overwrite keys that the first of them sees.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public int ChunkRows => IsRing ? KeyCapacity - Shape.CacheWindow : int.MaxValue;

    /// <summary>
    /// Keys: [batch][KV head][key / 16][HeadDim][key % 16]. If the format is narrow, they are the bytes of these floats: <see cref="KeyValueLayout"/>.
    /// A cache in a pool has none.
    /// </summary>
    internal AlignedMemory KeyMemory { get; } = null!;

    /// <summary>Values: [batch][KV head][element / 16][key][element % 16]; the same.</summary>
    internal AlignedMemory ValueMemory { get; } = null!;

    /// <summary>Floats from the keys of one KV head to those of the next.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public nint KeyHeadStride { get; }

    /// <summary>Floats from the keys of one sequence to those of the next.</summary>
    internal nint KeySequenceStride { get; }

    /// <summary>Floats from one panel of 16 value columns to the next.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public nint ValuePanelStride { get; }

    /// <summary>Floats from the values of one KV head to those of the next.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public nint ValueHeadStride { get; }

    /// <summary>Floats from the values of one sequence to those of the next.</summary>
    internal nint ValueSequenceStride { get; }

    /// <summary>Which keys the present call overwrites; null where there is no ring.</summary>
    internal RingKeys? OverwrittenKeys { get; }

    /// <summary>The size in bytes of the tables that are not yet among those that were counted; they are then.</summary>
    internal long CountTables(HashSet<object> counted)
    {
        long rotary = rotaryTable is not null && counted.Add(rotaryTable) ? rotaryTable.Bytes : 0;
        long distances = distanceBias is not null && counted.Add(distanceBias) ? distanceBias.Bytes : 0;
        return rotary + distances;
    }

    /// <summary>Takes the tables of the kernel object that made the cache: they stay as long as it does.</summary>
    internal void KeepTables(RotaryTable? rotary, DistanceBias? distances) => (rotaryTable, distanceBias) = (rotary, distances);

    /// <summary>Adds the part for a memory.</summary>
    internal void AddMemory(AttentionCache? memory) => Memory = memory;

    /// <summary>Whether new keys overwrite old ones.</summary>
    internal bool IsRing => KeyCapacity < Capacity;

    /// <summary>Returns the panels of one sequence.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public KeyValuePanels Panels(nint sequence) => Pages is not null ? Pages.Pool.Panels(Pages[(int)sequence]) : PanelsAt(
        ref Unsafe.Add(ref KeyMemory.Reference, sequence * KeySequenceStride), ref Unsafe.Add(ref ValueMemory.Reference, sequence * ValueSequenceStride));

    /// <summary>The same of a sequence that lies elsewhere.</summary>
    private KeyValuePanels PanelsAt(ref float keys, ref float values) =>
        new(Shape.KeyValues, ref keys, ref values, KeyCapacity, Shape.HeadDim, (int)RoundUpToPanels(Shape.ValueHeadDim));

    private static Int128 RoundUpToPanels(int count) => ((long)count + PanelWidth - 1) / PanelWidth * PanelWidth;
}
