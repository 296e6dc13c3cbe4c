using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The matrix and bias of <c>y = W x + b</c> in panels of 16 outputs: element (p, k, j) is <c>W[16 p + j, k]</c>,
/// zero beyond the last output. Interleaved panels take turns, a row of 16 of each: so many panels are one of so many
/// times 16 outputs. Immutable.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PackedMatrix
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    private readonly AlignedMemory memory;
    private readonly nint biasStart;

    private PackedMatrix(AlignedMemory memory, int panelCount, nint biasStart)
    {
        this.memory = memory;
        this.biasStart = biasStart;
        PanelCount = panelCount;
    }

    /// <summary>[<see cref="PanelCount"/> / interleaved panels][inputs][interleaved panels][16].</summary>
    public ref float Panels => ref memory.Reference;

    /// <summary>[<see cref="PanelCount"/> · 16], zero where there is no bias.</summary>
    public ref float Bias => ref Unsafe.Add(ref memory.Reference, biasStart);

    /// <summary>Outputs divided by 16, rounded up.</summary>
    public int PanelCount { get; }

    /// <summary>Packs a matrix.</summary>
    /// <param name="weights">[outputs, inputs], row-major.</param>
    /// <param name="bias">[outputs], or empty.</param>
    /// <param name="outputs">Rows of the matrix.</param>
    /// <param name="inputs">Columns of the matrix.</param>
    /// <param name="interleavedPanels">Panels that take turns, a row of 16 of each; divides their number.</param>
    /// <exception cref="ArgumentException">A span has another length, or <paramref name="interleavedPanels"/> does not divide the number of panels.</exception>
    /// <exception cref="OutOfMemoryException">The matrix is larger than <see cref="AlignedMemory.MaxLength"/>.</exception>
    public static PackedMatrix Pack(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int outputs, int inputs, int interleavedPanels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        return PackPanels(weights, bias, outputs, inputs, (int)(((long)outputs + PanelWidth - 1) / PanelWidth), interleavedPanels);
    }

    /// <summary>Packs a matrix into more panels than its outputs fill, so that whole tiles cover them. The others are zero.</summary>
    /// <param name="weights">[outputs, inputs], row-major.</param>
    /// <param name="bias">[outputs], or empty.</param>
    /// <param name="outputs">Rows of the matrix.</param>
    /// <param name="inputs">Columns of the matrix.</param>
    /// <param name="panelCount">Panels, at least those that the outputs fill.</param>
    /// <param name="interleavedPanels">Panels that take turns, a row of 16 of each; divides their number.</param>
    internal static PackedMatrix PackPanels(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int outputs, int inputs, int panelCount, int interleavedPanels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(interleavedPanels);
        if (weights.Length != (long)outputs * inputs)
            throw new ArgumentException(
                $"weights.Length is {weights.Length}; a [{outputs}, {inputs}] matrix has {(long)outputs * inputs} elements.", nameof(weights));
        if (!bias.IsEmpty && bias.Length != outputs)
            throw new ArgumentException($"bias.Length is {bias.Length}; expected {outputs}, or 0 for no bias.", nameof(bias));

        if (panelCount % interleavedPanels != 0)
            throw new ArgumentException(
                $"interleavedPanels is {interleavedPanels}; it must divide the {panelCount} panels of {outputs} outputs.", nameof(interleavedPanels));
        long panelFloats = (long)panelCount * inputs * PanelWidth;
        AlignedMemory memory = WeightMemory.Allocate(checked((nint)(panelFloats + (long)panelCount * PanelWidth)));
        var packed = new PackedMatrix(memory, panelCount, (nint)panelFloats);

        // Padding is zero, so that columns beyond the last output are computed like others and give nothing.
        for (nint panel = (outputs - 1) / PanelWidth; panel < panelCount; panel++)
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref packed.Panels, panel * inputs * PanelWidth), inputs * PanelWidth).Clear();
        KeyPanels.Write(ref MemoryMarshal.GetReference(weights), inputs, outputs, ref packed.Panels, 0, inputs);

        if (interleavedPanels > 1)
            packed.Interleave(inputs, interleavedPanels);

        Span<float> packedBias = MemoryMarshal.CreateSpan(ref packed.Bias, panelCount * PanelWidth);
        packedBias.Clear();
        bias.CopyTo(packedBias);
        return packed;
    }

    /// <summary>Panels one after another become rows that take turns, group by group.</summary>
    private void Interleave(int inputs, int interleaved)
    {
        int panelFloats = inputs * PanelWidth;
        var group = new float[interleaved * panelFloats];
        for (nint first = 0; first < PanelCount; first += interleaved)
        {
            Span<float> target = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref Panels, first * panelFloats), group.Length);
            target.CopyTo(group);
            for (int panel = 0; panel < interleaved; panel++)
            {
                for (int k = 0; k < inputs; k++)
                    group.AsSpan((panel * panelFloats) + (k * PanelWidth), PanelWidth).CopyTo(target[(((k * interleaved) + panel) * PanelWidth)..]);
            }
        }
    }
}
