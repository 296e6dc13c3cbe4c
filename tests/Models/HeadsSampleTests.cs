using AttentionGen.Samples.Heads;
using AttentionGen.Samples.Stories;
using AttentionGen.Tests.Sentences;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Models;

/// <summary>samples/Heads reads models with layers of its own: they give what the models give, and the probabilities are those of the reference.</summary>
[Trait("Speed", "Slow")]
public sealed class HeadsSampleTests
{
    private const double Tolerance = 1e-5;

    [Fact]
    public void Probabilities_of_the_first_layer_are_those_of_the_reference()
    {
        // The traces are of this text.
        (string text, int[] ids) = SentenceFiles.Texts()[8];
        Npy embedded = Npy.Read(SentenceFiles.Shared("trace", "embedded.npy"));
        BlockOfLayers block = SentenceHeads.Load().Report([text], mostTokens: 128).Texts[0].Blocks[0];
        Assert.Equal(ids.Length, block.Keys.Count);
        AttentionWeights weights = AttentionWeights.From(SentenceFiles.Weights, AttentionTensorNames.Bert("encoder.layer.0.attention"));
        AttentionShape shape = SentenceHeadsLayer.Shape.Attention with { HeadMask = false };
        ReferenceResult expected = ReferenceAttention.Forward(shape, weights, new AttentionArguments { Input = embedded.ToFloats() });
        Compare.Close(expected.Probabilities, block.Layers[0].Probabilities, ids.Length, "probabilities", Tolerance);
        Assert.All(block.Layers, layer => Assert.Contains(layer.Ablation, effect => effect > 1e-4));
    }

    [Fact]
    public void The_loss_of_a_story_is_that_of_the_model()
    {
        const string Text = "Once upon a time, there was a little girl named Lily.";
        HeadReport report = new StoryHeads(ModelFiles.Checkpoint, ModelFiles.Tokenizer).Report("stories260K", [Text], mostTokens: 128);
        int[] tokens = ModelFiles.Tokenizer.Encode(Text);
        var model = new StoryModel(ModelFiles.Checkpoint, tokens.Length);
        double loss = 0;
        for (int i = 0; i + 1 < tokens.Length; i++)
        {
            double[] logits = [.. model.Forward([tokens[i]]).ToArray().Select(logit => (double)logit)];
            loss += Math.Log(logits.Sum(Math.Exp)) - logits[tokens[i + 1]];
        }

        Assert.Equal(loss / (tokens.Length - 1), report.Texts[0].Loss, Tolerance);
        // Tokens that are repeated are foretold better with the heads that find them.
        Assert.Equal("random tokens, and the same once more", report.Texts[^1].Name);
        Assert.Contains(report.Texts[^1].Blocks[0].Layers.SelectMany(layer => layer.Ablation), effect => effect > 0.1);
    }

    [Fact]
    public void The_loss_of_a_word_is_that_of_the_model()
    {
        const string Word = "آتزمون";
        ReadText text = new TransliterateHeads(ModelFiles.Transliteration()).Report("aren", [Word], mostTokens: 128).Texts[0];
        Assert.Equal($"{Word} → atzmon", text.Name);
        Assert.Equal(-ModelFiles.Transliterator.Score(Word, "atzmon").Average(score => score.LogProbability), text.Loss, Tolerance);
        Assert.Equal([true, false, false], text.Blocks.Select(block => block.IsCross));
        Assert.All(text.Blocks, block => Assert.All(block.Layers, layer => Assert.All(
            layer.Probabilities.Chunk(block.Keys.Count), row => Assert.Equal(1, row.Sum(), Tolerance))));
    }
}
