namespace AttentionGen;

/// <summary>An element type of GGUF: its name, and its blocks.</summary>
/// <param name="Name">The name, such as Q8_0.</param>
/// <param name="BlockLength">Elements of a block; a row has whole blocks.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
internal sealed record GgufTensorType(string Name, int BlockLength, int BlockBytes)
{
    /// <summary>The types that can be read as float32, for messages.</summary>
    public const string Readable = "F64, F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K";

    // By number, as the format has given them out; numbers of types that were given up are free.
    private static readonly GgufTensorType?[] All =
    [
        new("F32", 1, 4), new("F16", 1, 2), new("Q4_0", 32, 18), new("Q4_1", 32, 20), null, null, new("Q5_0", 32, 22), new("Q5_1", 32, 24),
        new("Q8_0", 32, 34), new("Q8_1", 32, 36), new("Q2_K", 256, 84), new("Q3_K", 256, 110), new("Q4_K", 256, 144), new("Q5_K", 256, 176),
        new("Q6_K", 256, 210), new("Q8_K", 256, 292), new("IQ2_XXS", 256, 66), new("IQ2_XS", 256, 74), new("IQ3_XXS", 256, 98), new("IQ1_S", 256, 50),
        new("IQ4_NL", 32, 18), new("IQ3_S", 256, 110), new("IQ2_S", 256, 82), new("IQ4_XS", 256, 136), new("I8", 1, 1), new("I16", 1, 2),
        new("I32", 1, 4), new("I64", 1, 8), new("F64", 1, 8), new("IQ1_M", 256, 56), new("BF16", 1, 2), null, null, null, new("TQ1_0", 256, 54),
        new("TQ2_0", 256, 66), null, null, null, new("MXFP4", 32, 17),
    ];

    /// <summary>In which format weights keep rows of this type; null where they cannot.</summary>
    public WeightFormat? Format => Name switch
    {
        "F32" => WeightFormat.Float32,
        "F16" => WeightFormat.Float16,
        "BF16" => WeightFormat.BFloat16,
        "Q8_0" => WeightFormat.Int8Blocks,
        "Q4_0" => WeightFormat.Int4Blocks,
        _ => null,
    };

    /// <summary>Whether elements can be read as float32.</summary>
    public bool IsReadable => Format is not null || Name is "F64" or "Q4_1" or "Q5_0" or "Q5_1" or "Q4_K" or "Q5_K" or "Q6_K";

    /// <summary>The type of a number, or null where the number means none that is known.</summary>
    public static GgufTensorType? Of(uint number) => number < (uint)All.Length ? All[number] : null;

    /// <summary>The number of the type that stores rows of a format; GGUF has none for <see cref="WeightFormat.Int8"/>.</summary>
    public static uint NumberOf(WeightFormat format) => (uint)Array.FindIndex(All, type => type?.Format == format);
}
