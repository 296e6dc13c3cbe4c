using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Sums of products of bytes, one for each column of a vector: weights of 8 bits, four inputs of a column in a word, times four inputs that are the same for
/// all columns. The sums are exact integers, so every processor gives the same ones.
/// </summary>
/// <typeparam name="TSelf">The implementing type: the sums of a vector, or a vector of words.</typeparam>
internal interface IByteProducts<TSelf>
    where TSelf : struct, IByteProducts<TSelf>
{
    /// <summary>Columns of a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>Whether <see cref="AddBytes"/> reads inputs as <see cref="InputMagnitudes"/> writes them.</summary>
    static abstract bool ReadsMagnitudes { get; }

    /// <summary>
    /// What <see cref="AddBytes"/> takes a byte for more than the weight that it stands for: 128, or 0 where it takes 128 off itself. The sums begin at that
    /// many times the sum of the inputs below zero.
    /// </summary>
    static abstract int ByteOffset { get; }

    /// <summary>
    /// What <see cref="AddBytes"/> sums pairs with, or nothing. It is no constant to the JIT, which would load a constant again in each step of a loop.
    /// </summary>
    static abstract TSelf Ones { get; }

    /// <summary>The same sum for every column.</summary>
    static abstract TSelf Create(int sum);

    /// <summary>Words of weights.</summary>
    static abstract TSelf Load(ref byte words);

    /// <summary>Four inputs, or their magnitudes, for every column.</summary>
    static abstract TSelf Broadcast(ref sbyte inputs);

    /// <summary>What the weights of four inputs are combined with, for every column, where <see cref="ReadsMagnitudes"/>; otherwise nothing.</summary>
    static abstract TSelf Flips(ref sbyte inputs);

    /// <summary>Adds products of bytes from 0 to 255, each a weight plus 128, and inputs from −127 to 127.</summary>
    static abstract TSelf AddBytes(TSelf sums, in TSelf words, in TSelf inputs, in TSelf flips, in TSelf ones);

    /// <summary>The sums of sums.</summary>
    static abstract TSelf Sum(TSelf left, TSelf right);

    /// <summary>Writes the sums.</summary>
    void Store(ref int target);
}
