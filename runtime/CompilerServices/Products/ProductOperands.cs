using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>Both operands of a product, where the lines of a panel (rows of the left one, columns of the right one) lie side by side.</summary>
/// <param name="left">The first row of the left operand.</param>
/// <param name="leftPanel">Floats from a panel of it to the next: for an operand that is not packed, the lines of a panel.</param>
/// <param name="leftStep">Floats from a step of the depth to the next.</param>
/// <param name="right">The first column of the right operand.</param>
/// <param name="rightPanel">Floats from a panel of it to the next.</param>
/// <param name="rightStep">Floats from a step of the depth to the next.</param>
internal readonly ref struct ProductOperands(ref float left, nint leftPanel, nint leftStep, ref float right, nint rightPanel, nint rightStep)
{
    private readonly ref float left = ref left;
    private readonly ref float right = ref right;

    /// <summary>Floats from a step of the left operand's depth to the next.</summary>
    public readonly nint LeftStep = leftStep;

    /// <summary>Floats from a step of the right operand's depth to the next.</summary>
    public readonly nint RightStep = rightStep;

    /// <summary>A row of the left operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref float Row(nint row)
    {
        nint line = row % ProductPanels.LeftLines;
        return ref Unsafe.Add(ref left, ((row - line) / ProductPanels.LeftLines * leftPanel) + line);
    }

    /// <summary>A column of the right operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref float Column(nint column)
    {
        nint line = column % ProductPanels.RightLines;
        return ref Unsafe.Add(ref right, ((column - line) / ProductPanels.RightLines * rightPanel) + line);
    }
}
