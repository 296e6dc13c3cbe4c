using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>What a caller may ask about calls of a class, whatever vector target runs.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class AttentionCall
{
    /// <summary>Bytes of scratch that a call leases.</summary>
    /// <typeparam name="TConstants">The numbers of the class.</typeparam>
    /// <param name="batch">Sequences.</param>
    /// <param name="rows">Query rows of each sequence.</param>
    /// <param name="keys">Keys of each sequence that are in no cache.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative.</exception>
    public static long GetScratchBytes<TConstants>(int batch, int rows, int keys)
        where TConstants : struct, IAttentionConstants
    {
        KernelChecks.ValidateSizes(batch, rows, keys);
        var numbers = CallNumbers.Of<TConstants>();
        return sizeof(float) * (long)(numbers.ScratchFloats + numbers.KeyValueFloats(keys));
    }
}
