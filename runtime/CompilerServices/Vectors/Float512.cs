using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    public float Sum() => new Float256(lanes.GetLower() + lanes.GetUpper()).Sum();
}
