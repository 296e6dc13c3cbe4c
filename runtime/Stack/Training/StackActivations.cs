using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// What a forward of a stack keeps for <c>Backward</c>: the rows between layers, and what each layer keeps. The caller owns it, and uses it again from step to
/// step. One call uses it at a time.
/// </summary>
public sealed class StackActivations
{
    private readonly AlignedMemory rows;
    private readonly nint between;

    internal StackActivations(SavedActivations[] layers, int width)
    {
        Layers = layers;
        between = checked((nint)layers[0].MostRows * width);
        rows = AlignedMemory.Allocate(between * (layers.Length - 1));
    }

    /// <summary>What each layer keeps, first to last.</summary>
    public IReadOnlyList<SavedActivations> Layers { get; }

    /// <summary>What the next forward drops of its probabilities, and its backward; each layer with a seed of its own. None by default.</summary>
    public Dropout Dropout
    {
        get;
        set
        {
            field = value;
            for (int layer = 0; layer < Layers.Count; layer++)
                Layers[layer].Dropout = value.Split(layer);
        }
    }

    /// <summary>The memory that it takes.</summary>
    public long Bytes => Layers.Sum(layer => layer.Bytes) + ((rows.Length + AlignedMemory.SlackFloats) * (long)sizeof(float));

    /// <summary>The output rows of a layer that is not the last one.</summary>
    internal Span<float> Output(int layer, int floats) => MemoryMarshal.CreateSpan(ref Unsafe.Add(ref rows.Reference, layer * between), floats);
}
