namespace AttentionGen.CompilerServices;

/// <summary>Widens the weights of one vector of columns to float32, exactly.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
/// <typeparam name="T">The vector.</typeparam>
internal interface IWeightWidening<TSelf, T>
    where TSelf : struct, IWeightWidening<TSelf, T>
    where T : struct, IFloatVector<T>
{
    /// <summary>The format.</summary>
    static abstract WeightFormat Format { get; }

    /// <summary>Inputs that a word holds: a literal.</summary>
    static abstract int WordInputs { get; }

    /// <summary>Bytes of a column's scale in a chunk: a literal.</summary>
    static abstract int ScaleBytes { get; }

    /// <summary>Reads what the columns have in common for a chunk.</summary>
    /// <param name="scales">The scales of the chunk.</param>
    /// <param name="column">The first column.</param>
    static abstract TSelf Create(ref byte scales, nint column);

    /// <summary>The weights of one input.</summary>
    /// <param name="words">A word of each column.</param>
    /// <param name="input">Which input of the word: a literal.</param>
    T Widen(T words, int input);
}
