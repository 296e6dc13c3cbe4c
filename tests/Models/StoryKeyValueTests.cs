using AttentionGen.Samples.Stories;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Models;

/// <summary>What narrow keys and values cost a trained language model: the perplexity of stories that it decodes token by token, through a cache.</summary>
[Trait("Speed", "Slow")]
public sealed partial class StoryKeyValueTests(ITestOutputHelper log)
{
    private const int Stories = 12;
    private const int Tokens = 256;

    [Fact]
    public void Perplexity_changes_by_less_than_half_a_percent()
    {
        int[][] stories = [GreedyStory(), .. Enumerable.Range(1, Stories).Select(RandomStory)];
        double expected = Perplexity<Float32Layer>(stories);
        // The model has told these stories itself: an untrained one is at 512.
        Assert.InRange(expected, 1.5, 8);
        foreach (var (name, perplexity) in new[]
        {
            (KeyValueFormat.BFloat16, Perplexity<BFloat16Layer>(stories)), (KeyValueFormat.Float16, Perplexity<Float16Layer>(stories)),
            (KeyValueFormat.Int8, Perplexity<Int8Layer>(stories)),
        })
        {
            double change = perplexity / expected - 1;
            log.WriteLine(FormattableString.Invariant($"{name}: {perplexity:F5}, {change:+0.0000 %;-0.0000 %} (Float32: {expected:F5})"));
            Assert.InRange(change, -0.005, 0.005);
            // It is another format that was computed.
            Assert.NotEqual(expected, perplexity);
        }
    }

    private static int[] GreedyStory()
    {
        string text = File.ReadAllText(ModelFiles.Story("expected_stdout_llama2c_test_all.txt"));
        return ModelFiles.Tokenizer.Encode(text);
    }

    /// <summary>A story that the model tells with temperature 1.</summary>
    private static int[] RandomStory(int seed)
    {
        var model = new StoryModel(ModelFiles.Checkpoint, Tokens);
        var sampler = new StorySampler(temperature: 1, seed);
        List<int> tokens = [StoryTokenizer.BeginOfSequence];
        while (tokens.Count < Tokens)
        {
            int next = sampler.Sample(model.Forward([tokens[^1]]));
            if (next == StoryTokenizer.BeginOfSequence)
                break;
            tokens.Add(next);
        }

        return [.. tokens];
    }

    /// <summary>The exponential of the mean negative log-probability of each token but the first of a story.</summary>
    private static double Perplexity<TLayer>(int[][] stories)
        where TLayer : class, ITransformerLayer<TLayer>
    {
        StoryCheckpoint checkpoint = ModelFiles.Checkpoint;
        var layers = TransformerStack<TLayer>.Create([.. checkpoint.Layers.Select(TLayer.Create)]);
        var norm = new RowNormalization(TLayer.Shape.Norm, checkpoint.FinalNorm, [], TLayer.Shape.NormEpsilon);
        float[] state = new float[checkpoint.Dim];
        double sum = 0;
        int count = 0;
        foreach (int[] tokens in stories)
        {
            TransformerStackCache cache = layers.CreateCache(tokens.Length);
            for (int index = 0; index + 1 < tokens.Length; index++)
            {
                layers.Forward(checkpoint.Embedding.AsSpan(tokens[index] * checkpoint.Dim, checkpoint.Dim), state, cache);
                norm.Apply(state, state);
                sum -= LogProbability(checkpoint, state, tokens[index + 1]);
                count++;
            }
        }

        return Math.Exp(sum / count);
    }

    private static double LogProbability(StoryCheckpoint checkpoint, float[] state, int token)
    {
        var logits = new double[checkpoint.VocabularySize];
        for (int word = 0; word < logits.Length; word++)
        {
            for (int k = 0; k < state.Length; k++)
                logits[word] += (double)checkpoint.Classifier[(word * state.Length) + k] * state[k];
        }

        double maximum = logits.Max();
        return logits[token] - maximum - Math.Log(logits.Sum(logit => Math.Exp(logit - maximum)));
    }

    [TransformerLayerConfig(
        Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved, Norm = Norm.Rms, NormEpsilon = 1e-5f,
        Activation = Activation.Silu, Gated = true, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false,
        GateBias = false, DownBias = false)]
    internal sealed partial class Float32Layer;

    [TransformerLayerConfig(
        Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved, Norm = Norm.Rms, NormEpsilon = 1e-5f,
        Activation = Activation.Silu, Gated = true, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false,
        GateBias = false, DownBias = false, KeyValues = KeyValueFormat.BFloat16)]
    internal sealed partial class BFloat16Layer;

    [TransformerLayerConfig(
        Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved, Norm = Norm.Rms, NormEpsilon = 1e-5f,
        Activation = Activation.Silu, Gated = true, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false,
        GateBias = false, DownBias = false, KeyValues = KeyValueFormat.Float16)]
    internal sealed partial class Float16Layer;

    [TransformerLayerConfig(
        Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved, Norm = Norm.Rms, NormEpsilon = 1e-5f,
        Activation = Activation.Silu, Gated = true, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false,
        GateBias = false, DownBias = false, KeyValues = KeyValueFormat.Int8)]
    internal sealed partial class Int8Layer;
}
