using System.Reflection;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Guards;

/// <summary>How a call of a layer gets at its keys.</summary>
internal enum LayerKeys
{
    /// <summary>All rows, and the memory if there is one, come with the call.</summary>
    Given,

    /// <summary>A cache holds the memory.</summary>
    ProjectedMemory,

    /// <summary>Several calls append to a cache.</summary>
    Cached,
}

/// <summary>One call of a Transformer layer, or the calls that fill a cache, between guard pages.</summary>
/// <param name="Type">The class.</param>
/// <param name="Expected">What it gives in ordinary memory.</param>
/// <param name="PlacesWeights">Whether the layer is made of weights between guard pages too.</param>
internal sealed record GuardedLayer(
    ILayerType Type, LayerCase Call, LayerKeys Keys, int Threads, GuardSide Side, Lazy<(float[] Output, float[] Probabilities)> Expected, bool PlacesWeights)
    : IGuardedCase
{
    /// <summary>Rows of each sequence around the edges of tiles, panels, row blocks and key blocks, of groups of sequences, and of an empty one.</summary>
    private static readonly int[][] Batches = [[1], [2], [3, 3], [14, 5, 1, 0, 22], [17, 15, 16], [121, 119], [257], [.. Enumerable.Repeat(1, 40)]];

    /// <summary>Rows around the same edges, one thread and several, each way to the keys, both sides.</summary>
    public static IEnumerable<GuardedLayer> All(ILayerType type)
    {
        AttentionShape attention = type.Shape.Attention;
        foreach (int[] lengths in Batches)
        {
            LayerCase call = LayerCase.Random(type, LayerCase.Fit(type, lengths), seed: lengths.Length + lengths[0]);
            foreach (LayerKeys keys in Enum.GetValues<LayerKeys>())
            {
                if ((keys != LayerKeys.Given && !attention.HasCache) || (keys == LayerKeys.ProjectedMemory && type.Shape.MemoryDim == 0)
                    || (keys == LayerKeys.Cached && lengths.Length > 1))
                    continue;
                var expected = new Lazy<(float[], float[])>(() => Run(call, keys));
                foreach (GuardSide side in Enum.GetValues<GuardSide>())
                {
                    foreach (int threads in (int[])[1, 2 + (lengths[0] % (SharedThreads.Most - 1))])
                        yield return new(type, call, keys, threads, side, expected, PlacesWeights: lengths is [1] && keys == LayerKeys.Given && threads == 1);
                }
            }
        }
    }

    public IEnumerable<float[]> Results() => [Expected.Value.Output, Expected.Value.Probabilities];

    public override string ToString() =>
        $"{Call}, keys {Keys}, {Threads} threads, guard {(Side == GuardSide.After ? "after" : "before")}{(PlacesWeights ? ", weights too" : "")}";

    public Action<GuardedMemory> Prepare()
    {
        (float[] output, float[] probabilities) = Expected.Value;
        return memory =>
        {
            ILayer layer = Type.Create(PlacesWeights ? Place(Type.Weights, memory) : Type.Weights);
            (float[] actual, float[] given) = Run(Call with { Layer = layer, Places = memory, Threads = Threads }, Keys);
            Compare.SameBits(output, actual, Type.Shape.DModel, ToString());
            Compare.SameBits(probabilities, given, 1, ToString());
        };
    }

    private static (float[] Output, float[] Probabilities) Run(LayerCase call, LayerKeys keys) => keys switch
    {
        LayerKeys.Given => call.Run(),
        LayerKeys.ProjectedMemory => (call.RunOnProjectedMemory(), []),
        _ => (call.RunInChunks(Math.Max(call.Lengths[0] - 7, call.Lengths[0] / 2), batch: 3), []),
    };

    /// <summary>Weights whose network and norms lie between guard pages. <see cref="GuardedCase"/> packs those of attention from there.</summary>
    private static TransformerLayerWeights Place(TransformerLayerWeights weights, GuardedMemory memory)
    {
        var placed = new TransformerLayerWeights { Attention = weights.Attention, CrossAttention = weights.CrossAttention };
        foreach (PropertyInfo property in typeof(TransformerLayerWeights).GetProperties())
        {
            if (property.GetValue(weights) is ReadOnlyMemory<float> { IsEmpty: false } values)
                property.SetValue(placed, memory.PutMemory(values.Span, property.Name));
        }

        return placed;
    }
}
