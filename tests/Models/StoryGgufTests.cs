using System.Text;
using System.Text.Json;
using AttentionGen.Samples.Stories;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Models;

/// <summary>The same language model as GGUF files, against an independent computation on their numbers, and their tokenizer.</summary>
[Trait("Speed", "Slow")]
public sealed class StoryGgufTests
{
    private const int LogitSteps = 32;

    public static TheoryData<string> Files => ["f32", "f16", "q8_0"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Gives_the_logits_of_the_stored_numbers(string type)
    {
        Npy golden = Npy.Read(type == "f32" ? ModelFiles.Story("golden_logits_32x512.npy") : ModelFiles.Gguf($"dequantized_logits_{type}_32x512.npy"));
        Assert.Equal([LogitSteps, 512], golden.Shape);
        float[] expected = golden.ToFloats();
        StoryModel model = Open(type, LogitSteps, out _);
        int[] tokens = Golden("f32").GetProperty("dequantized_tokens").EnumerateArray().Select(token => token.GetInt32()).ToArray();
        double squares = 0;
        for (int step = 0; step < LogitSteps; step++)
        {
            ReadOnlySpan<float> logits = model.Forward([tokens[step]]);
            for (int i = 0; i < logits.Length; i++)
            {
                double error = logits[i] - expected[(step * 512) + i];
                Assert.InRange(error, -2e-4, 2e-4);
                squares += error * error;
            }
        }

        Assert.InRange(Math.Sqrt(squares / expected.Length), 0, 3e-5);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Tells_the_story_of_the_stored_numbers(string type)
    {
        JsonElement golden = Golden(type);
        int[] expected = [.. golden.GetProperty("dequantized_tokens").EnumerateArray().Select(token => token.GetInt32())];
        StoryModel model = Open(type, expected.Length, out StoryTokenizer tokenizer);
        var sampler = new StorySampler(temperature: 0);
        List<int> tokens = [expected[0]];
        while (tokens.Count < expected.Length)
            tokens.Add(sampler.Sample(model.Forward([tokens[^1]])));
        Assert.Equal(expected, tokens);

        using var text = new MemoryStream();
        model.Reset();
        StoryTeller.Tell(model, tokenizer, sampler, prompt: "", expected.Length - 1, text);
        Assert.Equal(golden.GetProperty("dequantized_text").GetString()!.Trim(), Encoding.UTF8.GetString(text.ToArray()).Trim());
    }

    [Fact]
    public void Has_the_tokens_of_its_own_tokenizer_file()
    {
        Open("q8_0", 1, out StoryTokenizer tokenizer);
        StoryTokenizer other = ModelFiles.Tokenizer;
        Assert.Equal(other.VocabularySize, tokenizer.VocabularySize);
        for (int token = 0; token < other.VocabularySize; token++)
        {
            Assert.Equal(other.Decode(0, token).ToArray(), tokenizer.Decode(0, token).ToArray());
            Assert.Equal(other.Decode(StoryTokenizer.BeginOfSequence, token).ToArray(), tokenizer.Decode(StoryTokenizer.BeginOfSequence, token).ToArray());
        }

        foreach (string text in new[] { "Once upon a time, there was a little girl", "Ünïcode 漢字 \n\t", "<s>", "</s>", "<0x0A>", "a", "" })
            Assert.Equal(other.Encode(text), tokenizer.Encode(text));
    }

    [Fact]
    public void Keeps_matrices_in_the_format_of_the_file()
    {
        using GgufFile file = GgufFile.Open(ModelFiles.Gguf("stories260K-q8_0.gguf"));
        TransformerLayerWeights layer = StoryCheckpoint.Read(file).Layers[4];
        Assert.Equal(64 * 64, layer.Attention.Query.Length);
        Assert.Equal(["Q8_0", "F16"], new[] { "blk.4.attn_q.weight", "blk.4.ffn_down.weight" }.Select(name => file.GetInfo(name).DType));
        Assert.Equal(file.ReadFloat32("blk.4.ffn_down.weight"), layer.Down.ToArray());
        Assert.Equal([64, 172], file.GetInfo("blk.4.ffn_down.weight").Shape);
    }

    [Theory]
    [InlineData("general.architecture", "qwen2", "the model is of the architecture 'qwen2'; expected 'llama'")]
    [InlineData("llama.rope.freq_base", 500_000f, "rope.freq_base 500000")]
    [InlineData("llama.attention.layer_norm_rms_epsilon", 1e-6f, "layer_norm_rms_epsilon 1E-06")]
    [InlineData("llama.block_count", 513u, "llama.block_count must be 1 to 512")]
    [InlineData("llama.context_length", 0u, "llama.context_length 1 to 1048576")]
    [InlineData("llama.block_count", 6u, "no tensor 'blk.5.")]
    [InlineData("llama.block_count", "5", "the value of 'llama.block_count' is of type text; expected an integer")]
    [InlineData("tokenizer.ggml.model", "gpt2", "the tokenizer is of the kind 'gpt2'; expected 'llama'")]
    public void Another_model_is_refused_with_what_differs(string key, object value, string message)
    {
        using GgufFile original = GgufFile.Open(ModelFiles.Gguf("stories260K-q8_0.gguf"));
        var builder = new GgufBuilder();
        foreach (string each in original.Metadata.Keys)
            builder.Metadata[each] = original.Metadata.GetValue(each);
        builder.Metadata[key] = value;
        foreach (string name in original.TensorNames)
            builder.Add(name, original.GetInfo(name).Shape.ToArray(), original.ReadFloat32(name));
        using var stream = new MemoryStream();
        builder.Save(stream);
        stream.Position = 0;
        using GgufFile changed = GgufFile.Open(stream, "changed.gguf");
        Exception refusal = Assert.ThrowsAny<Exception>(() =>
        {
            StoryCheckpoint.Read(changed);
            StoryTokenizer.Read(changed);
        });
        Assert.True(refusal is InvalidDataException or NotSupportedException or ArgumentException);
        Assert.Contains("changed.gguf", refusal.Message);
        Assert.Contains(message, refusal.Message);
    }

    private static StoryModel Open(string type, int capacity, out StoryTokenizer tokenizer)
    {
        using GgufFile file = GgufFile.Open(ModelFiles.Gguf($"stories260K-{type}.gguf"));
        tokenizer = StoryTokenizer.Read(file);
        return new StoryModel(StoryCheckpoint.Read(file), capacity);
    }

    private static JsonElement Golden(string type)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(ModelFiles.Gguf("golden.json")));
        return golden.RootElement.GetProperty(type).Clone();
    }
}
