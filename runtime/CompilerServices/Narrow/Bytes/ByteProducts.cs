using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>AVX-VNNI: one instruction multiplies and sums 32 bytes.</summary>
internal readonly struct VnniProducts(Vector256<int> lanes) : IBlockProducts<VnniProducts>
{
    private readonly Vector256<int> lanes = lanes;

    public static int Lanes => 8;

    public static bool ReadsMagnitudes => false;

    public static int ByteOffset => 128;

    public static VnniProducts Ones => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts Create(int sum) => new(Vector256.Create(sum));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts Load(ref byte words) => new(Vector256.LoadUnsafe(ref words).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts Broadcast(ref sbyte inputs) => new(Vector256.Create(Unsafe.ReadUnaligned<int>(ref Unsafe.As<sbyte, byte>(ref inputs))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts Flips(ref sbyte inputs) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts LowHalves(VnniProducts words) => new(words.lanes & Vector256.Create(0x0F0F0F0F));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts HighHalves(VnniProducts words) => new(Vector256.ShiftRightLogical(words.lanes, 4) & Vector256.Create(0x0F0F0F0F));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts AddBytes(VnniProducts sums, in VnniProducts words, in VnniProducts inputs, in VnniProducts flips, in VnniProducts ones) =>
        new(AvxVnni.MultiplyWideningAndAdd(sums.lanes, words.lanes.AsByte(), inputs.lanes.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts AddHalves(VnniProducts sums, in VnniProducts halves, in VnniProducts inputs) =>
        AddBytes(sums, halves, inputs, default, default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniProducts Sum(VnniProducts left, VnniProducts right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref int target) => lanes.StoreUnsafe(ref target);
}

/// <summary>Arm64 with its dot product of signed bytes.</summary>
internal readonly struct ArmProducts(Vector128<int> lanes) : IBlockProducts<ArmProducts>
{
    private readonly Vector128<int> lanes = lanes;

    public static int Lanes => 4;

    public static bool ReadsMagnitudes => false;

    public static int ByteOffset => 0;

    public static ArmProducts Ones => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts Create(int sum) => new(Vector128.Create(sum));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts Load(ref byte words) => new(Vector128.LoadUnsafe(ref words).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts Broadcast(ref sbyte inputs) => new(Vector128.Create(Unsafe.ReadUnaligned<int>(ref Unsafe.As<sbyte, byte>(ref inputs))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts Flips(ref sbyte inputs) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts LowHalves(ArmProducts words) => new(words.lanes & Vector128.Create(0x0F0F0F0F));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts HighHalves(ArmProducts words) => new(Vector128.ShiftRightLogical(words.lanes, 4) & Vector128.Create(0x0F0F0F0F));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts AddBytes(ArmProducts sums, in ArmProducts words, in ArmProducts inputs, in ArmProducts flips, in ArmProducts ones) =>
        new(Dp.DotProduct(sums.lanes, (words.lanes ^ Vector128.Create(unchecked((int)0x80808080))).AsSByte(), inputs.lanes.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts AddHalves(ArmProducts sums, in ArmProducts halves, in ArmProducts inputs) =>
        new(Dp.DotProduct(sums.lanes, halves.lanes.AsSByte(), inputs.lanes.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmProducts Sum(ArmProducts left, ArmProducts right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref int target) => lanes.StoreUnsafe(ref target);
}

/// <summary>Any processor: bytes are widened to 16 and 32 bits.</summary>
internal readonly struct PlainProducts(Vector128<int> lanes) : IBlockProducts<PlainProducts>
{
    private readonly Vector128<int> lanes = lanes;

    public static int Lanes => 4;

    public static bool ReadsMagnitudes => false;

    public static int ByteOffset => 0;

    public static PlainProducts Ones => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts Create(int sum) => new(Vector128.Create(sum));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts Load(ref byte words) => new(Vector128.LoadUnsafe(ref words).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts Broadcast(ref sbyte inputs) => new(Vector128.Create(Unsafe.ReadUnaligned<int>(ref Unsafe.As<sbyte, byte>(ref inputs))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts Flips(ref sbyte inputs) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts LowHalves(PlainProducts words) => new(words.lanes & Vector128.Create(0x0F0F0F0F));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts HighHalves(PlainProducts words) => new(Vector128.ShiftRightLogical(words.lanes, 4) & Vector128.Create(0x0F0F0F0F));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts AddBytes(PlainProducts sums, in PlainProducts words, in PlainProducts inputs, in PlainProducts flips, in PlainProducts ones) =>
        Add(sums, (words.lanes ^ Vector128.Create(unchecked((int)0x80808080))).AsSByte(), inputs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts AddHalves(PlainProducts sums, in PlainProducts halves, in PlainProducts inputs) => Add(sums, halves.lanes.AsSByte(), inputs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainProducts Sum(PlainProducts left, PlainProducts right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref int target) => lanes.StoreUnsafe(ref target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PlainProducts Add(PlainProducts sums, Vector128<sbyte> weights, PlainProducts inputs)
    {
        (Vector128<short> weightsLow, Vector128<short> weightsHigh) = Vector128.Widen(weights);
        (Vector128<short> inputsLow, Vector128<short> inputsHigh) = Vector128.Widen(inputs.lanes.AsSByte());
        if (Sse2.IsSupported)
        {
            // Sums of two products; those of a column are neighbours.
            Vector128<int> low = Sse2.MultiplyAddAdjacent(weightsLow, inputsLow), high = Sse2.MultiplyAddAdjacent(weightsHigh, inputsHigh);
            return new(sums.lanes + SumOfNeighbours(low, high));
        }

        // A product of two bytes fits into 16 bits.
        (Vector128<int> first, Vector128<int> second) = Vector128.Widen(weightsLow * inputsLow);
        (Vector128<int> third, Vector128<int> fourth) = Vector128.Widen(weightsHigh * inputsHigh);
        return new(sums.lanes + SumOfNeighbours(SumOfNeighbours(first, second), SumOfNeighbours(third, fourth)));
    }

    /// <summary>(a0 + a1, a2 + a3, b0 + b1, b2 + b3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> SumOfNeighbours(Vector128<int> a, Vector128<int> b)
    {
        Vector128<int> evenA = Vector128.Shuffle(a, Vector128.Create(0, 2, 0, 2)), evenB = Vector128.Shuffle(b, Vector128.Create(0, 2, 0, 2));
        Vector128<int> oddA = Vector128.Shuffle(a, Vector128.Create(1, 3, 1, 3)), oddB = Vector128.Shuffle(b, Vector128.Create(1, 3, 1, 3));
        return Vector128.Create(evenA.GetLower(), evenB.GetLower()) + Vector128.Create(oddA.GetLower(), oddB.GetLower());
    }
}
