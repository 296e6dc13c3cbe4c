namespace AttentionGen.CompilerServices;

/// <summary>A vector of float32 lanes, so that a loop over rows is written once for all widths. Every operation is elementwise but <see cref="Sum"/>.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
internal interface IFloatVector<TSelf>
    where TSelf : struct, IFloatVector<TSelf>
{
    static abstract int Lanes { get; }

    static abstract TSelf Create(float value);

    static abstract TSelf Load(ref float source, nint offset);

    void Store(ref float target, nint offset);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary><c>left · right + addend</c>, rounded once where the processor has such an instruction.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    /// <summary><c>addend − left · right</c>, rounded like <see cref="MultiplyAdd"/>.</summary>
    static abstract TSelf MultiplySubtract(TSelf left, TSelf right, TSelf addend);

    /// <summary>The smaller of two elements; keeps a NaN of <paramref name="values"/>.</summary>
    static abstract TSelf AtMost(TSelf bound, TSelf values);

    /// <summary>The larger of two elements; keeps a NaN of <paramref name="values"/>.</summary>
    static abstract TSelf AtLeast(TSelf bound, TSelf values);

    static abstract TSelf Abs(TSelf values);

    /// <summary>0 for a negative element; everything else, −0 and NaN too, stays as it is.</summary>
    static abstract TSelf NegativeToZero(TSelf values);

    /// <summary>The float32 whose exponent field holds the low 8 bits of the element's own bits, and whose mantissa is 0; bit 8 must not be set.</summary>
    static abstract TSelf PowerFromLowBits(TSelf values);

    /// <summary>The same bits in every lane.</summary>
    static abstract TSelf FromBits(uint bits);

    /// <summary>Lanes as they lie in memory, at a place in bytes.</summary>
    static abstract TSelf LoadBits(ref byte source, nint offset);

    /// <summary>16 bits for each lane, filled up with zeros; the place is in bytes.</summary>
    static abstract TSelf LoadHalfBits(ref byte source, nint offset);

    /// <summary>The bits of each lane moved up.</summary>
    static abstract TSelf ShiftLeft(TSelf values, int bits);

    /// <summary>The bits of each lane moved down, filled up with zeros.</summary>
    static abstract TSelf ShiftRight(TSelf values, int bits);

    /// <summary>The bits of each lane moved down, filled up with the highest one.</summary>
    static abstract TSelf ShiftRightArithmetic(TSelf values, int bits);

    static abstract TSelf operator &(TSelf left, TSelf right);

    static abstract TSelf operator |(TSelf left, TSelf right);

    static abstract TSelf operator ^(TSelf left, TSelf right);

    /// <summary>The IEEE halves in the low 16 bits of each lane as float32. The other bits may be anything.</summary>
    static abstract TSelf WidenHalves(TSelf values);

    /// <summary>Lanes of int32 as float32, rounded to nearest, ties to even.</summary>
    static abstract TSelf FromIntegers(TSelf integers);

    /// <summary>Elements that int32 holds, rounded to nearest, ties to even, as lanes of int32.</summary>
    static abstract TSelf ToIntegers(TSelf values);

    /// <summary>The sums of lanes of int32.</summary>
    static abstract TSelf AddIntegers(TSelf left, TSelf right);

    /// <summary>The larger of two lanes of int32.</summary>
    static abstract TSelf LargerInteger(TSelf left, TSelf right);

    /// <summary>Writes lanes of int32 as bytes, which hold them.</summary>
    static abstract void StoreBytes(TSelf values, ref sbyte target, nint offset);

    /// <summary>The sum of all lanes: halves are added until one lane is left.</summary>
    float Sum();

    /// <summary>The sum of lanes of int32.</summary>
    int SumOfIntegers();

    /// <summary>The largest of lanes of int32.</summary>
    int LargestInteger();
}
