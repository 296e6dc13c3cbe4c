using System.Text;
using System.Text.Json;
using AttentionGen.Samples.Stories;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Models;

/// <summary>A trained language model on generated layers, against texts and numbers that others published.</summary>
[Trait("Speed", "Slow")]
public sealed partial class StoryModelTests
{
    private const int Steps = 200;
    private const int LogitSteps = 32;

    [Fact]
    public void Tells_the_story_byte_for_byte()
    {
        byte[] expected = File.ReadAllBytes(ModelFiles.Story("expected_stdout_llama2c_test_all.txt"));
        var model = new StoryModel(ModelFiles.Checkpoint, Steps);
        using var output = new MemoryStream();
        int generated = StoryTeller.Tell(model, ModelFiles.Tokenizer, new StorySampler(temperature: 0), prompt: "", Steps, output);
        Assert.Equal(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(output.ToArray()));
        Assert.Equal(Steps, generated);
    }

    [Fact]
    public void Chooses_every_token_of_the_golden_run()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(ModelFiles.Story("golden_greedy.json")));
        var model = new StoryModel(ModelFiles.Checkpoint, Steps);
        foreach (JsonElement step in golden.RootElement.GetProperty("per_step").EnumerateArray())
        {
            Assert.Equal(step.GetProperty("pos").GetInt32(), model.Position);
            ReadOnlySpan<float> logits = model.Forward([step.GetProperty("token_in").GetInt32()]);
            int best = new StorySampler(temperature: 0).Sample(logits);
            Assert.Equal(step.GetProperty("argmax").GetInt32(), best);
            // The smallest margin of the run is 0.0042.
            Assert.Equal(step.GetProperty("top1").GetDouble(), logits[best], 1e-3);
        }
        Assert.Equal(Steps, model.Position);
    }

    [Fact]
    public void Gives_the_golden_logits()
    {
        Npy golden = Npy.Read(ModelFiles.Story("golden_logits_32x512.npy"));
        Assert.Equal([LogitSteps, 512], golden.Shape);
        float[] expected = golden.ToFloats();
        var model = new StoryModel(ModelFiles.Checkpoint, LogitSteps);
        int[] tokens = GoldenTokens();
        double squares = 0;
        for (int step = 0; step < LogitSteps; step++)
        {
            ReadOnlySpan<float> logits = model.Forward([tokens[step]]);
            for (int i = 0; i < logits.Length; i++)
            {
                double error = logits[i] - expected[step * 512 + i];
                Assert.InRange(error, -2e-4, 2e-4);
                squares += error * error;
            }
        }
        Assert.InRange(Math.Sqrt(squares / expected.Length), 0, 3e-5);
    }

    [Theory]
    [InlineData(1, 23)]
    [InlineData(24)]
    [InlineData(7, 16, 1)]
    public void A_prompt_in_chunks_gives_the_same_logits_as_token_by_token(params int[] chunks)
    {
        int[] tokens = GoldenTokens();
        var single = new StoryModel(ModelFiles.Checkpoint, 24);
        for (int i = 0; i < 23; i++)
            single.Forward([tokens[i]]);
        float[] expected = single.Forward([tokens[23]]).ToArray();

        var chunked = new StoryModel(ModelFiles.Checkpoint, 24);
        float[] actual = [];
        foreach (int chunk in chunks)
            actual = chunked.Forward(tokens.AsSpan(chunked.Position, chunk)).ToArray();
        Assert.Equal(expected, actual);

        chunked.Reset();
        Assert.Equal(expected, chunked.Forward(tokens.AsSpan(0, 24)).ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_attention_layer_matches_its_trace(int layer)
    {
        AttentionWeights weights = ModelFiles.Checkpoint.Layers[layer].Attention;
        float[] input = Trace($"layer{layer}_attn_in");
        float[] expected = Trace($"layer{layer}_attn_out");

        ModelFiles.AssertClose(expected, ReferenceAttention.Forward(TracedAttention.Shape, weights, input), "reference");

        var attention = new TracedAttention(weights);
        var output = new float[expected.Length];
        attention.Forward(input, output);
        ModelFiles.AssertClose(expected, output, "without cache");

        AttentionCache cache = attention.CreateCache(capacity: 24);
        int rows = 0;
        foreach (int chunk in new[] { 5, 1, 1, 17 })
        {
            attention.Forward(Rows(input, rows, chunk), output.AsSpan(rows * TracedAttention.DModel, chunk * TracedAttention.DModel), cache);
            rows += chunk;
        }
        ModelFiles.AssertClose(expected, output, "with cache");
    }

    [Fact]
    public void Refuses_tokens_that_it_cannot_read()
    {
        var model = new StoryModel(ModelFiles.Checkpoint, 2);
        Assert.Throws<ArgumentException>(() => model.Forward([]).Length);
        Assert.Throws<ArgumentException>(() => model.Forward([512]).Length);
        Assert.Throws<ArgumentException>(() => model.Forward([1, 2, 3]).Length);
        Assert.Equal(0, model.Position);
    }

    private static int[] GoldenTokens()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(ModelFiles.Story("golden_greedy.json")));
        return [.. golden.RootElement.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32())];
    }

    private static float[] Trace(string name) => Npy.Read(ModelFiles.Story("trace", $"{name}.npy")).ToFloats();

    private static ReadOnlySpan<float> Rows(float[] values, int first, int count) =>
        values.AsSpan(first * TracedAttention.DModel, count * TracedAttention.DModel);

    /// <summary>The attention of a layer alone, as the traces have it.</summary>
    [AttentionConfig(
        Heads = 8, KvHeads = 4, DModel = 64, Causal = true, Rotary = RotaryKind.Interleaved, QueryBias = false, KeyBias = false, ValueBias = false,
        OutputBias = false)]
    internal sealed partial class TracedAttention;
}
