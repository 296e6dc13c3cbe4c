using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace AttentionGen;

/// <summary>A tensor's description, and where its bytes stand. Its dimensions stand among those of its header.</summary>
internal readonly record struct GgufEntry(string Name, GgufTensorType Type, int FirstDimension, int Rank, long Begin, long Bytes);

/// <summary>
/// The header of a GGUF file: version, metadata, and a description of each tensor. It is walked through twice: to count and check, and to make objects.
/// Everything is checked here once, so that reading a tensor needs no checks.
/// </summary>
internal sealed unsafe class GgufHeader
{
    private const string AlignmentKey = "general.alignment";
    private const uint StandardAlignment = 32, FirstVersion = 2, LastVersion = 3;
    private const string KeyOfMetadata = "a key of the metadata", NameOfTensor = "the name of a tensor";
    private const int MaxRank = 4;

    // What a tensor takes at most: its name, its entry, its place in the dictionary and its place among the names. A value: its key and its places.
    private const long StringBytes = 28, TensorBytes = StringBytes + 48 + 34 + 8, ValueBytes = StringBytes + GgufValue.SlotBytes + 8;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string file;
    private readonly long length;
    private readonly ulong tensors;
    private readonly ulong values;
    private readonly GgufEntry[] entries;
    private readonly long[] dimensions;
    private readonly string[] keys;

    private GgufHeader(string file, byte* start, long length, FileAllowance allowance)
    {
        this.file = file;
        this.length = length;
        var cursor = new GgufCursor(file, start, length);
        CheckMagic(ref cursor, new ReadOnlySpan<byte>(start, (int)Math.Min(length, 64)));
        tensors = cursor.Read<ulong>("the number of tensors");
        values = cursor.Read<ulong>("the number of metadata");

        GgufCursor count = cursor;
        (long keyBytes, long nameBytes, long dimensionCount) = (0, 0, 0);
        for (ulong value = 0; value < values; value++)
        {
            keyBytes += ReadName(ref count, KeyOfMetadata).Length;
            ReadValue(ref count);
        }

        for (ulong tensor = 0; tensor < tensors; tensor++)
        {
            nameBytes += ReadName(ref count, NameOfTensor).Length;
            uint rank = ReadRank(ref count);
            count.Take(rank, sizeof(ulong), "the shape of a tensor");
            count.Take(1, sizeof(uint) + sizeof(ulong), "the type and place of a tensor");
            dimensionCount += rank;
        }

        // Each has taken bytes of the file, so that no number exceeds its length.
        Int128 bytes = ((Int128)tensors * TensorBytes) + ((Int128)values * ValueBytes) + (sizeof(char) * (Int128)(keyBytes + nameBytes))
            + (sizeof(long) * (Int128)dimensionCount);
        allowance.Take((long)Int128.Min(bytes, long.MaxValue), file, $"the header's {tensors} tensors and {values} metadata");
        entries = new GgufEntry[tensors];
        dimensions = new long[dimensionCount];
        keys = new string[values];
        Places = new((int)tensors, StringComparer.Ordinal);
        Values = new((int)values, StringComparer.Ordinal);
        ReadValues(ref cursor);
        ReadEntries(ref cursor, start);
    }

    /// <summary>2 or 3.</summary>
    public uint Version { get; private set; }

    /// <summary>Every tensor in the order of their bytes; those without any by name.</summary>
    public ReadOnlySpan<GgufEntry> InOrder => entries;

    /// <summary>Where in that order the tensor of a name is.</summary>
    public Dictionary<string, int> Places { get; }

    /// <summary>The keys of the metadata, in the order of the file.</summary>
    public string[] Keys => keys;

    /// <summary>The metadata.</summary>
    public Dictionary<string, GgufValue> Values { get; }

    /// <summary>The dimensions of a tensor, the last of which runs fastest.</summary>
    public long[] Shape(GgufEntry entry) => dimensions.AsSpan(entry.FirstDimension, entry.Rank).ToArray();

    /// <summary>Reads the header of a file, and checks it against the file's length.</summary>
    /// <param name="file">The file, for messages.</param>
    /// <param name="start">Its bytes.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="allowance">What the header's objects are taken from.</param>
    /// <exception cref="InvalidDataException">Anything is wrong; the message says where and what.</exception>
    public static GgufHeader Parse(string file, byte* start, long length, FileAllowance allowance) => new(file, start, length, allowance);

    private InvalidDataException MalformedTensor(string name, string what) => FileErrors.Malformed(file, $"tensor {FileErrors.Quoted(name)} {what}");

    private void CheckMagic(ref GgufCursor cursor, ReadOnlySpan<byte> beginning)
    {
        if (!beginning.StartsWith("GGUF"u8))
            throw FileErrors.Malformed(file, FileImpostor.DescribeNoGguf(beginning) ?? "does not begin with 'GGUF', so it is no GGUF file");
        cursor.Take(4, 1, "the name of the format");
        Version = cursor.Read<uint>("the version");
        if (Version is >= FirstVersion and <= LastVersion)
            return;
        throw FileErrors.Malformed(
            file,
            Version != 0 && (Version & ushort.MaxValue) == 0
                ? "is a GGUF file for processors with the other order of bytes; expected a little-endian one"
                : $"has version {Version} of the format; expected {FirstVersion} or {LastVersion}");
    }

    /// <summary>Passes a value, and checks that it is whole.</summary>
    private GgufValue ReadValue(ref GgufCursor cursor)
    {
        GgufValueType type = ReadType(ref cursor);
        long count = -1;
        if (type == GgufValueType.Array)
        {
            type = ReadType(ref cursor);
            ulong elements = cursor.Read<ulong>("the length of an array");
            if (type == GgufValueType.Array)
                throw FileErrors.Malformed(file, "the metadata have an array of arrays, which cannot be read");
            // A string takes 8 bytes at least.
            if (elements > (ulong)length)
                throw FileErrors.Malformed(file, $"the metadata have an array of {elements} elements, but the file has only {length} bytes");
            count = (long)elements;
        }

        var value = new GgufValue(type, cursor.Position, count);
        if (type != GgufValueType.String)
        {
            cursor.Take((ulong)value.Elements, GgufValue.ByteCount(type), "a value of the metadata");
            return value;
        }

        for (long text = 0; text < value.Elements; text++)
            cursor.ReadText("a text of the metadata");
        return value;
    }

    private ReadOnlySpan<byte> ReadName(ref GgufCursor cursor, string what)
    {
        ReadOnlySpan<byte> name = cursor.ReadText(what);
        return name.Length <= ushort.MaxValue
            ? name
            : throw FileErrors.Malformed(file, $"{what}, {FileErrors.Quoted(name)}, has {name.Length} bytes; expected at most {ushort.MaxValue}");
    }

    private GgufValueType ReadType(ref GgufCursor cursor)
    {
        uint type = cursor.Read<uint>("the type of a value");
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw FileErrors.Malformed(file, $"the metadata have a value of the unknown type {type}");
    }

    private uint ReadRank(ref GgufCursor cursor)
    {
        uint rank = cursor.Read<uint>("the number of a tensor's dimensions");
        return rank <= MaxRank ? rank : throw FileErrors.Malformed(file, $"a tensor has {rank} dimensions; expected at most {MaxRank}");
    }

    private void ReadValues(ref GgufCursor cursor)
    {
        for (int value = 0; value < keys.Length; value++)
        {
            keys[value] = Text(ReadName(ref cursor, KeyOfMetadata), KeyOfMetadata);
            if (!Values.TryAdd(keys[value], ReadValue(ref cursor)))
                throw FileErrors.Malformed(file, $"the metadata have {FileErrors.Quoted(keys[value])} twice");
        }
    }

    private void ReadEntries(ref GgufCursor cursor, byte* start)
    {
        long alignment = ReadAlignment(start);
        int used = 0;
        for (int tensor = 0; tensor < entries.Length; tensor++)
        {
            string name = Text(ReadName(ref cursor, NameOfTensor), NameOfTensor);
            int rank = (int)ReadRank(ref cursor);
            // The file has the dimension first that runs fastest.
            for (int dimension = rank - 1; dimension >= 0; dimension--)
                dimensions[used + dimension] = ReadDimension(ref cursor, name);
            uint number = cursor.Read<uint>("the type of a tensor");
            GgufTensorType type = GgufTensorType.Of(number) ?? throw MalformedTensor(name, $"has the unknown type {number}");
            ulong offset = cursor.Read<ulong>("the place of a tensor");
            if (offset % (ulong)alignment != 0)
                throw MalformedTensor(name, $"begins at {offset}; expected a multiple of the alignment, {alignment}");
            // Until all descriptions are read it is not known where the bytes begin that offsets count from.
            long bytes = CountBytes(name, type, dimensions.AsSpan(used, rank));
            entries[tensor] = new GgufEntry(name, type, used, rank, (long)Math.Min(offset, long.MaxValue), bytes);
            used += rank;
        }

        SetPlaces(cursor.Position, alignment);
    }

    private long ReadDimension(ref GgufCursor cursor, string name)
    {
        ulong size = cursor.Read<ulong>("the shape of a tensor");
        return size <= long.MaxValue ? (long)size : throw MalformedTensor(name, $"has a dimension of {size}; expected at most {long.MaxValue}");
    }

    private long CountBytes(string name, GgufTensorType type, ReadOnlySpan<long> shape)
    {
        Int128 elements = 1;
        foreach (long dimension in shape)
        {
            elements *= dimension;
            if (elements > long.MaxValue)
                throw MalformedTensor(name, $"has shape [{string.Join(", ", shape.ToArray())}], which is more elements than can be counted");
        }

        long row = shape.IsEmpty ? 1 : shape[^1];
        if (row % type.BlockLength != 0)
            throw MalformedTensor(name, $"has rows of {row} elements; expected a multiple of {type.BlockLength}, a block of {type.Name}");
        return (long)Int128.Min(elements / type.BlockLength * type.BlockBytes, long.MaxValue);
    }

    private void SetPlaces(long headerBytes, long alignment)
    {
        long dataStart = (headerBytes + alignment - 1) / alignment * alignment, dataBytes = Math.Max(0, length - dataStart);
        entries.AsSpan().Sort(static (first, second) =>
            first.Begin != second.Begin ? first.Begin.CompareTo(second.Begin)
            : first.Bytes != second.Bytes ? first.Bytes.CompareTo(second.Bytes)
            : string.CompareOrdinal(first.Name, second.Name));
        GgufEntry previous = default;
        for (int place = 0; place < entries.Length; place++)
        {
            ref GgufEntry entry = ref entries[place];
            if (!Places.TryAdd(entry.Name, place))
                throw MalformedTensor(entry.Name, "is described twice");
            if (entry.Bytes > 0 && (entry.Begin > dataBytes || entry.Bytes > dataBytes - entry.Begin))
                throw MalformedTensor(
                    entry.Name,
                    $"has {entry.Bytes} bytes from {entry.Begin} on, but only {dataBytes} bytes follow the header: the file is truncated, or a number is "
                        + "wrong");
            if (entry.Bytes > 0 && entry.Begin < previous.Begin + previous.Bytes)
                throw MalformedTensor(entry.Name, $"begins at {entry.Begin}, in the bytes of tensor {FileErrors.Quoted(previous.Name)}");
            if (entry.Bytes > 0)
                previous = entry;
        }

        foreach (ref GgufEntry entry in entries.AsSpan())
            entry = entry with { Begin = entry.Bytes > 0 ? dataStart + entry.Begin : 0 };
    }

    private long ReadAlignment(byte* start)
    {
        if (!Values.TryGetValue(AlignmentKey, out GgufValue value))
            return StandardAlignment;
        if (value.IsArray || value.Type != GgufValueType.UInt32)
            throw FileErrors.Malformed(file, $"'{AlignmentKey}' is {value.Describe()}; expected a uint32");
        uint alignment = Unsafe.ReadUnaligned<uint>(start + value.Start);
        return BitOperations.IsPow2(alignment)
            ? alignment
            : throw FileErrors.Malformed(file, $"'{AlignmentKey}' is {alignment}; expected a power of two");
    }

    private string Text(ReadOnlySpan<byte> text, string what)
    {
        try
        {
            return Strict.GetString(text);
        }
        catch (DecoderFallbackException exception)
        {
            throw FileErrors.Malformed(file, $"{what}, {FileErrors.Quoted(text)}, is not valid UTF-8", exception);
        }
    }
}
