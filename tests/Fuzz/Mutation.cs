using System.Buffers.Binary;

namespace AttentionGen.Tests.Fuzz;

/// <summary>Damages a file as disks, networks and attackers do: bits, numbers, lengths, and whole pieces.</summary>
internal static class Mutation
{
    private static readonly long[] Numbers =
    [
        0, 1, 2, 3, 255, 256, 65535, 65536, -1, -2, int.MaxValue, int.MinValue, int.MaxValue - 7L, uint.MaxValue, 1L << 32,
        1L << 40, long.MaxValue, long.MinValue, long.MaxValue / 4, 100_000_000, 1 << 20, (1 << 20) + 1,
    ];

    /// <summary>A damaged copy.</summary>
    public static byte[] Apply(byte[] original, Random random)
    {
        byte[] file = [.. original];
        for (int left = 1 + random.Next(4); left > 0 && file.Length > 0; left--)
            file = Once(file, random);
        return file;
    }

    private static byte[] Once(byte[] file, Random random)
    {
        // Headers are small and stand in front: half of the damage goes there.
        int place = random.Next(2) == 0 ? random.Next(file.Length) : random.Next(Math.Min(file.Length, 512));
        int length = 1 + random.Next(Math.Min(64, file.Length - place));
        switch (random.Next(9))
        {
            case 0:
                file[place] ^= (byte)(1 << random.Next(8));
                return file;
            case 1:
                file[place] = (byte)random.Next(256);
                return file;
            case 2:
                Write(file, place, Numbers[random.Next(Numbers.Length)], 1 << random.Next(4));
                return file;
            case 3:
                Write(file, place & ~3, Numbers[random.Next(Numbers.Length)], 4);
                return file;
            case 4:
                return file[..place];
            case 5:
                var longer = new byte[file.Length + length];
                file.CopyTo(longer, 0);
                random.NextBytes(longer.AsSpan(file.Length));
                return longer;
            case 6:
                return [.. file[..place], .. file[(place + length)..]];
            case 7:
                return [.. file[..(place + length)], .. file[place..]];
            default:
                return ReplaceDigits(file, place, random);
        }
    }

    private static void Write(byte[] file, int place, long number, int size)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        bytes[..Math.Min(size, file.Length - place)].CopyTo(file.AsSpan(place));
    }

    /// <summary>The next number that is written in digits becomes another one.</summary>
    private static byte[] ReplaceDigits(byte[] file, int place, Random random)
    {
        int begin = place;
        while (begin < file.Length && !char.IsAsciiDigit((char)file[begin]))
            begin++;
        int end = begin;
        while (end < file.Length && char.IsAsciiDigit((char)file[end]))
            end++;
        return [.. file[..begin], .. System.Text.Encoding.ASCII.GetBytes($"{Numbers[random.Next(Numbers.Length)]}"), .. file[end..]];
    }
}
