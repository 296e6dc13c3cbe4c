using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AttentionGen;

/// <summary>The element types that can be read as float32.</summary>
internal static unsafe class SafetensorsNumbers
{
    /// <summary>The types, for messages.</summary>
    public const string Readable = "F64, F32, F16, BF16, F8_E4M3 and F8_E5M2";

    /// <summary>Bytes of an element, or 0 where the type cannot be read.</summary>
    public static int ByteCount(string type) => type switch
    {
        "F64" => 8,
        "F32" => 4,
        "F16" or "BF16" => 2,
        "F8_E4M3" or "F8_E5M2" => 1,
        _ => 0,
    };

    /// <summary>Converts elements; the result is the index of the first that float32 cannot hold though it is finite, or -1.</summary>
    /// <param name="type">A type that can be read.</param>
    /// <param name="source">As many elements as <paramref name="destination"/> has, at any address.</param>
    /// <param name="destination">The numbers.</param>
    public static int Convert(string type, byte* source, Span<float> destination)
    {
        switch (type)
        {
            case "F64":
                for (nint i = 0; i < destination.Length; i++)
                {
                    double value = BitConverter.UInt64BitsToDouble(LittleEndian(Unsafe.ReadUnaligned<ulong>(source + (8 * i))));
                    destination[(int)i] = (float)value;
                    if (double.IsFinite(value) && !float.IsFinite((float)value))
                        return (int)i;
                }

                break;
            case "F32":
                for (nint i = 0; i < destination.Length; i++)
                    destination[(int)i] = BitConverter.UInt32BitsToSingle(LittleEndian(Unsafe.ReadUnaligned<uint>(source + (4 * i))));
                break;
            case "F16":
                for (nint i = 0; i < destination.Length; i++)
                    destination[(int)i] = (float)BitConverter.UInt16BitsToHalf(LittleEndian(Unsafe.ReadUnaligned<ushort>(source + (2 * i))));
                break;
            case "BF16":
                for (nint i = 0; i < destination.Length; i++)
                    destination[(int)i] = BitConverter.UInt32BitsToSingle((uint)LittleEndian(Unsafe.ReadUnaligned<ushort>(source + (2 * i))) << 16);
                break;
            case "F8_E4M3":
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = FourExponentBits(source[i]);
                break;
            case "F8_E5M2":
                // The upper byte of an F16.
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = (float)BitConverter.UInt16BitsToHalf((ushort)(source[i] << 8));
                break;
        }

        return -1;
    }

    /// <summary>
    /// E4M3 without infinities (Micikevicius et al. 2022, "FP8 formats for deep learning"): the exponent's bias is 7, and all bits set are NaN.
    /// </summary>
    private static float FourExponentBits(byte bits)
    {
        int exponent = (bits >> 3) & 15, fraction = bits & 7;
        float magnitude = (bits & 127) == 127 ? float.NaN
            : exponent == 0 ? fraction * (1f / 512)
            : BitConverter.Int32BitsToSingle(((exponent + 120) << 23) | (fraction << 20));
        return bits < 128 ? magnitude : -magnitude;
    }

    private static ulong LittleEndian(ulong value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    private static uint LittleEndian(uint value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    private static ushort LittleEndian(ushort value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
}
