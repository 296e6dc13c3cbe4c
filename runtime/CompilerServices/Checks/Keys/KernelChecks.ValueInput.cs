using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

// Values of cross-attention that have an input of their own.
public static partial class KernelChecks
{
    /// <summary>Checks that values have a row for each row of the memory, whose length is known to be right; or none where they come from the memory.</summary>
    internal static void CheckValueInput(AttentionShape shape, int memoryLength, int length)
    {
        if (shape.ValueInputDim == 0)
        {
            CheckNoValueInput(length);
            return;
        }

        int rows = memoryLength / shape.MemoryDim;
        if (length != (long)rows * shape.ValueInputDim)
            ThrowValueInput(length, rows, shape.ValueInputDim);
    }

    /// <summary>Refuses rows of values where a cache holds the projected ones.</summary>
    private static void CheckNoValueInputBesideCache(AttentionShape shape, int length)
    {
        if (shape.ValueInputDim == 0)
            CheckNoValueInput(length);
        else if (length != 0)
            ThrowValueInputAndCache(length);
    }

    /// <summary>Refuses rows of values where these come from the rows of keys.</summary>
    internal static void CheckNoValueInput(int length)
    {
        if (length != 0)
            ThrowUndeclared("valueInput", nameof(AttentionShape.ValueInputDim), length);
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowValueInput(int length, int rows, int width) =>
        throw new ArgumentException(
            $"valueInput.Length is {length}; expected rows of all memories · ValueInputDim = {rows} · {width} = {(long)rows * width}, a row for each row of "
                + "memory.",
            "valueInput");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowValueInputAndCache(int length) =>
        throw new ArgumentException($"valueInput.Length is {length}; expected 0, because the cache holds the projected values.", "valueInput");
}
