using System.Numerics;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw 2011): two random numbers of 32 bits from a key and a counter. It needs no state and no
/// multiplication, so every vector width computes the same numbers.
/// </summary>
internal static class Threefry
{
    private const uint Parity = 0x1BD11BDA;

    /// <summary>The numbers of one counter.</summary>
    public static (uint First, uint Second) Block(uint key0, uint key1, uint counter0, uint counter1)
    {
        uint key2 = Parity ^ key0 ^ key1, first = counter0 + key0, second = counter1 + key1;
        for (uint group = 0; group < 5; group++)
        {
            (int a, int b, int c, int d) = group % 2 == 0 ? (13, 15, 26, 6) : (17, 29, 16, 24);
            Round(ref first, ref second, a);
            Round(ref first, ref second, b);
            Round(ref first, ref second, c);
            Round(ref first, ref second, d);
            (uint injected0, uint injected1) = (group % 3) switch { 0 => (key1, key2), 1 => (key2, key0), _ => (key0, key1) };
            first += injected0;
            second += injected1 + group + 1;
        }

        return (first, second);
    }

    /// <summary>The numbers of as many counters as a vector has lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Blocks<T>(T key0, T key1, ref T first, ref T second)
        where T : struct, IFloatVector<T>
    {
        T key2 = T.FromBits(Parity) ^ key0 ^ key1, one = T.FromBits(1);
        first = T.AddIntegers(first, key0);
        second = T.AddIntegers(second, key1);
        EvenRounds(ref first, ref second);
        Inject(ref first, ref second, key1, T.AddIntegers(key2, one));
        OddRounds(ref first, ref second);
        Inject(ref first, ref second, key2, T.AddIntegers(key0, T.FromBits(2)));
        EvenRounds(ref first, ref second);
        Inject(ref first, ref second, key0, T.AddIntegers(key1, T.FromBits(3)));
        OddRounds(ref first, ref second);
        Inject(ref first, ref second, key1, T.AddIntegers(key2, T.FromBits(4)));
        EvenRounds(ref first, ref second);
        Inject(ref first, ref second, key2, T.AddIntegers(key0, T.FromBits(5)));
    }

    private static void Round(ref uint first, ref uint second, int bits)
    {
        first += second;
        second = BitOperations.RotateLeft(second, bits) ^ first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EvenRounds<T>(ref T first, ref T second)
        where T : struct, IFloatVector<T>
    {
        Round(ref first, ref second, 13);
        Round(ref first, ref second, 15);
        Round(ref first, ref second, 26);
        Round(ref first, ref second, 6);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OddRounds<T>(ref T first, ref T second)
        where T : struct, IFloatVector<T>
    {
        Round(ref first, ref second, 17);
        Round(ref first, ref second, 29);
        Round(ref first, ref second, 16);
        Round(ref first, ref second, 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round<T>(ref T first, ref T second, int bits)
        where T : struct, IFloatVector<T>
    {
        first = T.AddIntegers(first, second);
        second = (T.ShiftLeft(second, bits) | T.ShiftRight(second, 32 - bits)) ^ first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Inject<T>(ref T first, ref T second, T toFirst, T toSecond)
        where T : struct, IFloatVector<T>
    {
        first = T.AddIntegers(first, toFirst);
        second = T.AddIntegers(second, toSecond);
    }
}
