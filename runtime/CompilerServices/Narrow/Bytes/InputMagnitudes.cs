using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Quantised inputs as AVX2 and AVX-512BW multiply them: magnitudes, and what flips the weights of negative inputs. Both instruction sets multiply unsigned
/// bytes by signed ones, and a magnitude is an unsigned byte of seven bits. For a negative input a, |a| · (−w − 1) = a · w − |a|, and −w − 1 is w with all
/// bits flipped. So the sum begins with the magnitudes of the negative inputs.
/// </summary>
internal static class InputMagnitudes
{
    /// <summary>Inputs that are written at once.</summary>
    public const int Block = 512;

    /// <summary>Bytes from a magnitude to its flip.</summary>
    public const int FlipsOffset = Block;

    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 2 * Block;

    // A word holds weights plus 128.
    private const sbyte WeightSign = -128;

    /// <summary>A pair of ones of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Ones() => 0x0001_0001;

    /// <summary>Writes the magnitudes and flips of inputs.</summary>
    /// <param name="inputs">The first input.</param>
    /// <param name="count">Inputs: whole chunks, at most <see cref="Block"/>.</param>
    /// <param name="target">[<see cref="BlockBytes"/>].</param>
    /// <returns>Where the sums begin.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Write(ref sbyte inputs, nint count, ref sbyte target)
    {
        Vector256<ulong> negative = default;
        for (nint k = 0; k < count; k += Vector256<sbyte>.Count)
        {
            Vector256<sbyte> some = Vector256.LoadUnsafe(ref inputs, (nuint)k), magnitudes = Vector256.Abs(some);
            Vector256<sbyte> isNegative = Vector256.LessThan(some, default);
            magnitudes.StoreUnsafe(ref target, (nuint)k);
            (isNegative ^ Vector256.Create(WeightSign)).StoreUnsafe(ref target, (nuint)(FlipsOffset + k));
            negative += Avx2.SumAbsoluteDifferences((magnitudes & isNegative).AsByte(), default).AsUInt64();
        }

        return (int)Vector256.Sum(negative);
    }
}
