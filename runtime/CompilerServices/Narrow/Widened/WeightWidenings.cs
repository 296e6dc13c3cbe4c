using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>The upper halves of float32.</summary>
internal readonly struct BFloat16Widening<T> : IWeightWidening<BFloat16Widening<T>, T>
    where T : struct, IFloatVector<T>
{
    private readonly T upperHalf;

    private BFloat16Widening(T upperHalf) => this.upperHalf = upperHalf;

    public static WeightFormat Format => WeightFormat.BFloat16;

    public static int WordInputs => 2;

    public static int ScaleBytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static BFloat16Widening<T> Create(ref byte scales, nint column) => new(T.FromBits(0xFFFF_0000));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Widen(T words, int input) => input == 0 ? T.ShiftLeft(words, 16) : words & upperHalf;
}

/// <summary>
/// Finite IEEE halves. Exponent and mantissa go to where float32 has them, and 2¹¹² corrects the exponent: a product with a power of two is exact, for
/// subnormal halves too.
/// </summary>
internal readonly struct FiniteFloat16Widening<T> : IWeightWidening<FiniteFloat16Widening<T>, T>
    where T : struct, IFloatVector<T>
{
    private readonly T bits;
    private readonly T factor;

    private FiniteFloat16Widening(T bits, T factor)
    {
        this.bits = bits;
        this.factor = factor;
    }

    public static WeightFormat Format => WeightFormat.Float16;

    public static int WordInputs => 2;

    public static int ScaleBytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FiniteFloat16Widening<T> Create(ref byte scales, nint column) =>
        new(T.FromBits(unchecked((uint)Float16Numbers.SignAndMagnitude)), T.Create(Float16Numbers.ExponentStep));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Widen(T words, int input) =>
        (T.ShiftRightArithmetic(input == 0 ? T.ShiftLeft(words, 16) : words, 3) & bits) * factor;
}

/// <summary>IEEE halves, infinities and NaN included.</summary>
internal readonly struct Float16Widening<T> : IWeightWidening<Float16Widening<T>, T>
    where T : struct, IFloatVector<T>
{
    public static WeightFormat Format => WeightFormat.Float16;

    public static int WordInputs => 2;

    public static int ScaleBytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16Widening<T> Create(ref byte scales, nint column) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Widen(T words, int input) => T.WidenHalves(input == 0 ? words : T.ShiftRight(words, 16));
}

/// <summary>
/// Bytes q + 128 times a scale d. A byte goes into the upper bits of the mantissa of 1: 256 d (1 + (q + 128) / 256) − 384 d = d q, which one multiply-add
/// gives, exactly: d has 11 bits, so float32 holds each of these numbers.
/// </summary>
internal readonly struct Int8BlocksWidening<T> : IWeightWidening<Int8BlocksWidening<T>, T>
    where T : struct, IFloatVector<T>
{
    private readonly T factor;
    private readonly T offset;

    private Int8BlocksWidening(T scale)
    {
        factor = scale * T.Create(256);
        offset = scale * T.Create(-384);
    }

    public static WeightFormat Format => WeightFormat.Int8Blocks;

    public static int WordInputs => 4;

    public static int ScaleBytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8BlocksWidening<T> Create(ref byte scales, nint column) => new(T.WidenHalves(T.LoadHalfBits(ref scales, column * sizeof(ushort))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Widen(T words, int input)
    {
        T placed = input switch
        {
            0 => T.ShiftLeft(words, 15),
            1 => T.ShiftLeft(words, 7),
            2 => T.ShiftRight(words, 1),
            _ => T.ShiftRight(words, 9),
        };
        return T.MultiplyAdd(factor, (placed & T.FromBits(0x007F_8000)) | T.FromBits(0x3F80_0000), offset);
    }
}

/// <summary>Half bytes q + 8 times a scale d, in the same way: 16 d (1 + (q + 8) / 16) − 24 d = d q.</summary>
internal readonly struct Int4BlocksWidening<T> : IWeightWidening<Int4BlocksWidening<T>, T>
    where T : struct, IFloatVector<T>
{
    private readonly T factor;
    private readonly T offset;

    private Int4BlocksWidening(T scale)
    {
        factor = scale * T.Create(16);
        offset = scale * T.Create(-24);
    }

    public static WeightFormat Format => WeightFormat.Int4Blocks;

    public static int WordInputs => 8;

    public static int ScaleBytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int4BlocksWidening<T> Create(ref byte scales, nint column) => new(T.WidenHalves(T.LoadHalfBits(ref scales, column * sizeof(ushort))));

    // The low halves of the bytes are inputs 0 to 3, the high halves inputs 4 to 7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Widen(T words, int input)
    {
        T placed = input switch
        {
            0 => T.ShiftLeft(words, 19),
            1 => T.ShiftLeft(words, 11),
            2 => T.ShiftLeft(words, 3),
            3 => T.ShiftRight(words, 5),
            4 => T.ShiftLeft(words, 15),
            5 => T.ShiftLeft(words, 7),
            6 => T.ShiftRight(words, 1),
            _ => T.ShiftRight(words, 9),
        };
        return T.MultiplyAdd(factor, (placed & T.FromBits(0x0078_0000)) | T.FromBits(0x3F80_0000), offset);
    }
}
