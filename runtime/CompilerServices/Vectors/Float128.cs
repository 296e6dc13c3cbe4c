using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>4 lanes of float32.</summary>
internal readonly struct Float128(Vector128<float> lanes) : IFloatVector<Float128>
{
    private readonly Vector128<float> lanes = lanes;

    public static int Lanes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 Load(ref float source, nint offset) => new(Vector128.LoadUnsafe(ref source, (nuint)offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float target, nint offset) => lanes.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 operator +(Float128 left, Float128 right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 operator -(Float128 left, Float128 right) => new(left.lanes - right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 operator *(Float128 left, Float128 right) => new(left.lanes * right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 operator /(Float128 left, Float128 right) => new(left.lanes / right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 MultiplyAdd(Float128 left, Float128 right, Float128 addend) =>
        new(Vector128.MultiplyAddEstimate(left.lanes, right.lanes, addend.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 MultiplySubtract(Float128 left, Float128 right, Float128 addend) =>
        new(Vector128.MultiplyAddEstimate(-left.lanes, right.lanes, addend.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 AtMost(Float128 bound, Float128 values) => new(Vector128.MinNative(bound.lanes, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 AtLeast(Float128 bound, Float128 values) => new(Vector128.MaxNative(bound.lanes, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 Abs(Float128 values) => new(Vector128.Abs(values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 NegativeToZero(Float128 values) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(values.lanes, Vector128<float>.Zero), Vector128<float>.Zero, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 PowerFromLowBits(Float128 values) => new(Vector128.ShiftLeft(values.lanes.AsInt32(), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 FromBits(uint bits) => new(Vector128.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 LoadBits(ref byte source, nint offset) => new(Vector128.LoadUnsafe(ref source, (nuint)offset).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 LoadHalfBits(ref byte source, nint offset) =>
        new(Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, offset))).AsUInt16()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 ShiftLeft(Float128 values, int bits) => new(Vector128.ShiftLeft(values.lanes.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 ShiftRight(Float128 values, int bits) => new(Vector128.ShiftRightLogical(values.lanes.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 ShiftRightArithmetic(Float128 values, int bits) => new(Vector128.ShiftRightArithmetic(values.lanes.AsInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 operator &(Float128 left, Float128 right) => new((left.lanes.AsUInt32() & right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 operator |(Float128 left, Float128 right) => new((left.lanes.AsUInt32() | right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 operator ^(Float128 left, Float128 right) => new((left.lanes.AsUInt32() ^ right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 WidenHalves(Float128 values)
    {
        Vector128<uint> bits = values.lanes.AsUInt32();
        Vector128<uint> magnitude = Vector128.ShiftLeft(bits, 13) & Vector128.Create(0x0FFF_E000u);
        Vector128<uint> normal = magnitude + Vector128.Create(0x3800_0000u);
        // The largest exponent is that of infinities and NaN, and must become the largest one.
        normal += Vector128.GreaterThan(magnitude.AsInt32(), Vector128.Create(0x0F7F_FFFF)).AsUInt32() & Vector128.Create(0x3800_0000u);
        // A subnormal half is a multiple of 2^-24: with the exponent of 2^-14 it is that much too large.
        Vector128<float> subnormal = (magnitude + Vector128.Create(0x3880_0000u)).AsSingle() - Vector128.Create(6.103515625e-5f);
        Vector128<uint> value = Vector128.ConditionalSelect(
            Vector128.LessThan(magnitude.AsInt32(), Vector128.Create(0x0080_0000)).AsUInt32(), subnormal.AsUInt32(), normal);
        return new((value | (Vector128.ShiftLeft(bits, 16) & Vector128.Create(0x8000_0000u))).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 FromIntegers(Float128 integers) => new(Vector128.ConvertToSingle(integers.lanes.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 ToIntegers(Float128 values) => new(Vector128.ConvertToInt32Native(Vector128.Round(values.lanes)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 AddIntegers(Float128 left, Float128 right) => new((left.lanes.AsInt32() + right.lanes.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float128 LargerInteger(Float128 left, Float128 right) => new(Vector128.Max(left.lanes.AsInt32(), right.lanes.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Float128 values, ref sbyte target, nint offset)
    {
        Vector128<short> shorts = Vector128.Narrow(values.lanes.AsInt32(), Vector128<int>.Zero);
        Unsafe.WriteUnaligned(
            ref Unsafe.As<sbyte, byte>(ref Unsafe.Add(ref target, offset)), Vector128.Narrow(shorts, Vector128<short>.Zero).AsInt32().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => lanes[0] + lanes[2] + (lanes[1] + lanes[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SumOfIntegers() => Vector128.Sum(lanes.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int LargestInteger()
    {
        Vector128<int> integers = lanes.AsInt32();
        Vector128<int> pairs = Vector128.Max(integers, Vector128.Shuffle(integers, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
