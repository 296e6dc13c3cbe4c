namespace AttentionGen.CompilerServices;

/// <summary>Widens the elements of a narrow format to float32, a vector at a time.</summary>
/// <typeparam name="TVector">The vector.</typeparam>
internal interface INarrowNumbers<TVector>
    where TVector : struct, IFloatVector<TVector>
{
    /// <summary>As many neighbouring elements as the vector has lanes, exactly; of int8 without their scale.</summary>
    /// <param name="line">16 elements.</param>
    /// <param name="element">Which of them is the first: a multiple of the lanes.</param>
    static abstract TVector Load(ref float line, nint element);
}

/// <summary>Sizes of a narrow format, which the compiler folds.</summary>
internal interface INarrowFormat
{
    /// <summary>Floats that 16 elements take.</summary>
    static abstract int LineFloats { get; }

    /// <summary>Floats before the elements of a panel of keys: those of its scales.</summary>
    static abstract int ScaleFloats { get; }
}

/// <summary>A narrow format, for vectors of every width.</summary>
internal interface INarrowNumbers : INarrowFormat, INarrowNumbers<Float512>, INarrowNumbers<Float256>, INarrowNumbers<Float128>;
