namespace AttentionGen;

/// <summary>The types of metadata, by the numbers of the format.</summary>
internal enum GgufValueType
{
    UInt8,
    Int8,
    UInt16,
    Int16,
    UInt32,
    Int32,
    Float32,
    Boolean,
    String,
    Array,
    UInt64,
    Int64,
    Float64,
}

/// <summary>Where a value of the metadata stands: behind its type, and for an array behind its length.</summary>
/// <param name="Type">The type; of an array that of its elements.</param>
/// <param name="Start">Where the first element begins.</param>
/// <param name="Count">Elements of an array, or -1 for a single value.</param>
internal readonly record struct GgufValue(GgufValueType Type, long Start, long Count)
{
    /// <summary>What it takes in a dictionary that was made for it, with its bucket; tables are up to a fifth longer than was asked for.</summary>
    public const long SlotBytes = 64;

    public bool IsArray => Count >= 0;

    /// <summary>Elements of an array, or 1.</summary>
    public long Elements => IsArray ? Count : 1;

    /// <summary>Bytes of an element; 0 for a string, which says itself how long it is, and for an array.</summary>
    public static int ByteCount(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    /// <summary>The type as text, for messages.</summary>
    public string Describe()
    {
        string type = Type switch { GgufValueType.String => "text", GgufValueType.Boolean => "bool", _ => Type.ToString().ToLowerInvariant() };
        return IsArray ? $"an array of {Count} elements of type {type}" : $"of type {type}";
    }
}
