using Google.Protobuf;
using Onnx;

namespace AttentionGen.Samples.Sentences;

/// <summary>Takes the weights out of an ONNX file, under the names and in the layout that they have in PyTorch.</summary>
/// <remarks>
/// An exporter keeps the names of vectors and embeddings. The matrix of a linear layer becomes the right operand of a MatMul, transposed and without its
/// name. The bias that is added to the product still has its name, which gives the matrix its own: <c>query.bias</c> follows <c>query.weight</c>.
/// </remarks>
public static class OnnxConverter
{
    /// <summary>Reads a model.</summary>
    /// <param name="onnx">The bytes of the file.</param>
    /// <param name="name">The file's name in messages.</param>
    /// <returns>All tensors of floating-point numbers.</returns>
    /// <exception cref="InvalidDataException">The file is no ONNX model, is damaged, or a matrix has no name that could be found.</exception>
    /// <exception cref="NotSupportedException">The weights are quantised, or in another file.</exception>
    public static SafetensorsBuilder Convert(Stream onnx, string name)
    {
        GraphProto graph = Parse(onnx, name).Graph;
        Dictionary<string, OnnxTensor> tensors = graph.Initializer.ToDictionary(
            tensor => tensor.Name, tensor => new OnnxTensor(tensor, name), StringComparer.Ordinal);
        Dictionary<string, string> products = MatrixNames(graph, tensors);

        var builder = new SafetensorsBuilder { Metadata = { ["format"] = "pt" } };
        foreach (OnnxTensor tensor in tensors.Values.Where(tensor => tensor.IsNumbers))
        {
            if (products.TryGetValue(tensor.Name, out string? weight))
                builder.Add(weight, [tensor.Shape[1], tensor.Shape[0]], Transpose(tensor.Read(), (int)tensor.Shape[0], (int)tensor.Shape[1]));
            else
                builder.Add(tensor.Name, tensor.Shape, tensor.Read());
        }

        return builder;
    }

    private static ModelProto Parse(Stream onnx, string name)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(onnx);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"'{name}' is no ONNX model, or a damaged one: {e.Message}", e);
        }

        if (model.Graph is not { Initializer.Count: > 0 })
            throw new InvalidDataException($"'{name}' is no ONNX model, or one without weights: it has no initialisers.");
        if (model.Graph.Node.FirstOrDefault(
            node => node.OpType is "DequantizeLinear" or "MatMulInteger" or "DynamicQuantizeLinear" or "MatMulNBits") is { } quantised)
            throw new NotSupportedException($"'{name}' is quantised: it has the operator {quantised.OpType}. Take the model in float32.");
        return model;
    }

    /// <summary>From the initialiser that a MatMul multiplies by to the name of the matrix.</summary>
    private static Dictionary<string, string> MatrixNames(GraphProto graph, Dictionary<string, OnnxTensor> tensors)
    {
        const string Bias = ".bias";
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (NodeProto node in graph.Node.Where(node => node is { OpType: "Add", Input.Count: 2 }))
        {
            if (node.Input.FirstOrDefault(input => tensors.ContainsKey(input) && input.EndsWith(Bias, StringComparison.Ordinal)) is { } bias)
                sums[node.Input[0] == bias ? node.Input[1] : node.Input[0]] = bias;
        }

        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (NodeProto node in graph.Node.Where(node => node is { OpType: "MatMul", Input.Count: 2, Output.Count: 1 }))
        {
            if (!tensors.TryGetValue(node.Input[1], out OnnxTensor? matrix) || !matrix.IsNumbers || matrix.Shape.Length != 2)
                continue;
            if (!sums.TryGetValue(node.Output[0], out string? bias))
                throw new InvalidDataException(
                    $"{matrix.Place} is multiplied by {node.Name}, but no bias with a name is added to the product: the name of the matrix is unknown.");
            names[matrix.Name] = bias[..^Bias.Length] + ".weight";
        }

        return names;
    }

    private static float[] Transpose(ReadOnlySpan<float> matrix, int rows, int columns)
    {
        // In squares that fit into the cache with their image.
        const int Side = 32;
        var result = new float[matrix.Length];
        for (int top = 0; top < rows; top += Side)
        {
            for (int left = 0; left < columns; left += Side)
            {
                for (int row = top; row < Math.Min(top + Side, rows); row++)
                {
                    for (int column = left; column < Math.Min(left + Side, columns); column++)
                        result[column * rows + row] = matrix[row * columns + column];
                }
            }
        }

        return result;
    }
}
