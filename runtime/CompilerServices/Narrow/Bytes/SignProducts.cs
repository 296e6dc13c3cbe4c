using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>
/// AVX2 for blocks, whose few inputs each have a scale: the weight's sign goes to the input in each step, so that nothing is written before the sums. One row
/// that reads its weights from memory is faster so than with magnitudes: 343 tokens of int8 blocks a second against 271, and 590 of int4 blocks against 544
/// (Zen 4, <c>bench -- decode</c>), although magnitudes take fewer instructions.
/// </summary>
internal readonly struct SignProducts(Vector256<int> lanes) : IBlockProducts<SignProducts>
{
    private readonly Vector256<int> lanes = lanes;

    public static int Lanes => 8;

    public static bool ReadsMagnitudes => false;

    public static int ByteOffset => 0;

    public static SignProducts Ones => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts Create(int sum) => new(Vector256.Create(sum));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts Load(ref byte words) => new(Vector256.LoadUnsafe(ref words).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts Broadcast(ref sbyte inputs) => new(Vector256.Create(Unsafe.ReadUnaligned<int>(ref Unsafe.As<sbyte, byte>(ref inputs))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts Flips(ref sbyte inputs) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts LowHalves(SignProducts words) => new(words.lanes & Vector256.Create(0x0F0F0F0F));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts HighHalves(SignProducts words) => new(Vector256.ShiftRightLogical(words.lanes, 4) & Vector256.Create(0x0F0F0F0F));

    /// <remarks>Two products of at most 128 · 127 are 32,512, and 16 bits hold 32,767.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts AddBytes(SignProducts sums, in SignProducts words, in SignProducts inputs, in SignProducts flips, in SignProducts ones)
    {
        Vector256<sbyte> weights = (words.lanes ^ Vector256.Create(unchecked((int)0x80808080))).AsSByte();
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(Avx2.Abs(weights), Avx2.Sign(inputs.lanes.AsSByte(), weights));
        return new(sums.lanes + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts AddHalves(SignProducts sums, in SignProducts halves, in SignProducts inputs) =>
        new(sums.lanes + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(halves.lanes.AsByte(), inputs.lanes.AsSByte()), Vector256<short>.One));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignProducts Sum(SignProducts left, SignProducts right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref int target) => lanes.StoreUnsafe(ref target);
}
