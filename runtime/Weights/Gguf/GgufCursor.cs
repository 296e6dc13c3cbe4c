using System.Runtime.CompilerServices;

namespace AttentionGen;

/// <summary>Walks through the header of a GGUF file, and never beyond its end.</summary>
internal unsafe ref struct GgufCursor(string file, byte* start, long length)
{
    /// <summary>Bytes before the next one.</summary>
    public long Position { get; private set; }

    /// <summary>Reads a number.</summary>
    /// <param name="what">What it is, for the message.</param>
    /// <exception cref="InvalidDataException">The file ends in it.</exception>
    public T Read<T>(string what)
        where T : unmanaged
    {
        T value = Unsafe.ReadUnaligned<T>(start + Take(1, sizeof(T), what));
        return value;
    }

    /// <summary>Reads a text: its length, and its bytes.</summary>
    /// <param name="what">What it is, for the message.</param>
    /// <exception cref="InvalidDataException">The file ends in it, or it is longer than a text can be.</exception>
    public ReadOnlySpan<byte> ReadText(string what)
    {
        ulong bytes = Read<ulong>(what);
        long place = Take(bytes, 1, what);
        return bytes > int.MaxValue
            ? throw FileErrors.Malformed(file, $"{what} says that it has {bytes} bytes; expected at most {int.MaxValue}")
            : new ReadOnlySpan<byte>(start + place, (int)bytes);
    }

    /// <summary>Passes elements; where they begin.</summary>
    /// <param name="count">How many.</param>
    /// <param name="size">Bytes of each.</param>
    /// <param name="what">What they are, for the message.</param>
    /// <exception cref="InvalidDataException">The file ends in them.</exception>
    public long Take(ulong count, int size, string what)
    {
        if (count > (ulong)(length - Position) / (ulong)size)
            throw FileErrors.Malformed(
                file,
                $"{what} takes {count} times {size} bytes from byte {Position} on, but the file has only {length}: it is truncated, or the number is wrong");
        long place = Position;
        Position += (long)count * size;
        return place;
    }
}
