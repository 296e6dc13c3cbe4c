using System.Buffers.Binary;

namespace AttentionGen;

/// <summary>One open safetensors file.</summary>
internal sealed unsafe class SafetensorsShard : IDisposable
{
    // Stream, map, view, handles and a header that describes nothing, and what each character of the path adds.
    private const long OpenBytes = 2_000;
    private const long PathBytes = 8;

    private readonly FileBytes bytes;
    private readonly long dataStart;

    private SafetensorsShard(string path, int number, FileBytes bytes, FileAllowance allowance)
    {
        Path = path;
        this.bytes = bytes;
        if (bytes.Length < SafetensorsHeader.PrefixBytes)
        {
            throw FileErrors.Malformed(
                path,
                $"the file has {bytes.Length} bytes; a safetensors file begins with the length of its header, which takes {SafetensorsHeader.PrefixBytes}");
        }

        byte* start = null;
        bytes.Handle.AcquirePointer(ref start);
        try
        {
            ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, SafetensorsHeader.PrefixBytes));
            int jsonBytes = SafetensorsHeader.CheckJsonLength(
                path, claimed, new ReadOnlySpan<byte>(start, (int)Math.Min(bytes.Length, int.MaxValue)), bytes.Length);
            dataStart = SafetensorsHeader.PrefixBytes + jsonBytes;
            Header = SafetensorsHeader.Parse(
                path, number, new ReadOnlySpan<byte>(start + SafetensorsHeader.PrefixBytes, jsonBytes), bytes.Length - dataStart, allowance);
        }
        finally
        {
            bytes.Handle.ReleasePointer();
        }
    }

    public string Path { get; }

    public SafetensorsHeader Header { get; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="number">Which of the shards it is.</param>
    /// <param name="allowance">What its objects are taken from; the file adds to it.</param>
    /// <exception cref="InvalidDataException">The file is truncated, malformed or something else.</exception>
    public static SafetensorsShard Open(string path, int number, FileAllowance allowance)
    {
        if (Directory.Exists(path))
            throw FileErrors.Malformed(path, FileImpostor.DescribeFolder(path, ".safetensors", ".safetensors.index.json"));
        return Open(path, number, FileBytes.OpenFile(path, allowance), allowance);
    }

    /// <summary>Reads the header of bytes, which are disposed with the shard, or now where they are refused.</summary>
    public static SafetensorsShard Open(string path, int number, FileBytes bytes, FileAllowance allowance)
    {
        try
        {
            allowance.Take(OpenBytes + (PathBytes * path.Length), path, "the objects that open it");
            return new SafetensorsShard(path, number, bytes, allowance);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Converts a tensor's elements; the destination has exactly its length, and the type is one that can be converted.</summary>
    /// <exception cref="InvalidDataException">An element is finite and float32 cannot hold it.</exception>
    public void Read(SafetensorsEntry entry, Span<float> destination)
    {
        byte* start = null;

        // Holds the bytes even where another thread disposes the file now, and throws where one has done so.
        bytes.Handle.AcquirePointer(ref start);
        try
        {
            int tooLarge = SafetensorsNumbers.Convert(entry.Type, start + dataStart + entry.Begin, destination);
            if (tooLarge >= 0)
                throw FileErrors.Malformed(
                    Path,
                    $"tensor {FileErrors.Quoted(entry.Name)} has an {entry.Type} element, number {tooLarge}, that is finite and too large for float32");
        }
        finally
        {
            bytes.Handle.ReleasePointer();
        }
    }

    /// <summary>Copies a tensor's bytes; the destination has exactly their number.</summary>
    public void ReadBytes(SafetensorsEntry entry, Span<byte> destination) => bytes.Copy(dataStart + entry.Begin, destination);

    public void Dispose() => bytes.Dispose();
}
