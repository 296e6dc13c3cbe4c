using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Keys and values that follow the last key of every sequence, a learned one first and then one of zeros, in panels as a cache has them. Changed by
/// <see cref="Set"/> only.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class AppendedKeys
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    private readonly AlignedMemory keys;
    private readonly AlignedMemory values;

    /// <summary>Lays them out.</summary>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="biasKey">[KvHeads · HeadDim], or empty where the shape has none.</param>
    /// <param name="biasValue">[KvHeads · ValueHeadDim], or empty where the shape has none.</param>
    public AppendedKeys(AttentionShape shape, ReadOnlySpan<float> biasKey, ReadOnlySpan<float> biasValue)
    {
        ArgumentNullException.ThrowIfNull(shape);
        keys = AlignedMemory.Allocate(shape.KvHeads * (nint)shape.HeadDim * PanelWidth, zeroed: true);
        values = AlignedMemory.Allocate(shape.KvHeads * (nint)PanelLayout.Panels(shape.ValueHeadDim) * PanelWidth * PanelWidth, zeroed: true);
        if (shape.BiasKeyValue)
            Set(shape, biasKey, biasValue);
    }

    /// <summary>Lays another learned key and value out.</summary>
    internal void Set(AttentionShape shape, ReadOnlySpan<float> biasKey, ReadOnlySpan<float> biasValue)
    {
        nint headDim = shape.HeadDim, valueHeadDim = shape.ValueHeadDim, valuePanels = PanelLayout.Panels(shape.ValueHeadDim);
        for (nint head = 0; head < shape.KvHeads; head++)
        {
            KeyPanels.Write(
                ref Unsafe.Add(ref MemoryMarshal.GetReference(biasKey), head * headDim), headDim, 1, ref Unsafe.Add(ref Keys, head * headDim * PanelWidth), 0,
                headDim);
            ValuePanels.Write(
                ref Unsafe.Add(ref MemoryMarshal.GetReference(biasValue), head * valueHeadDim), valueHeadDim, 1,
                ref Unsafe.Add(ref Values, head * valuePanels * PanelWidth * PanelWidth), PanelWidth * PanelWidth, 0, valueHeadDim);
        }
    }

    /// <summary>[KvHeads][HeadDim][16 keys].</summary>
    public ref float Keys => ref keys.Reference;

    /// <summary>[KvHeads][value width / 16][16 keys][16].</summary>
    public ref float Values => ref values.Reference;
}
