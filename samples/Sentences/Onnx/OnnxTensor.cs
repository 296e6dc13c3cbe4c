using System.Runtime.InteropServices;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace AttentionGen.Samples.Sentences;

/// <summary>An initialiser of an ONNX file.</summary>
internal sealed class OnnxTensor(TensorProto tensor, string file)
{
    public string Name => tensor.Name;

    public long[] Shape { get; } = [.. tensor.Dims];

    /// <summary>For messages.</summary>
    public string Place => $"'{file}': tensor '{Name}', [{string.Join(", ", Shape)}],";

    /// <summary>Whether it has floating-point numbers; indices and shapes, which are integers, are no weights.</summary>
    public bool IsNumbers => (DataType)tensor.DataType is DataType.Float or DataType.Float16 or DataType.Double or DataType.Bfloat16;

    /// <summary>The elements, row-major.</summary>
    /// <exception cref="InvalidDataException">Their number is another than the dimensions say.</exception>
    /// <exception cref="NotSupportedException">They are of another type, or in another file.</exception>
    public float[] Read()
    {
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
            throw new NotSupportedException($"{Place} is in another file. Save the model as a single file.");
        ReadOnlySpan<byte> bytes = tensor.RawData.Span;
        float[] values = (DataType)tensor.DataType switch
        {
            DataType.Float when tensor.FloatData.Count > 0 => [.. tensor.FloatData],
            DataType.Float => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            DataType.Float16 when tensor.Int32Data.Count > 0 => [.. tensor.Int32Data.Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))],
            DataType.Float16 => Widen(MemoryMarshal.Cast<byte, Half>(bytes)),
            var other => throw new NotSupportedException($"{Place} is of type {other}; Float and Float16 are read."),
        };
        if (values.Length != Shape.Aggregate(1L, (product, dimension) => product * dimension))
            throw new InvalidDataException($"{Place} has {values.Length} elements: the file is damaged.");
        return values;
    }

    private static float[] Widen(ReadOnlySpan<Half> halves)
    {
        var values = new float[halves.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)halves[i];
        return values;
    }
}
