using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>What a block without projections adds to its inputs. Immutable.</summary>
/// <param name="shape">What the kernel computes.</param>
/// <param name="weights">Weights of this shape.</param>
/// <param name="factor">What queries are multiplied by as they are gathered: their bias comes after.</param>
internal sealed class InputBiases(AttentionShape shape, AttentionWeights weights, float factor)
{
    private readonly float[] query = Scaled(weights.QueryBias, factor);
    private readonly float[] key = weights.KeyBias.ToArray();
    private readonly float[] value = weights.ValueBias.ToArray();
    private readonly int headDim = shape.HeadDim;
    private readonly int valueHeadDim = shape.ValueHeadDim;

    /// <summary>The first element for a query head; those of the next heads follow.</summary>
    public ref float Query(nint head) => ref At(query, head * headDim);

    /// <summary>The first element for a KV head.</summary>
    public ref float Key(nint head) => ref At(key, head * headDim);

    /// <inheritdoc cref="Key"/>
    public ref float Value(nint head) => ref At(value, head * valueHeadDim);

    private static ref float At(float[] values, nint index) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(values), index);

    private static float[] Scaled(ReadOnlySpan<float> values, float factor)
    {
        float[] scaled = values.ToArray();
        RowProducts.Scale(scaled, factor);
        return scaled;
    }
}
