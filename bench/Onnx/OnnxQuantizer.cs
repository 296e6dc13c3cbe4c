using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace AttentionGen.Bench.Onnx;

/// <summary>
/// Turns every product with a constant matrix into com.microsoft.DynamicQuantizeMatMul: int8 weights with a scale for each column, inputs that are quantised as
/// they come, and the bias that follows as an input of the operator. That is the int8 form that onnxruntime runs fastest.
/// </summary>
internal static class OnnxQuantizer
{
    /// <summary>Rewrites a model.</summary>
    /// <param name="onnx">A model in float32.</param>
    /// <returns>The model in int8.</returns>
    public static byte[] Quantize(byte[] onnx)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(onnx);
        GraphProto graph = model.Graph;
        Dictionary<string, TensorProto> constants = graph.Initializer.ToDictionary(tensor => tensor.Name);
        int replaced = 0;
        foreach (NodeProto node in graph.Node.Where(node => node.OpType == "MatMul").ToArray())
        {
            if (!constants.TryGetValue(node.Input[1], out TensorProto? matrix) || matrix.Dims.Count != 2)
                continue;
            AddQuantized(graph, matrix, $"{matrix.Name}_{replaced}");
            NodeProto? sum = graph.Node.FirstOrDefault(
                next => next.OpType == "Add" && next.Input.Contains(node.Output[0]) && next.Input.Any(constants.ContainsKey));
            string output = node.Output[0], bias = "";
            if (sum is not null)
            {
                bias = sum.Input.First(constants.ContainsKey);
                output = sum.Output[0];
                graph.Node.Remove(sum);
            }

            node.OpType = "DynamicQuantizeMatMul";
            node.Domain = OnnxGraph.Contributed;
            string rows = node.Input[0];
            node.Input.Clear();
            node.Input.AddRange([rows, $"{matrix.Name}_{replaced}", $"{matrix.Name}_{replaced}_scale", "", bias]);
            node.Output[0] = output;
            replaced++;
        }

        if (replaced == 0)
            throw new InvalidOperationException("The model has no product with a constant matrix.");
        var used = graph.Node.SelectMany(node => node.Input).ToHashSet();
        foreach (TensorProto unused in graph.Initializer.Where(tensor => !used.Contains(tensor.Name)).ToArray())
            graph.Initializer.Remove(unused);
        if (model.OpsetImport.All(import => import.Domain != OnnxGraph.Contributed))
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = OnnxGraph.Contributed, Version = 1 });
        return model.ToByteArray();
    }

    private static void AddQuantized(GraphProto graph, TensorProto matrix, string name)
    {
        int inputs = (int)matrix.Dims[0], outputs = (int)matrix.Dims[1];
        ReadOnlySpan<float> values = matrix.RawData.IsEmpty ? matrix.FloatData.ToArray() : MemoryMarshal.Cast<byte, float>(matrix.RawData.Span);
        var scales = new float[outputs];
        var bytes = new sbyte[inputs * outputs];
        for (int column = 0; column < outputs; column++)
        {
            float largest = 0;
            for (int k = 0; k < inputs; k++)
                largest = Math.Max(largest, Math.Abs(values[(k * outputs) + column]));
            scales[column] = largest / 127;
            for (int k = 0; k < inputs && largest > 0; k++)
                bytes[(k * outputs) + column] = (sbyte)MathF.Round(values[(k * outputs) + column] / scales[column]);
        }

        graph.Initializer.Add(new TensorProto
        {
            Name = name, DataType = (int)DataType.Int8, Dims = { inputs, outputs }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<sbyte>(bytes)),
        });
        graph.Initializer.Add(new TensorProto
        {
            Name = $"{name}_scale", DataType = (int)DataType.Float, Dims = { outputs }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(scales)),
        });
    }
}
