using System.Buffers.Binary;

namespace AttentionGen;

/// <summary>
/// Reads blocks of the types that weights do not keep: integers of 4 to 6 bits, a float16 scale d, and mostly a minimum m. Blocks of 256 have a second
/// level of scales. The layouts are those of llama.cpp's ggml-common.h.
/// </summary>
internal static class GgufBlocks
{
    // Weights with one scale of the second level.
    private const int Group = 32, SmallGroup = 16;

    /// <summary>Reads whole blocks.</summary>
    /// <param name="type">Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="values">The numbers.</param>
    public static void Dequantize(GgufTensorType type, ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; !blocks.IsEmpty; blocks = blocks[type.BlockBytes..], values = values[type.BlockLength..])
        {
            ReadOnlySpan<byte> block = blocks[..type.BlockBytes];
            Span<float> numbers = values[..type.BlockLength];
            switch (type.Name)
            {
                case "Q4_1":
                    ReadQ4Minimum(block, numbers);
                    break;
                case "Q5_0":
                    ReadQ5(block, numbers);
                    break;
                case "Q5_1":
                    ReadQ5Minimum(block, numbers);
                    break;
                case "Q4_K":
                    ReadGroups(block, block[16..], [], numbers);
                    break;
                case "Q5_K":
                    ReadGroups(block, block[48..], block[16..48], numbers);
                    break;
                default:
                    ReadQ6Groups(block, numbers);
                    break;
            }
        }
    }

    /// <summary>Q4_1: d, m, 32 integers q of 4 bits; d·q + m.</summary>
    private static void ReadQ4Minimum(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        (float scale, float minimum) = (Number(block, 0), Number(block, 2));
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = (scale * FourBits(block[4..], i)) + minimum;
    }

    /// <summary>Q5_0: d, the fifth bits, 32 integers q of 4 further bits; d·(q − 16).</summary>
    private static void ReadQ5(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        (float scale, uint fifth) = (Number(block, 0), BinaryPrimitives.ReadUInt32LittleEndian(block[2..]));
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = scale * ((FourBits(block[6..], i) | ((int)(fifth >> i) & 1) << 4) - 16);
    }

    /// <summary>Q5_1: d, m, the fifth bits, 32 integers q of 4 further bits; d·q + m.</summary>
    private static void ReadQ5Minimum(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        (float scale, float minimum, uint fifth) = (Number(block, 0), Number(block, 2), BinaryPrimitives.ReadUInt32LittleEndian(block[4..]));
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = (scale * (FourBits(block[8..], i) | ((int)(fifth >> i) & 1) << 4)) + minimum;
    }

    /// <summary>
    /// Q4_K and Q5_K: d, dmin, eight scales s and minima m of 6 bits, for Q5_K the fifth bits, and 256 integers q; (d·s)·q − dmin·m. Two groups share
    /// bytes: the first has the lower halves.
    /// </summary>
    private static void ReadGroups(ReadOnlySpan<byte> block, ReadOnlySpan<byte> integers, ReadOnlySpan<byte> fifth, Span<float> numbers)
    {
        (float outerScale, float outerMinimum) = (Number(block, 0), Number(block, 2));
        for (int group = 0; group < numbers.Length / Group; group++)
        {
            (int groupScale, int groupMinimum) = GroupScale(block.Slice(4, 12), group);
            (float scale, float minimum) = (outerScale * groupScale, outerMinimum * groupMinimum);
            ReadOnlySpan<byte> shared = integers.Slice(group / 2 * Group, Group);
            for (int i = 0; i < Group; i++)
            {
                int integer = (shared[i] >> (group % 2 * 4)) & 15;
                if (!fifth.IsEmpty)
                    integer |= ((fifth[i] >> group) & 1) << 4;
                numbers[(group * Group) + i] = (scale * integer) - minimum;
            }
        }
    }

    /// <summary>Eight pairs of 6 bits in 12 bytes: the last four pairs have their upper two bits in the bytes of the first four.</summary>
    private static (int Scale, int Minimum) GroupScale(ReadOnlySpan<byte> packed, int group) => group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : ((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));

    /// <summary>Q6_K: the lower 4 bits of 256 integers q, their upper 2 bits, 16 scales s of 8 bits, and d; (d·s)·(q − 32).</summary>
    private static void ReadQ6Groups(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        ReadOnlySpan<byte> lower = block[..128], upper = block.Slice(128, 64), scales = block.Slice(192, 16);
        float outerScale = Number(block, 208);
        for (int i = 0; i < numbers.Length; i++)
        {
            // In each half of 128: two runs of 32 in the lower halves of 64 bytes, and two in the upper halves.
            (int half, int run, int place) = (i / 128, i % 128 / Group, i % Group);
            int low = (lower[(half * 64) + (run % 2 * Group) + place] >> (run / 2 * 4)) & 15;
            int high = (upper[(half * Group) + place] >> (run * 2)) & 3;
            numbers[i] = outerScale * (sbyte)scales[i / SmallGroup] * ((low | (high << 4)) - 32);
        }
    }

    /// <summary>Integer i of 32: the first 16 in the lower halves of bytes, the others in the upper halves.</summary>
    private static int FourBits(ReadOnlySpan<byte> pairs, int i) => (pairs[i % 16] >> (i / 16 * 4)) & 15;

    private static float Number(ReadOnlySpan<byte> block, int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);
}
