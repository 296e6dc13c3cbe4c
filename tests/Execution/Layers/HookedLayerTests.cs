using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Layers;

/// <summary>Layers whose self-attention calls methods of the user, which their cross-attention to a memory does not.</summary>
public sealed class HookedLayerTests
{
    private const int Rows = 290, MemoryRows = 270;

    private static readonly ReferenceHooks Hooks = new()
    {
        ScoreModifier = (score, _, query, key) => score - (0.01f * (double)(query - key)), ProbabilityModifier = (share, _, _, _) => share * (2 - share),
    };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_decoder_agrees_with_the_reference(int threads)
    {
        TransformerLayerWeights weights = TransformerLayerWeights.Random(HookedDecoder.Shape, seed: 1);
        float[] input = TestNumbers.Random(seed: 2, count: Rows * HookedDecoder.DModel), memory = TestNumbers.Random(seed: 3, count: MemoryRows * 24);
        var output = new float[input.Length];
        AttentionArguments arguments = new()
        {
            Input = input, Memory = memory, Output = output, Options = new() { MaxDegreeOfParallelism = threads },
        };
        new HookedDecoder(weights).Forward(in arguments);
        Compare.Close(
            ReferenceLayer.Forward(HookedDecoder.Shape, weights, in arguments, hooks: Hooks).Output, output, HookedDecoder.DModel, $"{threads} threads");
    }

    /// <summary>Through a ring of a window, in chunks and row by row.</summary>
    [Fact]
    public void A_layer_has_the_same_bits_through_a_cache()
    {
        TransformerLayerWeights weights = TransformerLayerWeights.Random(HookedLayer.Shape, seed: 1);
        var layer = new HookedLayer(weights);
        float[] input = TestNumbers.Random(seed: 2, count: Rows * HookedLayer.DModel), whole = new float[input.Length], chunks = new float[input.Length];
        AttentionArguments arguments = new() { Input = input, Output = whole };
        layer.Forward(in arguments);
        Compare.Close(
            ReferenceLayer.Forward(HookedLayer.Shape, weights, in arguments, hooks: Hooks).Output, whole, HookedLayer.DModel, "without a cache",
            Compare.ToleranceOf(HookedLayer.Shape.Attention));
        AttentionCache cache = layer.CreateCache(Rows);
        for (int row = 0, count = 250; row < Rows; row += count, count = 1)
        {
            count = Math.Min(count, Rows - row);
            int start = row * HookedLayer.DModel, length = count * HookedLayer.DModel;
            layer.Forward(new AttentionArguments { Input = input.AsSpan(start, length), Output = chunks.AsSpan(start, length), Cache = cache });
        }

        Compare.SameBits(whole, chunks, HookedLayer.DModel, "through a cache");
    }
}

[TransformerLayerConfig(Heads = 4, KvHeads = 2, HeadDim = 8, DModel = 20, FeedForwardDim = 24, Causal = true, Softcap = 4, MemoryDim = 24)]
internal sealed partial class HookedDecoder
{
    [ScoreModifier]
    private static float Decay(float score, int head, int query, int key) => score - (0.01f * (query - key));

    [ProbabilityModifier]
    private static float Raise(float probability, int head, int query, int key) => probability * (2f - probability);
}

[TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 24, Causal = true, WindowLeft = 40, KeyValues = KeyValueFormat.Float16)]
internal sealed partial class HookedLayer
{
    [ScoreModifier]
    private static float Decay(float score, int head, int query, int key) => score - (0.01f * (query - key));

    [ProbabilityModifier]
    private static float Raise(float probability, int head, int query, int key) => probability * (2f - probability);
}
