using System.Text.Json;
using AttentionGen.Samples.Sentences;
using AttentionGen.Samples.Stories;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Models;

/// <summary>
/// The layers of the reference with weights of trained models: one with post-norm, layer norms and GELU, one with pre-norm, RMS norms and a gate.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class ReferenceLayerModelTests
{
    [Fact]
    public void The_six_layers_of_all_MiniLM_L6_v2_give_their_trace()
    {
        string trace = SharedFiles.Require("models", "minilm", "trace");
        using SafetensorsFile file = PackagedModel.OpenWeights();
        var shape = new TransformerLayerShape
        {
            Attention = Attention(heads: 12, kvHeads: 12, headDim: 32),
            FeedForwardDim = 1536, UpBias = true, DownBias = true, NormBias = true, Activation = Activation.Gelu, NormPlacement = NormPlacement.Post,
            NormEpsilon = 1e-12f,
        };

        float[] x = Npy.Read(Path.Combine(trace, "embedded.npy")).ToFloats();
        for (int layer = 0; layer < 6; layer++)
        {
            TransformerLayerWeights weights = TransformerLayerWeights.From(file, TransformerTensorNames.Bert($"encoder.layer.{layer}"));
            ReferenceResult result = ReferenceLayer.Forward(shape, weights, new AttentionArguments { Input = x, Batch = 1 });
            x = Npy.Read(Path.Combine(trace, $"layer{layer}_out.npy")).ToFloats();
            ModelFiles.AssertClose(x, result.Output, $"layer {layer}");
        }
    }

    [Fact]
    public void The_five_layers_of_stories260K_give_the_golden_logits()
    {
        StoryCheckpoint model = ModelFiles.Checkpoint;
        float[] expected = Npy.Read(ModelFiles.Story("golden_logits_32x512.npy")).ToFloats();
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(ModelFiles.Story("golden_greedy.json")));
        int[] tokens = [.. golden.RootElement.GetProperty("per_step").EnumerateArray().Take(32).Select(step => step.GetProperty("token_in").GetInt32())];
        var shape = new TransformerLayerShape
        {
            Attention = Attention(heads: 8, kvHeads: 4, headDim: 8) with
            {
                QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, Causal = true, Rotary = RotaryKind.Interleaved, RotaryDim = 8,
                RotaryBase = 10000,
            },
            FeedForwardDim = model.HiddenDim, Gated = true, Activation = Activation.Silu, Norm = Norm.Rms, NormEpsilon = 1e-5f,
        };

        // Layers take float32; between them each row is rounded once.
        float[] x = [.. tokens.SelectMany(token => model.Embedding.AsSpan(token * model.Dim, model.Dim).ToArray())];
        foreach (TransformerLayerWeights weights in model.Layers)
            x = Array.ConvertAll(ReferenceLayer.Forward(shape, weights, new AttentionArguments { Input = x, Batch = 1 }).Output, value => (float)value);

        double[] last = ReferenceNorm.Rows(Norm.Rms, Array.ConvertAll(x, value => (double)value), model.FinalNorm, [], 1e-5f);
        double[] logits = ReferenceLinear.Forward(
            new LinearShape { Inputs = model.Dim, Outputs = 512, Bias = false }, model.Classifier, [], Array.ConvertAll(last, value => (float)value));
        ModelFiles.AssertClose(expected, logits, "logits");
    }

    private static AttentionShape Attention(int heads, int kvHeads, int headDim) => new()
    {
        Heads = heads, KvHeads = kvHeads, HeadDim = headDim, DModel = heads * headDim, MemoryDim = heads * headDim, Scale = 1 / MathF.Sqrt(headDim),
    };
}
