using System.Text.Json;
using AttentionGen.Samples.Transliterate;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Models;

/// <summary>A trained encoder-decoder on generated attention, against strings and log-probabilities that others published.</summary>
[Trait("Speed", "Slow")]
public sealed class TransliteratorTests
{
    // The word of the traces, and what greedy decoding writes for it.
    private const string Word = "آتزمون";
    private const string Written = "atzmon";

    [Fact]
    public void Writes_the_upstream_strings()
    {
        Transliterator model = ModelFiles.Transliterator;
        using JsonDocument golden = Golden();
        foreach (JsonElement example in golden.RootElement.GetProperty("greedy").EnumerateArray())
        {
            string word = Text(example.GetProperty("source"));
            Assert.Equal(example.GetProperty("source_ids").EnumerateArray().Select(id => id.GetInt32()), model.Source.Encode(word));
            Assert.Equal(example.GetProperty("upstream_expected").GetString(), model.Transliterate(word));
        }
    }

    [Fact]
    public void Gives_the_published_log_probabilities()
    {
        using JsonDocument golden = Golden();
        foreach (JsonElement example in golden.RootElement.GetProperty("upstream_score_api").EnumerateArray())
        {
            string[] tokens = [.. example.GetProperty("target").EnumerateArray().Select(token => token.GetString()!)];
            double[] expected = [.. example.GetProperty("log_probs").EnumerateArray().Select(value => value.GetDouble())];
            Assert.Equal("</s>", tokens[^1]);
            IReadOnlyList<(string Token, double LogProbability)> scores =
                ModelFiles.Transliterator.Score(Text(example.GetProperty("source")), string.Concat(tokens[..^1]));
            Assert.Equal(tokens, scores.Select(score => score.Token));
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], scores[i].LogProbability, 1e-5);
        }
    }

    [Fact]
    public void Encodes_and_decodes_like_the_trace()
    {
        Transliterator model = ModelFiles.Transliterator;
        float[] memory = model.Encode(model.Source.Encode(Word));
        ModelFiles.AssertClose(Trace("encoder_memory"), memory, "encoder memory");

        int[] ids = [Vocabulary.Begin, .. model.Target.Encode(Written)];
        float[] expected = Trace("step_log_probs");
        float[] together = model.Decode(model.StartDecoder(memory, ids.Length), ids);
        ModelFiles.AssertClose(expected, together, "log-probabilities");

        TransformerStackCache decoder = model.StartDecoder(memory, ids.Length);
        float[] oneByOne = [.. ids.SelectMany(id => model.Decode(decoder, [id]))];
        Assert.Equal(together, oneByOne);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Encoder_layers_match_the_trace(int layer)
    {
        AttentionWeights weights = ModelWeights.Self(ModelFiles.TransliterationFile, $"encoder/layer_{layer}/self_attention", EncoderAttention.DModel);
        float[] input = Trace($"enc{layer}_in");
        float[] expected = Trace($"enc{layer}_out");
        ModelFiles.AssertClose(expected, ReferenceAttention.Forward(EncoderAttention.Shape, weights, input), "reference");

        var output = new float[expected.Length];
        new EncoderAttention(weights).Forward(input, output);
        ModelFiles.AssertClose(expected, output, "generated");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Decoder_layers_match_the_trace(int layer)
    {
        AttentionWeights weights = ModelWeights.Self(ModelFiles.TransliterationFile, $"decoder/layer_{layer}/self_attention", DecoderAttention.DModel);
        float[] input = Trace($"dec{layer}_self_in");
        float[] expected = Trace($"dec{layer}_self_out");
        ModelFiles.AssertClose(expected, ReferenceAttention.Forward(DecoderAttention.Shape, weights, input), "reference");

        var attention = new DecoderAttention(weights);
        var output = new float[expected.Length];
        attention.Forward(input, output);
        ModelFiles.AssertClose(expected, output, "generated");

        AttentionCache cache = attention.CreateCache(capacity: 7);
        const int width = DecoderAttention.DModel;
        for (int row = 0; row < 7; row++)
            attention.Forward(input.AsSpan(row * width, width), output.AsSpan(row * width, width), cache);
        ModelFiles.AssertClose(expected, output, "row by row");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Cross_attention_layers_match_the_trace(int layer)
    {
        AttentionWeights weights = ModelWeights.Cross(ModelFiles.TransliterationFile, $"decoder/layer_{layer}/attention", CrossAttention.DModel);
        float[] input = Trace($"dec{layer}_cross_in");
        float[] memory = Trace("encoder_memory");
        float[] expected = Trace($"dec{layer}_cross_out");
        ModelFiles.AssertClose(expected, ReferenceAttention.Forward(CrossAttention.Shape, weights, input, memory), "reference");

        var attention = new CrossAttention(weights);
        var output = new float[expected.Length];
        attention.Forward(input, memory, output);
        ModelFiles.AssertClose(expected, output, "generated");

        AttentionCache cache = attention.CreateCache(capacity: 6);
        attention.ProjectMemory(memory, cache);
        var fromCache = new float[expected.Length];
        attention.Forward(input, fromCache, cache);
        Assert.Equal(output, fromCache);
    }

    [Fact]
    public void Survives_words_that_it_does_not_know()
    {
        Transliterator model = ModelFiles.Transliterator;
        Assert.Equal("", model.Transliterate(""));
        Assert.Equal([model.Source.Unknown, model.Source.Unknown], model.Source.Encode("x😀"));
        Assert.InRange(model.Transliterate("x😀").Length, 0, Transliterator.MaxLength * "<unk>".Length);
        Assert.Throws<ArgumentException>(() => model.Score("", "a"));
    }

    private static JsonDocument Golden() => JsonDocument.Parse(File.ReadAllBytes(ModelFiles.Transliteration("golden.json")));

    private static string Text(JsonElement characters) => string.Concat(characters.EnumerateArray().Select(character => character.GetString()));

    private static float[] Trace(string name) => Npy.Read(ModelFiles.Transliteration("trace", $"{name}.npy")).ToFloats();
}

[AttentionConfig(Heads = 8, DModel = 32)]
internal sealed partial class EncoderAttention;

[AttentionConfig(Heads = 8, DModel = 32, Causal = true)]
internal sealed partial class DecoderAttention;

[AttentionConfig(Heads = 8, DModel = 32, MemoryDim = 32)]
internal sealed partial class CrossAttention;
