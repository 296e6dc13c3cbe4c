namespace AttentionGen.CompilerServices;

/// <summary>What <see cref="QuantizedBlocks"/> needs beside: products that read inputs as they are, and weights of 4 bits, eight inputs in a word.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
internal interface IBlockProducts<TSelf> : IByteProducts<TSelf>
    where TSelf : struct, IBlockProducts<TSelf>
{
    /// <summary>The low halves of the bytes of words.</summary>
    static abstract TSelf LowHalves(TSelf words);

    /// <summary>The high halves of the bytes of words.</summary>
    static abstract TSelf HighHalves(TSelf words);

    /// <summary>Adds products of bytes from 0 to 15 and inputs from −127 to 127.</summary>
    static abstract TSelf AddHalves(TSelf sums, in TSelf halves, in TSelf inputs);
}
