using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The matrix and bias of <c>y = W x + b</c> in panels of 16 outputs: element (p, k, j) is <c>W[16 p + j, k]</c>,
/// zero beyond the last output. Interleaved panels take turns, a row of 16 of each: so many panels are one of so many
/// times 16 outputs. Changed by <see cref="Repack"/> only.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PackedMatrix
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    private readonly AlignedMemory memory;
    private readonly nint biasStart;
    private readonly int inputs;

    private PackedMatrix(AlignedMemory memory, int inputs, int panelCount, nint biasStart)
    {
        this.memory = memory;
        this.inputs = inputs;
        this.biasStart = biasStart;
        PanelCount = panelCount;
    }

    /// <summary>[<see cref="PanelCount"/> / interleaved panels][inputs][interleaved panels][16].</summary>
    public ref float Panels => ref memory.Reference;

    /// <summary>[<see cref="PanelCount"/> · 16], zero where there is no bias.</summary>
    public ref float Bias => ref Unsafe.Add(ref memory.Reference, biasStart);

    /// <summary>Outputs divided by 16, rounded up.</summary>
    public int PanelCount { get; }

    /// <summary>How the weights are stored: as <see cref="Panels"/>, or narrow.</summary>
    internal WeightFormat Format { get; private init; }

    /// <summary>The arithmetic of products with narrow weights.</summary>
    internal WeightArithmetic Arithmetic { get; private init; }

    /// <summary>See <see cref="NarrowColumns.HasPlainHalves"/>.</summary>
    internal bool HasPlainHalves { get; private set; } = true;

    /// <summary>Panels that take turns, in the memory or where narrow weights are widened.</summary>
    internal int InterleavedPanels { get; private init; } = 1;

    /// <summary>Panels of float32 weights from one of them on.</summary>
    internal ref float PanelAt(nint panel) => ref Unsafe.Add(ref memory.Reference, panel * inputs * PanelWidth);

    /// <summary>The bias of a panel and of those behind it.</summary>
    internal ref float BiasAt(nint panel) => ref Unsafe.Add(ref Bias, panel * PanelWidth);

    /// <summary>Some panels of narrow weights.</summary>
    /// <param name="first">The first panel: that of a group.</param>
    /// <param name="panels">Panels: whole groups, or up to the last panel.</param>
    internal NarrowColumns Columns(nint first, nint panels)
    {
        nint groupBytes = NarrowLayout.GroupColumns * (nint)NarrowLayout.ColumnBytes(Format, inputs), columns = PanelCount * PanelWidth;
        return new()
        {
            Groups = ref Unsafe.Add(ref Unsafe.As<float, byte>(ref memory.Reference), first / NarrowLayout.GroupPanels * groupBytes),
            GroupBytes = groupBytes,
            Inputs = inputs,
            Panels = panels,
            HasPlainHalves = HasPlainHalves,
            Bias = ref BiasAt(first),
            // Sums are in front of the bias, and scales in front of the sums.
            Scales = ref Unsafe.Add(ref BiasAt(first), -2 * columns),
            WeightSums = ref Unsafe.Add(ref BiasAt(first), -columns),
        };
    }

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
        var packed = new PackedMatrix(memory, inputs, panelCount, (nint)panelFloats) { InterleavedPanels = interleavedPanels };
        packed.Write(weights, bias, outputs);
        return packed;
    }

    /// <summary>Packs a float32 matrix of the same size in place of the one before, without allocating.</summary>
    /// <param name="weights">The checked matrix.</param>
    /// <param name="bias">Its bias, or empty.</param>
    internal void Repack(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias) => Write(weights, bias, weights.Length / inputs);

    private void Write(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int outputs)
    {
        // Padding is zero, so that columns beyond the last output are computed like others and give nothing.
        for (nint panel = (outputs - 1) / PanelWidth; panel < PanelCount; panel++)
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref Panels, panel * inputs * PanelWidth), inputs * PanelWidth).Clear();
        KeyPanels.Write(ref MemoryMarshal.GetReference(weights), inputs, outputs, ref Panels, 0, inputs);

        if (InterleavedPanels > 1)
            Interleave();

        Span<float> packedBias = MemoryMarshal.CreateSpan(ref Bias, PanelCount * PanelWidth);
        packedBias.Clear();
        bias.CopyTo(packedBias);
    }

    /// <summary>Packs a matrix in a format.</summary>
    /// <param name="weights">The matrix; its rows are rounded, unless they are in that format.</param>
    /// <param name="bias">[outputs], or empty.</param>
    /// <param name="outputs">Rows of the matrix.</param>
    /// <param name="inputs">Columns of the matrix.</param>
    /// <param name="panelCount">Panels, at least those that the outputs fill.</param>
    /// <param name="interleavedPanels">Panels that take turns, a row of 16 of each; divides their number.</param>
    /// <param name="format">The format.</param>
    /// <param name="arithmetic">The arithmetic of products.</param>
    /// <exception cref="InvalidDataException">The format cannot hold a weight.</exception>
    internal static PackedMatrix Pack(
        WeightTensor weights, ReadOnlySpan<float> bias, int outputs, int inputs, int panelCount, int interleavedPanels, WeightFormat format,
        WeightArithmetic arithmetic)
    {
        if (format == WeightFormat.Float32)
            return PackPanels(weights.Values, bias, outputs, inputs, panelCount, interleavedPanels);

        weights = weights.AsMatrix(outputs, inputs);
        long bytes = NarrowLayout.MatrixBytes(format, inputs, panelCount), columns = (long)panelCount * PanelWidth;
        AlignedMemory memory = WeightMemory.Allocate(checked((nint)(bytes / sizeof(float))));
        var packed = new PackedMatrix(memory, inputs, panelCount, (nint)((bytes / sizeof(float)) - columns))
        {
            Format = format,
            Arithmetic = format == WeightFormat.Int8 ? WeightArithmetic.Int8 : arithmetic,
            InterleavedPanels = interleavedPanels,
        };
        packed.HasPlainHalves = NarrowPacking.Write(weights, format, packed.Columns(0, panelCount));
        Span<float> packedBias = MemoryMarshal.CreateSpan(ref packed.Bias, (int)columns);
        packedBias.Clear();
        bias.CopyTo(packedBias);
        return packed;
    }

    /// <summary>Panels one after another become rows that take turns, group by group.</summary>
    private void Interleave()
    {
        int panelFloats = inputs * PanelWidth, interleaved = InterleavedPanels;
        using ScratchLease lease = ScratchLease.Rent((nint)interleaved * panelFloats);
        Span<float> group = MemoryMarshal.CreateSpan(ref lease.Reference, interleaved * panelFloats);
        for (nint first = 0; first < PanelCount; first += interleaved)
        {
            Span<float> target = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref Panels, first * panelFloats), group.Length);
            target.CopyTo(group);
            for (int panel = 0; panel < interleaved; panel++)
            {
                for (int k = 0; k < inputs; k++)
                    group.Slice((panel * panelFloats) + (k * PanelWidth), PanelWidth).CopyTo(target[(((k * interleaved) + panel) * PanelWidth)..]);
            }
        }
    }
}
