using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>16 lanes of float32.</summary>
internal readonly struct Float512(Vector512<float> lanes) : IFloatVector<Float512>
{
    private readonly Vector512<float> lanes = lanes;

    public static int Lanes => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 Load(ref float source, nint offset) => new(Vector512.LoadUnsafe(ref source, (nuint)offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float target, nint offset) => lanes.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 operator +(Float512 left, Float512 right) => new(left.lanes + right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 operator -(Float512 left, Float512 right) => new(left.lanes - right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 operator *(Float512 left, Float512 right) => new(left.lanes * right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 operator /(Float512 left, Float512 right) => new(left.lanes / right.lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 MultiplyAdd(Float512 left, Float512 right, Float512 addend) =>
        new(Vector512.MultiplyAddEstimate(left.lanes, right.lanes, addend.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 MultiplySubtract(Float512 left, Float512 right, Float512 addend) =>
        new(Vector512.MultiplyAddEstimate(-left.lanes, right.lanes, addend.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 AtMost(Float512 bound, Float512 values) => new(Vector512.MinNative(bound.lanes, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 AtLeast(Float512 bound, Float512 values) => new(Vector512.MaxNative(bound.lanes, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 Abs(Float512 values) => new(Vector512.Abs(values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 NegativeToZero(Float512 values) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(values.lanes, Vector512<float>.Zero), Vector512<float>.Zero, values.lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 PowerFromLowBits(Float512 values) => new(Vector512.ShiftLeft(values.lanes.AsInt32(), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 FromBits(uint bits) => new(Vector512.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 LoadBits(ref byte source, nint offset) => new(Vector512.LoadUnsafe(ref source, (nuint)offset).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 LoadHalfBits(ref byte source, nint offset) =>
        new(Vector512.WidenLower(Vector256.LoadUnsafe(ref source, (nuint)offset).AsUInt16().ToVector512Unsafe()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 ShiftLeft(Float512 values, int bits) => new(Vector512.ShiftLeft(values.lanes.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 ShiftRight(Float512 values, int bits) => new(Vector512.ShiftRightLogical(values.lanes.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 ShiftRightArithmetic(Float512 values, int bits) => new(Vector512.ShiftRightArithmetic(values.lanes.AsInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 operator &(Float512 left, Float512 right) => new((left.lanes.AsUInt32() & right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 operator |(Float512 left, Float512 right) => new((left.lanes.AsUInt32() | right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 operator ^(Float512 left, Float512 right) => new((left.lanes.AsUInt32() ^ right.lanes.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 WidenHalves(Float512 values)
    {
        Vector512<uint> bits = values.lanes.AsUInt32();
        Vector512<uint> magnitude = Vector512.ShiftLeft(bits, 13) & Vector512.Create(0x0FFF_E000u);
        Vector512<uint> normal = magnitude + Vector512.Create(0x3800_0000u);
        // The largest exponent is that of infinities and NaN, and must become the largest one.
        normal += Vector512.GreaterThan(magnitude.AsInt32(), Vector512.Create(0x0F7F_FFFF)).AsUInt32() & Vector512.Create(0x3800_0000u);
        // A subnormal half is a multiple of 2^-24: with the exponent of 2^-14 it is that much too large.
        Vector512<float> subnormal = (magnitude + Vector512.Create(0x3880_0000u)).AsSingle() - Vector512.Create(6.103515625e-5f);
        Vector512<uint> value = Vector512.ConditionalSelect(
            Vector512.LessThan(magnitude.AsInt32(), Vector512.Create(0x0080_0000)).AsUInt32(), subnormal.AsUInt32(), normal);
        return new((value | (Vector512.ShiftLeft(bits, 16) & Vector512.Create(0x8000_0000u))).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 FromIntegers(Float512 integers) => new(Vector512.ConvertToSingle(integers.lanes.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 ToIntegers(Float512 values) => new(
        (Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(values.lanes) : Vector512.ConvertToInt32Native(Vector512.Round(values.lanes))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 AddIntegers(Float512 left, Float512 right) => new((left.lanes.AsInt32() + right.lanes.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float512 LargerInteger(Float512 left, Float512 right) => new(Vector512.Max(left.lanes.AsInt32(), right.lanes.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Float512 values, ref sbyte target, nint offset)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128SByte(values.lanes.AsInt32()).StoreUnsafe(ref target, (nuint)offset);
            return;
        }

        Vector256<short> shorts = Vector256.Narrow(values.lanes.GetLower().AsInt32(), values.lanes.GetUpper().AsInt32());
        Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).StoreUnsafe(ref target, (nuint)offset);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => new Float256(lanes.GetLower() + lanes.GetUpper()).Sum();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SumOfIntegers() => new Float256((lanes.GetLower().AsInt32() + lanes.GetUpper().AsInt32()).AsSingle()).SumOfIntegers();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int LargestInteger() => new Float256(Vector256.Max(lanes.GetLower().AsInt32(), lanes.GetUpper().AsInt32()).AsSingle()).LargestInteger();
}
