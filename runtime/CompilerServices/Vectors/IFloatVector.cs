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

    /// <summary>The sum of all lanes: halves are added until one lane is left.</summary>
    float Sum();
}
