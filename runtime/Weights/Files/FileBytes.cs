using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace AttentionGen;

/// <summary>The bytes of one file, mapped, copied or pinned. The handle keeps them while somebody reads, even where another thread disposes them.</summary>
internal sealed class FileBytes : IDisposable
{
    private const int FirstCapacity = 1 << 16;

    // What a mapping needs beside its handle.
    private readonly IDisposable[] owners;

    private FileBytes(SafeBuffer handle, long length, params IDisposable[] owners)
    {
        Handle = handle;
        Length = length;
        this.owners = owners;
    }

    public SafeBuffer Handle { get; }

    public long Length { get; }

    /// <summary>Maps a file. What cannot be mapped, such as a pipe or a file of some network file systems, is read into memory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="allowance">The file adds to it; a copy is taken from it.</param>
    public static FileBytes OpenFile(string path, FileAllowance allowance)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        FileBytes? mapped = null;
        try
        {
            mapped = TryMap(stream);
            if (mapped is null)
                return Read(stream, path, allowance);
            allowance.AddFile(mapped.Length);
            return mapped;
        }
        finally
        {
            if (mapped is null)
                stream.Dispose();
        }
    }

    private static FileBytes? TryMap(FileStream stream)
    {
        // Pipes have no length; files that are made while they are read mostly say that it is 0.
        if (!stream.CanSeek || stream.Length == 0)
            return null;
        MemoryMappedFile? map = null;
        try
        {
            map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            MemoryMappedViewAccessor view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            return new FileBytes(view.SafeMemoryMappedViewHandle, stream.Length, view, map, stream);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            map?.Dispose();
            return null;
        }
    }

    /// <summary>Copies a stream, from where it stands to its end, out of the collector's sight.</summary>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="allowance">What is read adds to it, and the copy is taken from it.</param>
    public static FileBytes Read(Stream stream, string name, FileAllowance allowance)
    {
        var copy = new NativeBytes(stream.CanSeek ? Math.Max(FirstCapacity, stream.Length - stream.Position) : FirstCapacity);
        try
        {
            long length = 0;
            for (int read; (read = stream.Read(copy.From(length))) > 0;)
            {
                length += read;
                if (length == copy.Capacity)
                    copy.Resize(2 * length);
            }

            copy.Resize(Math.Max(1, length));
            allowance.AddFile(length);
            allowance.Take(length, name, "the bytes that are read");
            copy.Initialize((ulong)length);
            return new FileBytes(copy, length);
        }
        catch (Exception exception)
        {
            copy.Dispose();
            if (exception is IOException && exception.GetType() == typeof(IOException))
                throw new IOException($"'{name}' cannot be read: {exception.Message}", exception);
            throw;
        }
    }

    /// <summary>Pins memory where it is.</summary>
    public static FileBytes Pin(ReadOnlyMemory<byte> bytes, FileAllowance allowance)
    {
        allowance.AddFile(bytes.Length);
        return new FileBytes(new PinnedBytes(bytes), bytes.Length);
    }

    /// <summary>Copies bytes, which must be there.</summary>
    /// <param name="start">Where they begin.</param>
    /// <param name="destination">As many as are copied.</param>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public unsafe void Copy(long start, Span<byte> destination)
    {
        byte* first = null;

        // Holds the bytes even where another thread disposes the file now, and throws where one has done so.
        Handle.AcquirePointer(ref first);
        try
        {
            new ReadOnlySpan<byte>(first + start, destination.Length).CopyTo(destination);
        }
        finally
        {
            Handle.ReleasePointer();
        }
    }

    public void Dispose()
    {
        foreach (IDisposable owner in owners)
            owner.Dispose();
        Handle.Dispose();
    }

    private sealed unsafe class NativeBytes : SafeBuffer
    {
        public NativeBytes(long capacity)
            : base(ownsHandle: true)
        {
            SetHandle((nint)NativeMemory.Alloc((nuint)capacity));
            Capacity = capacity;
        }

        public long Capacity { get; private set; }

        /// <summary>What is left behind so many bytes, as far as a span reaches.</summary>
        public Span<byte> From(long start) => new((byte*)handle + start, (int)Math.Min(Capacity - start, 1 << 30));

        public void Resize(long capacity)
        {
            SetHandle((nint)NativeMemory.Realloc((void*)handle, (nuint)capacity));
            Capacity = capacity;
        }

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free((void*)handle);
            return true;
        }
    }

    private sealed unsafe class PinnedBytes : SafeBuffer
    {
        private System.Buffers.MemoryHandle pin;

        public PinnedBytes(ReadOnlyMemory<byte> bytes)
            : base(ownsHandle: true)
        {
            pin = bytes.Pin();
            SetHandle((nint)pin.Pointer);
            Initialize((ulong)bytes.Length);
        }

        protected override bool ReleaseHandle()
        {
            pin.Dispose();
            return true;
        }
    }
}
