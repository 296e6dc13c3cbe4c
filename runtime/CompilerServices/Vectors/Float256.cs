using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>8 lanes of float32.</summary>
internal readonly struct Float256(Vector256<float> lanes) : IFloatVector<Float256>
{
    private readonly Vector256<float> lanes = lanes;

    public static int Lanes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 Load(ref float source, nint offset) => new(Vector256.LoadUnsafe(ref source, (nuint)offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float target, nint offset) => lanes.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 operator +(Float256 left, Float256 right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 operator -(Float256 left, Float256 right) => new(left.lanes - right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 operator *(Float256 left, Float256 right) => new(left.lanes * right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 operator /(Float256 left, Float256 right) => new(left.lanes / right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 MultiplyAdd(Float256 left, Float256 right, Float256 addend) =>
        new(Vector256.MultiplyAddEstimate(left.lanes, right.lanes, addend.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 MultiplySubtract(Float256 left, Float256 right, Float256 addend) =>
        new(Vector256.MultiplyAddEstimate(-left.lanes, right.lanes, addend.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 AtMost(Float256 bound, Float256 values) => new(Vector256.MinNative(bound.lanes, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 AtLeast(Float256 bound, Float256 values) => new(Vector256.MaxNative(bound.lanes, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 Abs(Float256 values) => new(Vector256.Abs(values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 NegativeToZero(Float256 values) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(values.lanes, Vector256<float>.Zero), Vector256<float>.Zero, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 PowerFromLowBits(Float256 values) => new(Vector256.ShiftLeft(values.lanes.AsInt32(), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 FromBits(uint bits) => new(Vector256.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 LoadBits(ref byte source, nint offset) => new(Vector256.LoadUnsafe(ref source, (nuint)offset).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 LoadHalfBits(ref byte source, nint offset) =>
        new(Vector256.WidenLower(Vector128.LoadUnsafe(ref source, (nuint)offset).AsUInt16().ToVector256Unsafe()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 ShiftLeft(Float256 values, int bits) => new(Vector256.ShiftLeft(values.lanes.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 ShiftRight(Float256 values, int bits) => new(Vector256.ShiftRightLogical(values.lanes.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 ShiftRightArithmetic(Float256 values, int bits) => new(Vector256.ShiftRightArithmetic(values.lanes.AsInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 operator &(Float256 left, Float256 right) => new((left.lanes.AsUInt32() & right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 operator |(Float256 left, Float256 right) => new((left.lanes.AsUInt32() | right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 operator ^(Float256 left, Float256 right) => new((left.lanes.AsUInt32() ^ right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 WidenHalves(Float256 values)
    {
        Vector256<uint> bits = values.lanes.AsUInt32();
        Vector256<uint> magnitude = Vector256.ShiftLeft(bits, 13) & Vector256.Create(0x0FFF_E000u);
        Vector256<uint> normal = magnitude + Vector256.Create(0x3800_0000u);
        // The largest exponent is that of infinities and NaN, and must become the largest one.
        normal += Vector256.GreaterThan(magnitude.AsInt32(), Vector256.Create(0x0F7F_FFFF)).AsUInt32() & Vector256.Create(0x3800_0000u);
        // A subnormal half is a multiple of 2^-24: with the exponent of 2^-14 it is that much too large.
        Vector256<float> subnormal = (magnitude + Vector256.Create(0x3880_0000u)).AsSingle() - Vector256.Create(6.103515625e-5f);
        Vector256<uint> value = Vector256.ConditionalSelect(
            Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(0x0080_0000)).AsUInt32(), subnormal.AsUInt32(), normal);
        return new((value | (Vector256.ShiftLeft(bits, 16) & Vector256.Create(0x8000_0000u))).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 FromIntegers(Float256 integers) => new(Vector256.ConvertToSingle(integers.lanes.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 ToIntegers(Float256 values) => new(
        (Avx.IsSupported ? Avx.ConvertToVector256Int32(values.lanes) : Vector256.ConvertToInt32Native(Vector256.Round(values.lanes))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 AddIntegers(Float256 left, Float256 right) => new((left.lanes.AsInt32() + right.lanes.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float256 LargerInteger(Float256 left, Float256 right) => new(Vector256.Max(left.lanes.AsInt32(), right.lanes.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Float256 values, ref sbyte target, nint offset)
    {
        Vector128<short> shorts = Vector128.Narrow(values.lanes.GetLower().AsInt32(), values.lanes.GetUpper().AsInt32());
        Unsafe.WriteUnaligned(
            ref Unsafe.As<sbyte, byte>(ref Unsafe.Add(ref target, offset)), Vector128.Narrow(shorts, Vector128<short>.Zero).AsInt64().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => new Float128(lanes.GetLower() + lanes.GetUpper()).Sum();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SumOfIntegers() => new Float128((lanes.GetLower().AsInt32() + lanes.GetUpper().AsInt32()).AsSingle()).SumOfIntegers();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int LargestInteger() => new Float128(Vector128.Max(lanes.GetLower().AsInt32(), lanes.GetUpper().AsInt32()).AsSingle()).LargestInteger();
}
