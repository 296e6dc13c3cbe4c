using System.Text;
using AttentionGen.Samples.Sentences;
using Microsoft.Win32.SafeHandles;

namespace AttentionGen.Samples.Cluster;

/// <summary>
/// A file in NumPy's format (version 1.0) with a row of float32 for each document. Under its own name it is whole; until then it is called
/// <c>.unfinished</c>, and holds the first documents.
/// </summary>
internal sealed class VectorFile : IDisposable
{
    /// <summary>The bytes of a row.</summary>
    public const int RowBytes = SentenceModel.Dimensions * sizeof(float);

    private const int HeaderBytes = 128;

    private readonly string path;
    private readonly SafeFileHandle handle;

    private VectorFile(string path, FileMode mode)
    {
        this.path = path;
        handle = File.OpenHandle(Unfinished(path), mode, FileAccess.ReadWrite);
        // A row that was being written when its process ended is none.
        Count = Math.Max(0, RandomAccess.GetLength(handle) - HeaderBytes) / RowBytes;
        RandomAccess.Write(handle, Header(Count), 0);
    }

    /// <summary>Rows.</summary>
    public long Count { get; private set; }

    /// <summary>A new file.</summary>
    public static VectorFile Create(string path) => new(path, FileMode.Create);

    /// <summary>A file that an earlier run has left unfinished, or a new one.</summary>
    public static VectorFile Resume(string path) => new(path, FileMode.OpenOrCreate);

    /// <summary>Appends rows.</summary>
    public void Append(ReadOnlySpan<byte> rows)
    {
        RandomAccess.Write(handle, rows, HeaderBytes + (Count * RowBytes));
        Count += rows.Length / RowBytes;
    }

    /// <summary>The last row that was written.</summary>
    public byte[] ReadLast()
    {
        var row = new byte[RowBytes];
        RandomAccess.Read(handle, row, HeaderBytes + ((Count - 1) * RowBytes));
        return row;
    }

    /// <summary>Gives the file its name.</summary>
    public void Finish()
    {
        RandomAccess.SetLength(handle, HeaderBytes + (Count * RowBytes));
        RandomAccess.Write(handle, Header(Count), 0);
        RandomAccess.FlushToDisk(handle);
        handle.Dispose();
        File.Move(Unfinished(path), path, overwrite: true);
    }

    /// <summary>The rows of a whole file.</summary>
    /// <exception cref="InvalidDataException">It is not a file that <see cref="Finish"/> has named.</exception>
    public static IEnumerable<byte[]> ReadRows(string path)
    {
        using FileStream stream = File.OpenRead(path);
        long count = Math.Max(0, stream.Length - HeaderBytes) / RowBytes;
        var header = new byte[HeaderBytes];
        if (stream.Length != HeaderBytes + (count * RowBytes) || stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes
            || !header.AsSpan().SequenceEqual(Header(count)))
            throw new InvalidDataException($"'{path}' is not a whole file of vectors of {SentenceModel.Dimensions} numbers.");
        for (long row = 0; row < count; row++)
        {
            var bytes = new byte[RowBytes];
            stream.ReadExactly(bytes);
            yield return bytes;
        }
    }

    public void Dispose() => handle.Dispose();

    private static string Unfinished(string path) => path + ".unfinished";

    private static byte[] Header(long rows)
    {
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {SentenceModel.Dimensions}), }}";
        return [0x93, .. "NUMPY"u8, 1, 0, HeaderBytes - 10, 0, .. Encoding.ASCII.GetBytes(text.PadRight(HeaderBytes - 11)), (byte)'\n'];
    }
}
