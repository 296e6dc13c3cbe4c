using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>Weights that are written under the names of a preset, and read again with it: the readers are tested with files of other origin.</summary>
public sealed class WeightWritingTests
{
    private static readonly AttentionShape Plain = TestNumbers.Shape(4, 4, 16);

    private static readonly AttentionShape Grouped = Plain with { KvHeads = 2, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false };

    [Fact]
    public void Attention_blocks_come_back_to_the_bit()
    {
        (AttentionTensorNames Names, AttentionShape Shape)[] cases =
        [
            (AttentionTensorNames.Bert("a"), Plain),
            (AttentionTensorNames.PyTorch("a"), Plain with { KvHeads = 4 }),
            (AttentionTensorNames.Llama("a"), Grouped with { QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormEpsilon = 1e-6f, Sinks = true }),
            (AttentionTensorNames.Qwen3Next("a", 4), Grouped with { QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormEpsilon = 1e-6f, OutputGate = true }),
            (AttentionTensorNames.Qwen3Next("a", 4), Plain with { OutputGate = true }),
            (AttentionTensorNames.Bert("a") with { OutputGate = "a.gate", OutputGateBias = "a.gate_bias" }, Plain with { OutputGate = true }),
            (AttentionTensorNames.Llama("a"), Grouped with { QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormBias = false,
                QueryKeyNormScope = QueryKeyNormScope.HeadOwnWeights }),
            (AttentionTensorNames.PyTorch("a"), Plain with { IsCrossAttention = true, MemoryDim = 12, ValueInputDim = 20 }),
            (AttentionTensorNames.Gpt2("a"), Plain),
            (AttentionTensorNames.Bloom("a", 4), Plain),
            (AttentionTensorNames.GptNeoX("a", 4), Plain),
            (AttentionTensorNames.Falcon("a", 4, 2), Grouped),
            (AttentionTensorNames.T5("a"), Plain with { QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
                RelativePositionBuckets = 8, RelativePositionMaxDistance = 20 }),
        ];
        foreach (var (names, shape) in cases)
        {
            AttentionWeights weights = AttentionWeights.Random(shape, 3);
            using SafetensorsFile file = Write(builder => weights.AddTo(builder, names, shape));
            Same(Tensors.Of(weights), Tensors.Of(AttentionWeights.From(file, names)), names.Output);
        }
    }

    [Fact]
    public void Layers_come_back_to_the_bit()
    {
        TransformerLayerShape bert = new() { Attention = Plain, FeedForwardDim = 20, UpBias = true, DownBias = true, NormBias = true, NormEpsilon = 1e-5f };
        TransformerLayerShape llama = new() { Attention = Grouped, FeedForwardDim = 20, Gated = true, Norm = Norm.Rms, NormEpsilon = 1e-5f };
        (TransformerTensorNames Names, TransformerLayerShape Shape)[] cases =
        [
            (TransformerTensorNames.Bert("a"), bert with { NormPlacement = NormPlacement.Post }),
            (TransformerTensorNames.Gpt2("a"), bert),
            (TransformerTensorNames.Llama("a"), llama),
            (TransformerTensorNames.Phi3("a"), llama),
            (TransformerTensorNames.PyTorchDecoder("a"), bert with { NormPlacement = NormPlacement.Post, MemoryDim = 16 }),
        ];
        foreach (var (names, shape) in cases)
        {
            TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 3);
            using SafetensorsFile file = Write(builder => weights.AddTo(builder, names, shape));
            Same(Tensors.Of(weights), Tensors.Of(TransformerLayerWeights.From(file, names)), names.Down);
        }
    }

    /// <summary>One matrix has one width.</summary>
    [Fact]
    public void Matrices_of_other_widths_are_not_written_as_one()
    {
        AttentionShape cross = Plain with { IsCrossAttention = true };
        foreach (AttentionShape shape in (AttentionShape[])[cross with { MemoryDim = 12 }, cross with { MemoryDim = 20 }, cross with { ValueInputDim = 20 }])
        {
            AttentionWeights weights = AttentionWeights.Random(shape, 3);
            var builder = new SafetensorsBuilder();
            string message = Assert.Throws<ArgumentException>("names", () => weights.AddTo(builder, AttentionTensorNames.Gpt2("a"), shape)).Message;
            Assert.Contains("QueryKeyValue", message);
        }
    }

    [Fact]
    public void A_tensor_without_a_name_is_refused()
    {
        AttentionWeights weights = AttentionWeights.Random(Plain with { Sinks = true }, 1);
        var exception = Assert.Throws<ArgumentException>(
            "names", () => weights.AddTo(new SafetensorsBuilder(), AttentionTensorNames.Bert("a"), Plain with { Sinks = true }));
        Assert.Contains("sinks", exception.Message);
    }

    private static SafetensorsFile Write(Action<SafetensorsBuilder> add)
    {
        var builder = new SafetensorsBuilder();
        add(builder);
        using var stream = new MemoryStream();
        builder.Save(stream);
        return SafetensorsFile.Open(stream.ToArray(), "written");
    }

    private static void Same(IEnumerable<(string Name, Memory<float> Values)> expected, IEnumerable<(string Name, Memory<float> Values)> actual, string what)
    {
        Assert.Equal(expected.Select(tensor => tensor.Name), actual.Select(tensor => tensor.Name));
        foreach (var (one, two) in expected.Zip(actual))
            Compare.SameBits(one.Values.Span, two.Values.Span, 1, $"{one.Name} of {what}");
    }
}
