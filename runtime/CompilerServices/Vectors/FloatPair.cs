using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Two vectors as one of twice as many lanes: for sums in 32 virtual lanes at every width, and for loops that compute independent vectors in turns.
/// </summary>
/// <typeparam name="T">The vector of half as many lanes.</typeparam>
internal readonly struct FloatPair<T>(T lower, T upper) : IFloatVector<FloatPair<T>>
    where T : struct, IFloatVector<T>
{
    private readonly T lower = lower;
    private readonly T upper = upper;

    public static int Lanes => 2 * T.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> Create(float value) => new(T.Create(value), T.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> Load(ref float source, nint offset) => new(T.Load(ref source, offset), T.Load(ref source, offset + T.Lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float target, nint offset)
    {
        lower.Store(ref target, offset);
        upper.Store(ref target, offset + T.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> operator +(FloatPair<T> left, FloatPair<T> right) => new(left.lower + right.lower, left.upper + right.upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> operator -(FloatPair<T> left, FloatPair<T> right) => new(left.lower - right.lower, left.upper - right.upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> operator *(FloatPair<T> left, FloatPair<T> right) => new(left.lower * right.lower, left.upper * right.upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> operator /(FloatPair<T> left, FloatPair<T> right) => new(left.lower / right.lower, left.upper / right.upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> MultiplyAdd(FloatPair<T> left, FloatPair<T> right, FloatPair<T> addend) =>
        new(T.MultiplyAdd(left.lower, right.lower, addend.lower), T.MultiplyAdd(left.upper, right.upper, addend.upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> MultiplySubtract(FloatPair<T> left, FloatPair<T> right, FloatPair<T> addend) =>
        new(T.MultiplySubtract(left.lower, right.lower, addend.lower), T.MultiplySubtract(left.upper, right.upper, addend.upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> AtMost(float bound, FloatPair<T> values) => new(T.AtMost(bound, values.lower), T.AtMost(bound, values.upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> AtLeast(float bound, FloatPair<T> values) => new(T.AtLeast(bound, values.lower), T.AtLeast(bound, values.upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> Abs(FloatPair<T> values) => new(T.Abs(values.lower), T.Abs(values.upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> NegativeToZero(FloatPair<T> values) => new(T.NegativeToZero(values.lower), T.NegativeToZero(values.upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatPair<T> PowerFromLowBits(FloatPair<T> values) => new(T.PowerFromLowBits(values.lower), T.PowerFromLowBits(values.upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => (lower + upper).Sum();
}
