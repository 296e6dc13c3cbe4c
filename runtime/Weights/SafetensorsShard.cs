using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace AttentionGen;

/// <summary>One mapped safetensors file.</summary>
internal sealed unsafe class SafetensorsShard : IDisposable
{
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly SafeMemoryMappedViewHandle handle;
    private readonly long dataStart;

    private SafetensorsShard(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, long fileBytes)
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
            Header = SafetensorsHeader.Parse(this, new ReadOnlySpan<byte>(start + SafetensorsHeader.PrefixBytes, jsonBytes), fileBytes - dataStart);
        }
        finally
        {
            handle.ReleasePointer();
        }
    }

    public string Path { get; }

    public SafetensorsHeader Header { get; }

    public static SafetensorsShard Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            long fileBytes = stream.Length;
            if (fileBytes < SafetensorsHeader.PrefixBytes)
                throw SafetensorsHeader.Malformed(path, $"the file has {fileBytes} bytes; a safetensors file begins with the length of its header, which takes {SafetensorsHeader.PrefixBytes}");
            map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            return new SafetensorsShard(path, map, view, fileBytes);
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
            switch (entry.Info.DType)
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
