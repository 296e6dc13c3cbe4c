using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Guards;

/// <summary>On which side of its buffers an access outside is seen at once, to the byte.</summary>
internal enum GuardSide
{
    After,
    Before,
}

/// <summary>
/// Buffers between pages that can be neither read nor written. A user's span ends, or begins, at such a page; what the runtime allocates does so too, to
/// its alignment.
/// Slack behind <see cref="AlignedMemory"/> may be read, as it is there for, but not written; inputs cannot be written. All else holds a signalling NaN,
/// the slack and
/// scratch of every call included, so that whatever a kernel makes of it shows in the bits of the result. Inputs that <see cref="Changing"/> names are
/// changed to wild numbers as soon as a call has leased its scratch, which is after it has checked them.
/// </summary>
/// <param name="side">Where buffers lie.</param>
/// <param name="only">The one buffer that is guarded, to find out which is to blame; null for all.</param>
internal sealed unsafe class GuardedMemory(GuardSide side, string? only) : IPlaces, IDisposable
{
    private const uint Poison = 0x7FA0DEAD;
    private const int AlignmentBytes = 64;
    private const int ProtectNone =
        0, ProtectRead = 1, ProtectWrite = 2, MapShared = 1, MapPrivate = 2, MapFixed = 0x10, MapAnonymous = 0x20, MapNoReserve = 0x4000;

    private static readonly nuint Page = (nuint)Environment.SystemPageSize;

    /// <summary>All slack is the same pages of poison, which nobody can write.</summary>
    private static readonly nuint SlackBytes = RoundUp(AlignedMemory.SlackFloats * sizeof(float), Page);
    private static readonly int SlackFile = MakeSlack();

    /// <summary>Pages without access, out of which buffers are cut: far fewer system calls than a mapping each. One memory at a time uses it.</summary>
    private static readonly nuint ArenaBytes = (nuint)1 << 33;
    private static readonly byte* Arena = Reserve(ArenaBytes);

    /// <summary>The pages of inputs. Only this mapping can write them: a change of their protection would stop all threads.</summary>
    private static readonly int InputFile = MakeFile("inputs", ArenaBytes);
    private static readonly byte* Inputs = Map(null, ArenaBytes, ProtectRead | ProtectWrite, MapShared | MapNoReserve, InputFile);

    /// <summary>
    /// Pages that earlier memories used, by their bytes, those of their slack, and whether they are an input's: the first access to a page costs more than
    /// all else that is done with it. From so many bytes on, all begin anew.
    /// </summary>
    private static readonly Dictionary<(nuint PageBytes, nuint Slack, bool IsInput), Stack<nint>> Used = [];
    private static readonly nuint MostUsedBytes = (nuint)1 << 30;
    private static nuint cut;

    private readonly Lock gate = new();
    private readonly List<Block> blocks = [];
    private readonly List<Block> unchanged = [];

    /// <summary>Names of inputs of integers that a caller changes while the call runs.</summary>
    public IReadOnlyCollection<string> Changing { get; init; } = [];

    /// <summary>Names of the buffers, in the order in which they were placed.</summary>
    public Action<string>? Placed { get; init; }

    /// <inheritdoc/>
    public ReadOnlySpan<T> Put<T>(T[] values, string name)
        where T : unmanaged
    {
        Block block = Cut(name, (nuint)values.Length * (nuint)sizeof(T), (nuint)sizeof(T), isInput: true);
        values.CopyTo(new Span<T>(block.Written, values.Length));
        if (typeof(T) == typeof(int) && Changing.Contains(name))
            unchanged.Add(block);
        return new(block.Start, values.Length);
    }

    /// <summary>What a caller does who does not wait for the end of the call.</summary>
    public void ChangeIntegers()
    {
        int[] wild = [1 << 30, int.MinValue, -1, int.MaxValue, 100_000];
        foreach (Block block in unchanged)
        {
            var integers = new Span<int>(block.Written, (int)(block.Bytes / sizeof(int)));
            for (int index = 0; index < integers.Length; index++)
                integers[index] = wild[index % wild.Length];
        }

        unchanged.Clear();
    }

    /// <summary>An input that its reader takes as memory.</summary>
    public ReadOnlyMemory<float> PutMemory(ReadOnlySpan<float> values, string name)
    {
        ReadOnlySpan<float> placed = Put(values.ToArray(), name);
        return new PlacedFloats((float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(placed)), placed.Length).Memory;
    }

    /// <inheritdoc/>
    public Span<float> Space(int length, string name)
    {
        Block block = Cut(name, (nuint)length * sizeof(float), sizeof(float));
        return new(block.Start, length);
    }

    /// <summary>The allocator behind weights, caches, tables and scratch.</summary>
    public AlignedMemory Allocate(nint floats, bool zeroed)
    {
        // Whoever wants memory is found by the stack, as the runtime does not say.
        Type[] callers = [.. new StackTrace(1).GetFrames().Select(frame => frame.GetMethod()?.DeclaringType).OfType<Type>()];
        string name = callers.FirstOrDefault(caller => caller != typeof(AlignedMemory) && caller != typeof(GuardedMemory))?.Name ?? nameof(AlignedMemory);
        // Tables of rotations are shared by all kernels of the process, and stay.
        bool stays = callers.Contains(typeof(RotaryTable));
        Block block = Cut(name, (nuint)floats * sizeof(float), AlignmentBytes, SlackBytes, stays: stays);
        if (zeroed)
            NativeMemory.Clear(block.Start, block.Bytes);
        return new AlignedMemory(this, (float*)block.Start, floats);
    }

    /// <summary>Fails where anything beside a buffer, on its own pages, was written; nothing else can be.</summary>
    public void Check()
    {
        foreach (Block block in blocks.Where(block => !block.IsInput))
        {
            var before = new ReadOnlySpan<uint>(block.Pages, (int)(block.Start - block.Pages) / sizeof(uint));
            byte* end = block.Start + block.Bytes;
            var after = new ReadOnlySpan<uint>(end, (int)(block.Pages + block.PageBytes - end) / sizeof(uint));
            Assert.True(
                before.IndexOfAnyExcept(Poison) < 0,
                $"Something before {block.Name} was written, {before.Length - before.IndexOfAnyExcept(Poison)} floats off.");
            Assert.True(after.IndexOfAnyExcept(Poison) < 0, $"Something behind {block.Name} was written, {after.IndexOfAnyExcept(Poison)} floats off.");
        }
    }

    public void Dispose()
    {
        foreach (Block block in blocks)
            UsedLike(block.PageBytes, block.Slack, block.IsInput).Push((nint)block.Pages);
        blocks.Clear();
        unchanged.Clear();
        // What is not guarded now may have to be next time.
        if (cut == 0 || (only is null && cut <= MostUsedBytes))
            return;
        // Fresh pages without access in place of all that was used.
        Map(Arena, cut, ProtectNone, MapPrivate | MapFixed | MapAnonymous | MapNoReserve, -1);
        Used.Clear();
        cut = 0;
    }

    private bool IsGuarded(string name) => only is null || only == name;

    /// <summary>A guard page, poisoned pages with the buffer at one end, room for slack, and a guard page.</summary>
    private Block Cut(string name, nuint bytes, nuint alignment, nuint slack = 0, bool isInput = false, bool stays = false)
    {
        nuint aligned = RoundUp(bytes, alignment), pageBytes = nuint.Max(Page, RoundUp(aligned, Page)), all = Page + pageBytes + slack + Page;
        lock (gate)
        {
            byte* pages;
            if (stays)
            {
                pages = Prepare(Reserve(all) + Page, pageBytes, slack, name, isInput);
            }
            else if (UsedLike(pageBytes, slack, isInput).TryPop(out nint like))
            {
                pages = (byte*)like;
            }
            else
            {
                if (cut + all > ArenaBytes)
                    throw new OutOfMemoryException($"{name} with {bytes} bytes does not fit into the arena.");
                pages = Prepare(Arena + cut + Page, pageBytes, slack, name, isInput);
                cut += all;
            }

            nint toWritten = isInput ? (nint)(Inputs - Arena) : 0;
            new Span<uint>(pages + toWritten, (int)(pageBytes / sizeof(uint))).Fill(Poison);
            byte* start = side == GuardSide.After ? pages + pageBytes - aligned : pages;
            var block = new Block(name, pages, pageBytes, slack, start, start + toWritten, bytes, isInput);
            if (!stays)
                blocks.Add(block);
            Placed?.Invoke(name);
            return block;
        }
    }

    /// <summary>Opens pages between two guard pages, and puts slack behind them.</summary>
    private byte* Prepare(byte* pages, nuint pageBytes, nuint slack, string name, bool isInput)
    {
        if (!IsGuarded(name))
            Protect(pages - Page, Page + pageBytes + slack + Page, ProtectRead | ProtectWrite);
        if (isInput)
            Map(pages, pageBytes, IsGuarded(name) ? ProtectRead : ProtectRead | ProtectWrite, MapShared | MapFixed, InputFile, (nint)(pages - Arena));
        else
            Protect(pages, pageBytes, ProtectRead | ProtectWrite);
        if (slack > 0)
            Map(pages + pageBytes, slack, ProtectRead, MapShared | MapFixed, SlackFile);
        return pages;
    }

    private static Stack<nint> UsedLike(nuint pageBytes, nuint slack, bool isInput)
    {
        if (!Used.TryGetValue((pageBytes, slack, isInput), out Stack<nint>? like))
            Used.Add((pageBytes, slack, isInput), like = []);
        return like;
    }

    private static byte* Reserve(nuint bytes) => Map(null, bytes, ProtectNone, MapPrivate | MapAnonymous | MapNoReserve, -1);

    private static byte* Map(byte* start, nuint bytes, int protection, int flags, int file, nint offset = 0)
    {
        byte* pages = MapPages(start, bytes, protection, flags, file, offset);
        return pages != (byte*)-1 ? pages : throw new OutOfMemoryException($"mmap gave no {bytes} bytes: error {Marshal.GetLastPInvokeError()}.");
    }

    private static int MakeFile(string name, nuint bytes)
    {
        int file = CreateFile(name, 0);
        return file >= 0 && SetLength(file, (nint)bytes) == 0
            ? file : throw new InvalidOperationException($"memfd_create failed: error {Marshal.GetLastPInvokeError()}.");
    }

    private static int MakeSlack()
    {
        int file = MakeFile("slack", SlackBytes);
        new Span<uint>(Map(null, SlackBytes, ProtectRead | ProtectWrite, MapShared, file), (int)(SlackBytes / sizeof(uint))).Fill(Poison);
        return file;
    }

    private static nuint RoundUp(nuint bytes, nuint unit) => (bytes + unit - 1) / unit * unit;

    private static void Protect(byte* start, nuint bytes, int protection)
    {
        if (ProtectPages(start, bytes, protection) != 0)
            throw new InvalidOperationException($"mprotect failed: error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static extern byte* MapPages(byte* start, nuint bytes, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "memfd_create", SetLastError = true)]
    private static extern int CreateFile([MarshalAs(UnmanagedType.LPStr)] string name, uint flags);

    [DllImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static extern int SetLength(int file, nint bytes);

    [DllImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static extern int ProtectPages(byte* start, nuint bytes, int protection);

    /// <summary>Floats on guarded pages as memory.</summary>
    private sealed class PlacedFloats(float* start, int length) : MemoryManager<float>
    {
        public override Span<float> GetSpan() => new(start, length);

        public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    /// <summary>The pages between the guards, the slack's apart, and where on them the buffer lies.</summary>
    private sealed class Block(string name, byte* pages, nuint pageBytes, nuint slack, byte* start, byte* written, nuint bytes, bool isInput)
    {
        public string Name { get; } = name;

        public byte* Pages { get; } = pages;

        public nuint PageBytes { get; } = pageBytes;

        public nuint Slack { get; } = slack;

        public byte* Start { get; } = start;

        /// <summary>The same bytes where they can be written.</summary>
        public byte* Written { get; } = written;

        public nuint Bytes { get; } = bytes;

        public bool IsInput { get; } = isInput;
    }
}
