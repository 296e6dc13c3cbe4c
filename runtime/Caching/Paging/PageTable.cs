namespace AttentionGen;

/// <summary>
/// Which pages of a pool the sequences of a cache hold. A page that several sequences hold is never written: a writer takes a copy of it first.
/// </summary>
internal sealed class PageTable
{
    private readonly AttentionCachePool pool;

    /// <summary>The most pages of a sequence.</summary>
    private readonly int stride;

    // [batch]
    private readonly int[] held;
    private readonly int[] copied;
    private readonly int[] wanted;

    // [batch][stride]
    private int[] pages;
    private int[]? other;

    public PageTable(AttentionCachePool pool, int capacity, int batch)
    {
        this.pool = pool;
        stride = AttentionCachePool.PagesOf(capacity);
        pages = new int[checked(batch * stride)];
        held = new int[batch];
        copied = new int[batch];
        wanted = new int[batch];
    }

    /// <summary>Gives back the pages of a cache that nobody cleared.</summary>
    ~PageTable()
    {
        // An allocation in the constructor may have failed.
        if (wanted is null)
            return;
        lock (pool.Gate)
            ReleaseAll();
    }

    /// <summary>The pool.</summary>
    public AttentionCachePool Pool => pool;

    /// <summary>[batch]: where a caller writes how many keys each sequence shall have room for.</summary>
    public Span<int> Wanted => wanted;

    /// <summary>Pages that the sequences hold; a page counts for each of them.</summary>
    public int Count
    {
        get
        {
            int sum = 0;
            foreach (int count in held)
                sum += count;
            return sum;
        }
    }

    /// <summary>The pages of a sequence.</summary>
    public ReadOnlySpan<int> this[int sequence] => pages.AsSpan(sequence * stride, held[sequence]);

    /// <summary>Makes room for <see cref="Wanted"/> keys behind those that the sequences have, for all sequences or for none.</summary>
    /// <param name="lengths">[batch]: the keys of each sequence.</param>
    /// <exception cref="InvalidOperationException">The pool has too few free pages. Nothing is changed.</exception>
    public void Reserve(ReadOnlySpan<int> lengths)
    {
        bool copies = false;
        lock (pool.Gate)
        {
            long needed = 0;
            for (int sequence = 0; sequence < held.Length; sequence++)
            {
                if (wanted[sequence] > lengths[sequence])
                    needed += AttentionCachePool.PagesOf(wanted[sequence]) - held[sequence] + (WritesShared(sequence, lengths[sequence]) ? 1 : 0);
            }

            pool.CheckFree(needed);
            for (int sequence = 0; sequence < held.Length; sequence++)
            {
                copied[sequence] = -1;
                if (wanted[sequence] <= lengths[sequence])
                    continue;
                if (WritesShared(sequence, lengths[sequence]))
                {
                    ref int page = ref PageAt(sequence, lengths[sequence] / AttentionCachePool.PageKeys);
                    copied[sequence] = page;
                    page = pool.Take();
                    copies = true;
                }

                for (int end = AttentionCachePool.PagesOf(wanted[sequence]); held[sequence] < end; held[sequence]++)
                    PageAt(sequence, held[sequence]) = pool.Take();
            }
        }

        if (copies)
            CopyShared(lengths);
    }

    /// <summary>Gives back all pages and takes those for <see cref="Wanted"/> keys of each sequence, whose content is undefined.</summary>
    /// <exception cref="InvalidOperationException">The pool has too few free pages. Nothing is changed.</exception>
    public void Replace()
    {
        lock (pool.Gate)
        {
            long needed = 0;
            foreach (int keys in wanted)
                needed += AttentionCachePool.PagesOf(keys);
            pool.CheckFree(needed, CountOwn());
            ReleaseAll();
            for (int sequence = 0; sequence < held.Length; sequence++)
            {
                for (int end = AttentionCachePool.PagesOf(wanted[sequence]); held[sequence] < end; held[sequence]++)
                    PageAt(sequence, held[sequence]) = pool.Take();
            }
        }
    }

    /// <summary>Makes the pages of a sequence from one on its own, so that they may be written. Pages that others hold too are copied.</summary>
    /// <exception cref="InvalidOperationException">The pool has too few free pages. Nothing is changed.</exception>
    public void TakeOwn(int sequence, int firstPage)
    {
        Span<int> own = pages.AsSpan(sequence * stride, held[sequence])[firstPage..];
        int[] shared = own.ToArray();
        lock (pool.Gate)
        {
            int needed = 0;
            foreach (int page in own)
                needed += pool.Holders(page) > 1 ? 1 : 0;
            pool.CheckFree(needed);
            foreach (ref int page in own)
                page = pool.Holders(page) > 1 ? pool.Take() : page;
        }

        for (int index = 0; index < shared.Length; index++)
        {
            if (own[index] == shared[index])
                continue;
            Span<int> old = shared.AsSpan(index, 1);
            PanelCopy.Copy(pool.Shape, pool.Panels(old), pool.Panels(own.Slice(index, 1)), 0, AttentionCachePool.PageKeys);
            lock (pool.Gate)
                pool.Release(old);
        }
    }

    /// <summary>Gives back the pages of a sequence behind its keys.</summary>
    public void Trim(int sequence, int length)
    {
        int keep = AttentionCachePool.PagesOf(length);
        if (keep >= held[sequence])
            return;
        lock (pool.Gate)
            pool.Release(this[sequence][keep..]);
        held[sequence] = keep;
    }

    /// <summary>Makes a sequence hold the first pages of another, of this table or of another one of the same pool, and no others.</summary>
    public void Share(int sequence, PageTable source, int sourceSequence, int length)
    {
        ReadOnlySpan<int> shared = source[sourceSequence][..AttentionCachePool.PagesOf(length)];
        lock (pool.Gate)
        {
            pool.Hold(shared);
            pool.Release(this[sequence]);
        }

        shared.CopyTo(pages.AsSpan(sequence * stride, stride));
        held[sequence] = shared.Length;
    }

    /// <summary>Sequence i becomes what sequence parents[i] is.</summary>
    public void Select(ReadOnlySpan<int> parents)
    {
        other ??= new int[pages.Length];
        lock (pool.Gate)
        {
            for (int sequence = 0; sequence < held.Length; sequence++)
            {
                ReadOnlySpan<int> shared = this[parents[sequence]];
                pool.Hold(shared);
                shared.CopyTo(other.AsSpan(sequence * stride));
                wanted[sequence] = shared.Length;
            }

            ReleaseAll();
        }

        (pages, other) = (other, pages);
        wanted.CopyTo(held, 0);
    }

    private ref int PageAt(int sequence, int page) => ref pages[(sequence * stride) + page];

    /// <summary>Whether the next key of a sequence lies in a page that others hold too.</summary>
    private bool WritesShared(int sequence, int length) => length % AttentionCachePool.PageKeys != 0
        && pool.Holders(PageAt(sequence, length / AttentionCachePool.PageKeys)) > 1;

    private void CopyShared(ReadOnlySpan<int> lengths)
    {
        for (int sequence = 0; sequence < held.Length; sequence++)
        {
            if (copied[sequence] < 0)
                continue;
            int page = lengths[sequence] / AttentionCachePool.PageKeys;
            PanelCopy.Copy(
                pool.Shape, pool.Panels(copied.AsSpan(sequence, 1)), pool.Panels(pages.AsSpan((sequence * stride) + page, 1)), 0,
                lengths[sequence] % AttentionCachePool.PageKeys);
        }

        lock (pool.Gate)
        {
            for (int sequence = 0; sequence < held.Length; sequence++)
            {
                if (copied[sequence] >= 0)
                    pool.Release(copied.AsSpan(sequence, 1));
            }
        }
    }

    /// <summary>Pages that nobody but this table holds: each is counted when its last holder is.</summary>
    private int CountOwn()
    {
        int own = 0;
        var holders = new Dictionary<int, int>();
        for (int sequence = 0; sequence < held.Length; sequence++)
        {
            foreach (int page in this[sequence])
            {
                int here = holders.GetValueOrDefault(page) + 1;
                holders[page] = here;
                own += here == pool.Holders(page) ? 1 : 0;
            }
        }

        return own;
    }

    private void ReleaseAll()
    {
        for (int sequence = 0; sequence < held.Length; sequence++)
        {
            pool.Release(this[sequence]);
            held[sequence] = 0;
        }
    }
}
