using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace AttentionGen;

/// <summary>One mapped safetensors file.</summary>
internal sealed unsafe class SafetensorsShard : IDisposable
{
    // Stream, map, view, handles and a header that describes nothing, and what each character of the path adds.
    private const long OpenBytes = 2_000;
    private const long PathBytes = 8;

    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly SafeMemoryMappedViewHandle handle;
    private readonly long dataStart;

    private SafetensorsShard(string path, int number, MemoryMappedFile map, MemoryMappedViewAccessor view, long fileBytes, SafetensorsAllowance allowance)
    {
        Path = path;
        this.map = map;
        this.view = view;
        handle = view.SafeMemoryMappedViewHandle;

        byte* start = null;
        handle.AcquirePointer(ref start);
        try
        {
            ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, SafetensorsHeader.PrefixBytes));
            int jsonBytes = SafetensorsHeader.CheckJsonLength(path, claimed, fileBytes);
            dataStart = SafetensorsHeader.PrefixBytes + jsonBytes;
            Header = SafetensorsHeader.Parse(path, number, new ReadOnlySpan<byte>(start + SafetensorsHeader.PrefixBytes, jsonBytes), fileBytes - dataStart, allowance);
        }
        finally
        {
            handle.ReleasePointer();
        }
    }

    public string Path { get; }

    public SafetensorsHeader Header { get; }

    /// <summary>Maps a file and reads its header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="number">Which of the shards it is.</param>
    /// <param name="allowance">What its objects are taken from; the file adds to it.</param>
    /// <exception cref="InvalidDataException">The file is truncated or malformed.</exception>
    public static SafetensorsShard Open(string path, int number, SafetensorsAllowance allowance)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            long fileBytes = stream.Length;
            allowance.AddFile(fileBytes);
            allowance.Take(OpenBytes + (PathBytes * path.Length), path, "the objects that open it");
            if (fileBytes < SafetensorsHeader.PrefixBytes)
                throw SafetensorsHeader.Malformed(path, $"the file has {fileBytes} bytes; a safetensors file begins with the length of its header, which takes {SafetensorsHeader.PrefixBytes}");
            map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            return new SafetensorsShard(path, number, map, view, fileBytes, allowance);
        }
        catch
        {
            view?.Dispose();
            map?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Converts a tensor's elements; the destination has exactly its length, and the type is one that can be converted.</summary>
    public void Read(SafetensorsEntry entry, Span<float> destination)
    {
        byte* start = null;

        // Holds the mapping even where another thread disposes the file now, and throws where one has done so.
        handle.AcquirePointer(ref start);
        try
        {
            byte* source = start + dataStart + entry.Begin;
            switch (entry.Type)
            {
                case "F32":
                    for (nint i = 0; i < destination.Length; i++)
                        destination[(int)i] = BitConverter.UInt32BitsToSingle(LittleEndian(Unsafe.ReadUnaligned<uint>(source + 4 * i)));
                    break;
                case "F16":
                    for (nint i = 0; i < destination.Length; i++)
                        destination[(int)i] = (float)BitConverter.UInt16BitsToHalf(LittleEndian(Unsafe.ReadUnaligned<ushort>(source + 2 * i)));
                    break;
                case "BF16":
                    for (nint i = 0; i < destination.Length; i++)
                        destination[(int)i] = BitConverter.UInt32BitsToSingle((uint)LittleEndian(Unsafe.ReadUnaligned<ushort>(source + 2 * i)) << 16);
                    break;
            }
        }
        finally
        {
            handle.ReleasePointer();
        }
    }

    public void Dispose()
    {
        view.Dispose();
        map.Dispose();
    }

    private static uint LittleEndian(uint value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    private static ushort LittleEndian(ushort value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
}
