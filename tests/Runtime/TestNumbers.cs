using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Numbers and shapes that runtime tests share.</summary>
internal static class TestNumbers
{
    public static float[] Random(int seed, int count)
    {
        var random = new Random(seed);
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = 2 * random.NextSingle() - 1;
        return values;
    }

    /// <summary>0, 1, 2 ...: every element tells where it came from.</summary>
    public static float[] Counting(int count, float start = 0) => [.. Enumerable.Range(0, count).Select(i => start + i)];

    /// <summary>Aligned memory as a span.</summary>
    public static Span<float> AsSpan(this AlignedMemory memory) => MemoryMarshal.CreateSpan(ref memory.Reference, (int)memory.Length);

    public static AttentionShape Shape(int heads, int headDim, int dModel, int? kvHeads = null, int? memoryDim = null) => new()
    {
        Heads = heads,
        KvHeads = kvHeads ?? heads,
        HeadDim = headDim,
        DModel = dModel,
        MemoryDim = memoryDim ?? dModel,
        IsCrossAttention = memoryDim is not null,
        Scale = 1 / MathF.Sqrt(headDim),
    };
}
