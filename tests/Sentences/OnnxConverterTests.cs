using System.Runtime.InteropServices;
using AttentionGen.Samples.Sentences;
using Google.Protobuf;
using Onnx;

namespace AttentionGen.Tests.Sentences;

/// <summary>From an ONNX graph to names and layout of PyTorch.</summary>
public sealed class OnnxConverterTests
{
    [Fact]
    public void A_matrix_is_named_by_the_bias_that_follows_it_and_transposed()
    {
        GraphProto graph = Graph();
        using SafetensorsFile file = Convert(graph);
        Assert.Equal(["embeddings.weight", "layer.dense.bias", "layer.dense.weight"], file.TensorNames.Order(StringComparer.Ordinal));
        Assert.Equal([3L, 2], file.GetInfo("layer.dense.weight").Shape);
        Assert.Equal([1f, 4, 2, 5, 3, 6], file.ReadFloat32("layer.dense.weight"));
        Assert.Equal([7f, 8, 9], file.ReadFloat32("layer.dense.bias"));
        // Not a product's operand: as it is.
        Assert.Equal([1f, 2], file.ReadFloat32("embeddings.weight"));
    }

    [Fact]
    public void Numbers_are_read_in_each_form_that_they_can_have()
    {
        GraphProto graph = Graph();
        TensorProto embeddings = graph.Initializer.Single(tensor => tensor.Name == "embeddings.weight");
        embeddings.RawData = ByteString.Empty;
        embeddings.FloatData.Add([1, 2]);
        using (SafetensorsFile file = Convert(graph))
            Assert.Equal([1f, 2], file.ReadFloat32("embeddings.weight"));

        embeddings.FloatData.Clear();
        embeddings.DataType = (int)TensorProto.Types.DataType.Float16;
        embeddings.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<Half>(new[] { (Half)1.5f, (Half)(-2) }));
        using (SafetensorsFile file = Convert(graph))
            Assert.Equal([1.5f, -2], file.ReadFloat32("embeddings.weight"));
    }

    [Fact]
    public void What_cannot_be_converted_is_refused_with_its_reason()
    {
        Refuses<InvalidDataException>("product_node, but no bias with a name", graph => graph.Node.RemoveAt(1));
        Refuses<InvalidDataException>(
            "'m.onnx': tensor 'embeddings.weight', [1, 2], has 1 elements", graph => Tensor(graph).RawData = ByteString.CopyFrom(0, 0, 0, 0));
        Refuses<NotSupportedException>("is of type Double", graph => Tensor(graph).DataType = (int)TensorProto.Types.DataType.Double);
        Refuses<NotSupportedException>("is in another file", graph => Tensor(graph).DataLocation = TensorProto.Types.DataLocation.External);
        Refuses<NotSupportedException>("quantised: it has the operator MatMulInteger", graph => graph.Node.Add(new NodeProto { OpType = "MatMulInteger" }));
        Refuses<InvalidDataException>("it has no initialisers", graph => graph.Initializer.Clear());

        byte[] whole = new ModelProto { Graph = Graph() }.ToByteArray();
        Assert.Contains(
            "'m.onnx' is no ONNX model, or a damaged one",
            Assert.Throws<InvalidDataException>(() => OnnxConverter.Convert(new MemoryStream(whole[..^5]), "m.onnx")).Message);
        Assert.Throws<InvalidDataException>(() => OnnxConverter.Convert(new MemoryStream(), "m.onnx"));
        Assert.Throws<InvalidDataException>(() => OnnxConverter.Convert(new MemoryStream("a text, and no model"u8.ToArray()), "m.onnx"));

        static TensorProto Tensor(GraphProto graph) => graph.Initializer.Single(tensor => tensor.Name == "embeddings.weight");

        static void Refuses<T>(string message, Action<GraphProto> change)
            where T : Exception
        {
            GraphProto graph = Graph();
            change(graph);
            Assert.Contains(message, Assert.Throws<T>(() => Convert(graph)).Message);
        }
    }

    private static SafetensorsFile Convert(GraphProto graph)
    {
        using var onnx = new MemoryStream(new ModelProto { Graph = graph }.ToByteArray());
        using var safetensors = new MemoryStream();
        OnnxConverter.Convert(onnx, "m.onnx").Save(safetensors);
        return SafetensorsFile.Open(safetensors.ToArray(), "m.safetensors");
    }

    /// <summary>A linear layer [2 inputs, 3 outputs], an embedding and a shape.</summary>
    private static GraphProto Graph() => new()
    {
        Initializer =
        {
            Floats("123", [2, 3], 1, 2, 3, 4, 5, 6),
            Floats("layer.dense.bias", [3], 7, 8, 9),
            Floats("embeddings.weight", [1, 2], 1, 2),
            new TensorProto { Name = "shape", DataType = (int)TensorProto.Types.DataType.Int64, Dims = { 1 }, RawData = ByteString.CopyFrom(new byte[8]) },
        },
        Node =
        {
            new NodeProto { Name = "product_node", OpType = "MatMul", Input = { "x", "123" }, Output = { "product" } },
            new NodeProto { Name = "sum_node", OpType = "Add", Input = { "layer.dense.bias", "product" }, Output = { "sum" } },
        },
    };

    private static TensorProto Floats(string name, long[] shape, params float[] values) => new()
    {
        Name = name,
        DataType = (int)TensorProto.Types.DataType.Float,
        Dims = { shape },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)),
    };
}
