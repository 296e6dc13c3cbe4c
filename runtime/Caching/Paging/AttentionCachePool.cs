using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// Memory for the keys and values of many sequences that come and go, as a server has them. It is cut into pages of <see cref="PageKeys"/> keys. A cache of the
/// pool takes a page when a sequence reaches it, and gives it back when the sequence is cut or cleared. Sequences with the same beginning share its pages.
/// </summary>
/// <remarks>
/// A call gives the same bits with a cache of a pool as with a cache of its own memory. Any number of threads may use the caches of a pool at the same
/// time, each cache by one call at a time. A cache that is collected gives its pages back too, but only when the garbage collector runs: call
/// <see cref="AttentionCache.Clear"/> when its sequences have ended.
/// </remarks>
public sealed class AttentionCachePool
{
    /// <summary>The number of keys of a page. It equals a key block of the kernels, so that a kernel reads each block from one place.</summary>
    public const int PageKeys = PanelLayout.KeyBlock;

    private readonly AttentionShape? memoryShape;
    private readonly AlignedMemory keys;
    private readonly AlignedMemory values;

    /// <summary>For each page how many sequences hold it.</summary>
    private readonly int[] holders;

    /// <summary>The free pages are the first <see cref="FreePages"/> of these.</summary>
    private readonly int[] free;

    private int freePages;

    /// <summary>Creates a pool for caches of self-attention.</summary>
    /// <param name="shape">The shape of the kernels that will use the caches.</param>
    /// <param name="pages">The number of pages, 1 or more. A sequence of n keys takes n / 256 of them, rounded up.</param>
    /// <exception cref="ArgumentException">The shape has a size that no kernel has.</exception>
    /// <exception cref="NotSupportedException">
    /// The shape has no cache (<see cref="AttentionShape.HasCache"/>), or its cache is a ring (<see cref="AttentionShape.CacheWindow"/>), whose memory has a
    /// bound of its own, or it is cross-attention, whose projected memory is written once.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pages"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public AttentionCachePool(AttentionShape shape, int pages)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        if (!shape.HasCache)
            throw CacheErrors.None();
        if (shape.IsCrossAttention)
        {
            throw new NotSupportedException(
                "A pool holds keys that sequences append. The projected memory of cross-attention is written once: use CreateCache.");
        }

        if (shape.CacheWindow >= 0)
        {
            throw new NotSupportedException(
                $"A pool holds sequences that grow. The cache of this kernel is a ring of at most {shape.CacheWindow + PageKeys} keys, because its rows see a "
                    + "window: use CreateCache.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        Shape = shape;
        Pages = freePages = pages;
        ValueDim = (shape.ValueHeadDim + PanelLayout.PanelWidth - 1) / PanelLayout.PanelWidth * PanelLayout.PanelWidth;
        // A key of a sequence is an int, and its place in the pool too.
        long capacity = (long)pages * PageKeys;
        nint keyFloats = PageFloats(shape.HeadDim), valueFloats = PageFloats(ValueDim);
        if (capacity > int.MaxValue || pages > AlignedMemory.MaxLength / Math.Max(keyFloats, valueFloats))
        {
            throw new OutOfMemoryException(
                $"A pool of {pages} pages needs {(Int128)pages * Math.Max(keyFloats, valueFloats):N0} floats for its keys or its values; the most that one "
                    + $"piece can hold is {AlignedMemory.MaxLength:N0}. Use several pools.");
        }

        keys = AlignedMemory.Allocate(pages * keyFloats, zeroed: true);
        values = AlignedMemory.Allocate(pages * valueFloats, zeroed: true);
        holders = new int[pages];
        // Page 0 is taken first.
        free = new int[pages];
        for (int page = 0; page < pages; page++)
            free[page] = pages - 1 - page;
    }

    /// <summary>Creates a pool for caches of Transformer layers, those of a decoder with a part for their memory.</summary>
    /// <param name="shape">The shape of the layers that will use the caches.</param>
    /// <param name="pages">The number of pages, 1 or more. A sequence of n keys takes n / 256 of them, rounded up.</param>
    /// <inheritdoc cref="AttentionCachePool(AttentionShape, int)" path="/exception"/>
    public AttentionCachePool(TransformerLayerShape shape, int pages)
        : this(AttentionOf(shape), pages) => memoryShape = shape.CrossAttention;

    /// <summary>The shape of the kernels that can use the caches.</summary>
    public AttentionShape Shape { get; }

    /// <summary>The number of pages.</summary>
    public int Pages { get; }

    /// <summary>The number of pages that no sequence holds at present.</summary>
    public int FreePages
    {
        get
        {
            lock (Gate)
                return freePages;
        }
    }

    /// <summary>The size of all pages in bytes. It never changes.</summary>
    public long Bytes => (keys.Length + (long)values.Length) * sizeof(float);

    /// <summary>The size of a page in bytes.</summary>
    public long PageBytes => (PageFloats(Shape.HeadDim) + (long)PageFloats(ValueDim)) * sizeof(float);

    /// <summary>Guards which pages are free, and who holds the others.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Width of a head of values in whole panels.</summary>
    private int ValueDim { get; }

    /// <summary>Creates an empty cache of one sequence, which holds no page yet.</summary>
    /// <param name="capacity">The number of keys that the sequence can reach. It costs four bytes for 256 keys.</param>
    /// <inheritdoc cref="CreateCache(int, int)" path="/exception"/>
    public AttentionCache CreateCache(int capacity) => CreateCache(capacity, 1);

    /// <summary>Creates an empty cache, which holds no page yet.</summary>
    /// <param name="capacity">The number of keys that each sequence can reach. It costs four bytes for 256 keys.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="NotSupportedException">The cache needs a part for the memory of its layer, whose capacity is missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="capacity"/> or <paramref name="batch"/> is less than 1, or the kernel calls a modifier or mask predicate, whose positions stay
    /// below 2³⁰, and <paramref name="capacity"/> is 2³⁰ or more.
    /// </exception>
    public AttentionCache CreateCache(int capacity, int batch)
    {
        if (memoryShape is not null)
            throw CacheErrors.NoMemoryCapacity();
        return new AttentionCache(Shape, capacity, batch, this);
    }

    /// <summary>Creates an empty cache for a layer with self-attention and cross-attention. Its memory is not in the pool.</summary>
    /// <param name="capacity">The number of keys that each sequence can reach.</param>
    /// <param name="memoryCapacity">The number of memory rows that each sequence can hold.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="NotSupportedException">The pool was not made for a layer with cross-attention.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">The memory needs more floats than one .NET array can hold, or than the machine has.</exception>
    public AttentionCache CreateCache(int capacity, int memoryCapacity, int batch)
    {
        if (memoryShape is null)
            throw new NotSupportedException("The layers of this pool have no cross-attention, so there is no memory: use CreateCache(capacity, batch).");
        ArgumentOutOfRangeException.ThrowIfLessThan(memoryCapacity, 1);
        var cache = new AttentionCache(Shape, capacity, batch, this);
        cache.AddMemory(new AttentionCache(memoryShape, memoryCapacity, batch));
        return cache;
    }

    /// <summary>The pages that so many keys take.</summary>
    internal static int PagesOf(int keys) => (int)(((long)keys + PageKeys - 1) / PageKeys);

    /// <summary>A sequence of some pages.</summary>
    internal KeyValuePanels Panels(ReadOnlySpan<int> pages) =>
        new(Shape.KeyValues, ref keys.Reference, ref values.Reference, (nint)Pages * PageKeys, Shape.HeadDim, ValueDim, pages);

    /// <summary>Takes a free page, which the caller knows to exist, for one holder. Needs <see cref="Gate"/>.</summary>
    internal int Take()
    {
        int page = free[--freePages];
        holders[page] = 1;
        return page;
    }

    /// <summary>The number of holders of a page. Needs <see cref="Gate"/>.</summary>
    internal int Holders(int page) => holders[page];

    /// <summary>Adds a holder to each page. Needs <see cref="Gate"/>.</summary>
    internal void Hold(ReadOnlySpan<int> pages)
    {
        foreach (int page in pages)
            holders[page]++;
    }

    /// <summary>Takes a holder from each page; the pages without any are free then. Needs <see cref="Gate"/>.</summary>
    internal void Release(ReadOnlySpan<int> pages)
    {
        foreach (int page in pages)
        {
            if (--holders[page] == 0)
                free[freePages++] = page;
        }
    }

    /// <summary>Checks that so many pages are free. Needs <see cref="Gate"/>.</summary>
    /// <param name="needed">Pages that are about to be taken.</param>
    /// <param name="returned">Pages that the same caller gives back before.</param>
    internal void CheckFree(long needed, int returned = 0)
    {
        if (needed <= freePages + returned)
            return;
        throw new InvalidOperationException(
            $"cache needs {needed} pages of its pool, which has {freePages + returned} free of {Pages}; expected as many. Cut or clear sequences that have "
                + "ended, or create a larger pool.");
    }

    private nint PageFloats(int width) => Shape.KvHeads * KeyValueLayout.HeadFloats(Shape.KeyValues, PageKeys, width);

    private static AttentionShape AttentionOf(TransformerLayerShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        return shape.Attention;
    }
}
