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
    public float Sum() => lanes[0] + lanes[2] + (lanes[1] + lanes[3]);
}
