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

    private readonly Lock gate = new();
    private readonly List<Block> blocks = [];
    private readonly List<Block> unchanged = [];
    private nuint used;

    /// <summary>Names of inputs of integers that a caller changes while the call runs.</summary>
    public IReadOnlyCollection<string> Changing { get; init; } = [];

    /// <summary>Names of the buffers, in the order in which they were placed.</summary>
    public Action<string>? Placed { get; init; }

    /// <inheritdoc/>
    public ReadOnlySpan<T> Put<T>(T[] values, string name)
        where T : unmanaged
    {
        Block block = Cut(name, (nuint)values.Length * (nuint)sizeof(T), (nuint)sizeof(T), isInput: true);
        values.CopyTo(new Span<T>(block.Start, values.Length));
        if (typeof(T) == typeof(int) && Changing.Contains(name))
            unchanged.Add(block);
        else if (IsGuarded(name))
            Protect(block.Pages, block.PageBytes, ProtectRead);
        return new(block.Start, values.Length);
    }

    /// <summary>What a caller does who does not wait for the end of the call.</summary>
    public void ChangeIntegers()
    {
        int[] wild = [1 << 30, int.MinValue, -1, int.MaxValue, 100_000];
        foreach (Block block in unchanged)
        {
            var integers = new Span<int>(block.Start, (int)(block.Bytes / sizeof(int)));
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
        byte* slack = block.Pages + block.PageBytes;
        if (MapPages(slack, SlackBytes, ProtectRead, MapShared | MapFixed, SlackFile, 0) != slack)
            throw new OutOfMemoryException($"mmap gave no slack: error {Marshal.GetLastPInvokeError()}.");
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
        // Fresh pages without access in place of all that was used.
        if (used > 0 && MapPages(Arena, used, ProtectNone, MapPrivate | MapFixed | MapAnonymous | MapNoReserve, -1, 0) != Arena)
            throw new OutOfMemoryException($"mmap gave no pages: error {Marshal.GetLastPInvokeError()}.");
        blocks.Clear();
        unchanged.Clear();
        used = 0;
    }

    private bool IsGuarded(string name) => only is null || only == name;

    /// <summary>A guard page, poisoned pages with the buffer at one end, room for slack, and a guard page.</summary>
    private Block Cut(string name, nuint bytes, nuint alignment, nuint slack = 0, bool isInput = false, bool stays = false)
    {
        nuint aligned = RoundUp(bytes, alignment), pageBytes = nuint.Max(Page, RoundUp(aligned, Page)), all = Page + pageBytes + slack + Page;
        lock (gate)
        {
            if (used + all > ArenaBytes)
                throw new OutOfMemoryException($"{name} with {bytes} bytes does not fit into the arena.");
            byte* pages = (stays ? Reserve(all) : Arena + used) + Page;
            if (IsGuarded(name))
                Protect(pages, pageBytes, ProtectRead | ProtectWrite);
            else
                Protect(pages - Page, all, ProtectRead | ProtectWrite);
            new Span<uint>(pages, (int)(pageBytes / sizeof(uint))).Fill(Poison);
            var block = new Block(name, pages, pageBytes, side == GuardSide.After ? pages + pageBytes - aligned : pages, bytes, isInput);
            if (!stays)
            {
                used += all;
                blocks.Add(block);
            }

            Placed?.Invoke(name);
            return block;
        }
    }

    private static byte* Reserve(nuint bytes)
    {
        byte* pages = MapPages(null, bytes, ProtectNone, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
        return pages != (byte*)-1 ? pages : throw new OutOfMemoryException($"mmap gave no {bytes} bytes: error {Marshal.GetLastPInvokeError()}.");
    }

    private static int MakeSlack()
    {
        int file = CreateFile("slack", 0);
        if (file < 0 || SetLength(file, (nint)SlackBytes) != 0)
            throw new InvalidOperationException($"memfd_create failed: error {Marshal.GetLastPInvokeError()}.");
        byte* pages = MapPages(null, SlackBytes, ProtectRead | ProtectWrite, MapShared, file, 0);
        new Span<uint>(pages, (int)(SlackBytes / sizeof(uint))).Fill(Poison);
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
    private sealed class Block(string name, byte* pages, nuint pageBytes, byte* start, nuint bytes, bool isInput)
    {
        public string Name { get; } = name;

        public byte* Pages { get; } = pages;

        public nuint PageBytes { get; } = pageBytes;

        public byte* Start { get; } = start;

        public nuint Bytes { get; } = bytes;

        public bool IsInput { get; } = isInput;
    }
}
