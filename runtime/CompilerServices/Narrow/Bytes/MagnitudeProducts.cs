using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>AVX-512BW without AVX-VNNI: <see cref="Avx2Products"/> in vectors of 512 bits.</summary>
internal readonly struct Avx512Products(Vector512<int> lanes) : IByteProducts<Avx512Products>
{
    private readonly Vector512<int> lanes = lanes;

    public static int Lanes => 16;

    public static bool ReadsMagnitudes => true;

    public static int ByteOffset => 0;

    public static Avx512Products Ones => new(Vector512.Create(InputMagnitudes.Ones()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Products Create(int sum) => new(Vector512.Create(sum));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Products Load(ref byte words) => new(Vector512.LoadUnsafe(ref words).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Products Broadcast(ref sbyte inputs) => new(Vector512.Create(Unsafe.ReadUnaligned<int>(ref Unsafe.As<sbyte, byte>(ref inputs))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Products Flips(ref sbyte inputs) => Broadcast(ref Unsafe.Add(ref inputs, InputMagnitudes.FlipsOffset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Products AddBytes(
        Avx512Products sums, in Avx512Products words, in Avx512Products inputs, in Avx512Products flips, in Avx512Products ones)
    {
        Vector512<short> pairs = Avx512BW.MultiplyAddAdjacent(inputs.lanes.AsByte(), (words.lanes ^ flips.lanes).AsSByte());
        return new(sums.lanes + Avx512BW.MultiplyAddAdjacent(pairs, ones.lanes.AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Products Sum(Avx512Products left, Avx512Products right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref int target) => lanes.StoreUnsafe(ref target);
}

/// <summary>
/// AVX2: pairs of products are summed in 16 bits, which saturates. So the weight takes the input's sign: two products of at most 128 · 127 are 32,512, and
/// 16 bits hold 32,767.
/// </summary>
internal readonly struct Avx2Products(Vector256<int> lanes) : IByteProducts<Avx2Products>
{
    private readonly Vector256<int> lanes = lanes;

    public static int Lanes => 8;

    public static bool ReadsMagnitudes => true;

    public static int ByteOffset => 0;

    public static Avx2Products Ones => new(Vector256.Create(InputMagnitudes.Ones()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Products Create(int sum) => new(Vector256.Create(sum));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Products Load(ref byte words) => new(Vector256.LoadUnsafe(ref words).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Products Broadcast(ref sbyte inputs) => new(Vector256.Create(Unsafe.ReadUnaligned<int>(ref Unsafe.As<sbyte, byte>(ref inputs))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Products Flips(ref sbyte inputs) => Broadcast(ref Unsafe.Add(ref inputs, InputMagnitudes.FlipsOffset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Products AddBytes(
        Avx2Products sums, in Avx2Products words, in Avx2Products inputs, in Avx2Products flips, in Avx2Products ones)
    {
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(inputs.lanes.AsByte(), (words.lanes ^ flips.lanes).AsSByte());
        return new(sums.lanes + Avx2.MultiplyAddAdjacent(pairs, ones.lanes.AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Products Sum(Avx2Products left, Avx2Products right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref int target) => lanes.StoreUnsafe(ref target);
}
