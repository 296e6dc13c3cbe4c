namespace AttentionGen.Bench.Onnx;

/// <summary>An ONNX model in the making; the field numbers are those of onnx.proto.</summary>
internal sealed class OnnxGraph
{
    /// <summary>Domain of onnxruntime's own operators.</summary>
    public const string Contributed = "com.microsoft";

    private const int IrVersion = 8;
    private const int OpsetVersion = 17;
    private const int FloatType = 1;
    private const int Int32Type = 6;
    private const int Int64Type = 7;
    private const int FloatAttribute = 1;
    private const int IntegerAttribute = 2;
    private const int IntegersAttribute = 7;

    private readonly ProtobufWriter graph = new();
    private int nodes;

    public OnnxGraph() => graph.Text(2, "attention");

    /// <summary>Declares an input; a dimension of −1 is known at run time only.</summary>
    public string Input(string name, params ReadOnlySpan<int> shape) => Value(11, name, FloatType, shape);

    /// <summary>Declares an input of 32-bit integers.</summary>
    public string IntegerInput(string name, params ReadOnlySpan<int> shape) => Value(11, name, Int32Type, shape);

    /// <summary>Declares which value is an output.</summary>
    public string Output(string name, params ReadOnlySpan<int> shape) => Value(12, name, FloatType, shape);

    /// <summary>A constant tensor.</summary>
    public string Initializer(string name, float[] values, params int[] shape)
    {
        graph.Message(5, tensor =>
        {
            foreach (int dimension in shape)
                tensor.Integer(1, dimension);
            tensor.Integer(2, FloatType);
            tensor.Text(8, name);
            tensor.Raw<float>(9, values);
        });
        return name;
    }

    /// <summary>A constant number.</summary>
    public string Scalar(string name, float value) => Initializer(name, [value]);

    /// <summary>A constant list of integers, such as the shape that a node takes as an input.</summary>
    public string Integers(string name, params long[] values)
    {
        graph.Message(5, tensor =>
        {
            tensor.Integer(1, values.Length);
            tensor.Integer(2, Int64Type);
            tensor.Text(8, name);
            tensor.Raw<long>(9, values);
        });
        return name;
    }

    /// <summary>A node with one or more outputs; an empty input name is an absent optional input.</summary>
    public void Node(string operation, string domain, string[] inputs, string[] outputs, params (string Name, object Value)[] attributes)
    {
        graph.Message(1, node =>
        {
            foreach (string input in inputs)
                node.Text(1, input);
            foreach (string output in outputs)
                node.Text(2, output);
            node.Text(3, $"{operation}_{nodes++}");
            node.Text(4, operation);
            foreach ((string name, object value) in attributes)
                node.Message(5, attribute => WriteAttribute(attribute, name, value));
            node.Text(7, domain);
        });
    }

    /// <summary>A node of the standard with one output, which is returned.</summary>
    public string Node(string operation, string output, params ReadOnlySpan<string> inputs)
    {
        Node(operation, "", inputs.ToArray(), [output]);
        return output;
    }

    /// <summary>The whole model.</summary>
    public byte[] ToModel()
    {
        var model = new ProtobufWriter();
        model.Integer(1, IrVersion);
        model.Text(2, "AttentionGen.Bench");
        model.Bytes(7, graph.Written);
        foreach ((string domain, int version) in new[] { ("", OpsetVersion), (Contributed, 1) })
        {
            model.Message(8, import =>
            {
                import.Text(1, domain);
                import.Integer(2, version);
            });
        }
        return model.Written.ToArray();
    }

    private string Value(int field, string name, int elementType, ReadOnlySpan<int> shape)
    {
        int[] dimensions = shape.ToArray();
        graph.Message(field, value =>
        {
            value.Text(1, name);
            value.Message(2, type => type.Message(1, tensor =>
            {
                tensor.Integer(1, elementType);
                tensor.Message(2, tensorShape =>
                {
                    for (int i = 0; i < dimensions.Length; i++)
                        tensorShape.Message(1, dimension => WriteDimension(dimension, dimensions[i], $"{name}_{i}"));
                });
            }));
        });
        return name;
    }

    private static void WriteDimension(ProtobufWriter dimension, int value, string symbol)
    {
        if (value < 0)
            dimension.Text(2, symbol);
        else
            dimension.Integer(1, value);
    }

    private static void WriteAttribute(ProtobufWriter attribute, string name, object value)
    {
        attribute.Text(1, name);
        if (value is float number)
        {
            attribute.Float(2, number);
            attribute.Integer(20, FloatAttribute);
        }
        else if (value is int[] numbers)
        {
            foreach (int each in numbers)
                attribute.Integer(8, each);
            attribute.Integer(20, IntegersAttribute);
        }
        else
        {
            attribute.Integer(3, (int)value);
            attribute.Integer(20, IntegerAttribute);
        }
    }
}
