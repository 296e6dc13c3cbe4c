using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    public float Sum() => new Float128(lanes.GetLower() + lanes.GetUpper()).Sum();
}
