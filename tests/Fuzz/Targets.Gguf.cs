using System.Buffers.Binary;
using System.Text;
using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Fuzz;

internal sealed partial record Target
{
    private static readonly uint[] Kept = [0, 1, 30, 8, 2, 28];

    /// <summary>A value and a tensor of every type that is read.</summary>
    private static byte[] Gguf()
    {
        var writer = new GgufWriter().AddUInt32("general.alignment", 32).AddText("general.architecture", "llama").Add("flag", 7, 1)
            .Add("texts", 9, GgufWriter.Array(8, 2, [.. GgufWriter.Text("a"), .. GgufWriter.Text("bc")]))
            .Add("floats", 9, GgufWriter.Array(6, 2, [.. BitConverter.GetBytes(0.5f), .. BitConverter.GetBytes(2f)]))
            .AddF32("matrix", [3, 2], 1, -2, 3.5f, float.NaN, 5, 6)
            .AddF32("empty", [0, 7]);
        var random = new Random(1);
        foreach ((uint type, int length, int bytes) in new[]
                 {
                     (1u, 3, 6), (30u, 3, 6), (28u, 2, 16), (8u, 32, 34), (2u, 32, 18), (3u, 32, 20), (6u, 32, 22), (7u, 32, 24), (12u, 256, 144),
                     (13u, 256, 176), (14u, 256, 210), (10u, 256, 84),
                 })
        {
            var content = new byte[bytes];
            random.NextBytes(content);
            // A finite number, also as float32.
            if (type == 28)
                BinaryPrimitives.WriteDoubleLittleEndian(content.AsSpan(8), -2e30);
            if (type == 28)
                BinaryPrimitives.WriteDoubleLittleEndian(content, 1.1);
            writer.AddTensor($"type.{type}", type, [(ulong)length], content);
        }

        return writer.ToArray();
    }

    private static byte[] ManyGgufTensors()
    {
        var writer = new GgufWriter();
        for (int number = 0; number < 10_000; number++)
            writer.AddF32($"{number:x}", [8], 1, 2, 3, 4, 5, 6, 7, number);
        return writer.ToArray();
    }

    private static byte[] ManyGgufValues()
    {
        var writer = new GgufWriter();
        for (int number = 0; number < 5_000; number++)
            writer.Add($"{number:x}", 9, GgufWriter.Array(6, 16, new byte[64]));
        return writer.ToArray();
    }

    /// <summary>The header by a plain walk, and each tensor that is stored as it is read; all others and all values must be read or refused.</summary>
    private static bool GgufHolds(object read, byte[] file)
    {
        using var opened = (GgufFile)read;
        int at = 8;
        long tensors = Next(), values = Next(), alignment = 32;
        if (opened.Metadata.Keys.Count != values || opened.TensorNames.Count != tensors)
            return false;
        for (long value = 0; value < values; value++)
        {
            string key = Text();
            int start = at;
            PassValue();
            if (key == "general.alignment")
                alignment = BitConverter.ToUInt32(file, start + 4);
            if (!opened.Metadata.Contains(key) || !IsAnswered(() => opened.Metadata.GetValue(key)))
                return false;
        }

        var descriptions = new List<(string Name, long[] Shape, uint Type, long Offset)>();
        for (long tensor = 0; tensor < tensors; tensor++)
        {
            string name = Text();
            var shape = new long[Int()];
            for (int dimension = 0; dimension < shape.Length; dimension++)
                shape[^(dimension + 1)] = Next();
            descriptions.Add((name, shape, Int(), Next()));
        }

        long data = (at + alignment - 1) / alignment * alignment;
        return descriptions.All(tensor => GgufTensorHolds(opened, tensor.Name, tensor.Shape, tensor.Type, file, data + tensor.Offset));

        long Next() => BitConverter.ToInt64(file, (at += 8) - 8);

        uint Int() => BitConverter.ToUInt32(file, (at += 4) - 4);

        string Text()
        {
            int length = (int)Next();
            return Encoding.UTF8.GetString(file, (at += length) - length, length);
        }

        void PassValue()
        {
            uint type = Int();
            long count = 1;
            if (type == 9)
                (type, count) = (Int(), Next());
            for (long element = 0; element < count; element++)
            {
                if (type == 8)
                    Text();
                else
                    at += type switch { 0 or 1 or 7 => 1, 2 or 3 => 2, 10 or 11 or 12 => 8, _ => 4 };
            }
        }
    }

    private static bool GgufTensorHolds(GgufFile opened, string name, long[] shape, uint type, byte[] file, long begin)
    {
        if (!opened.GetInfo(name).Shape.SequenceEqual(shape))
            return false;
        float[]? numbers = null;
        if (!IsAnswered(() => numbers = opened.ReadFloat32(name)))
            return false;
        if (numbers is null || !Kept.Contains(type))
            return true;
        if (numbers.Length != shape.Aggregate(1L, (product, dimension) => product * dimension))
            return false;
        for (int i = 0; i < numbers.Length; i++)
        {
            double expected = type switch
            {
                0 => BitConverter.ToSingle(file, (int)begin + (4 * i)),
                28 => (float)BitConverter.ToDouble(file, (int)begin + (8 * i)),
                1 => PlainWeights.Widen(BitConverter.ToUInt16(file, (int)begin + (2 * i)), 5),
                30 => PlainWeights.Widen(BitConverter.ToUInt16(file, (int)begin + (2 * i)), 8),
                8 => Scale(34) * (sbyte)file[begin + (i / 32 * 34) + 2 + (i % 32)],
                _ => Scale(18) * (((file[begin + (i / 32 * 18) + 2 + (i % 16)] >> (i % 32 / 16 * 4)) & 15) - 8),
            };
            if (!expected.Equals(numbers[i]))
                return false;

            double Scale(int blockBytes) => PlainWeights.Widen(BitConverter.ToUInt16(file, (int)begin + (i / 32 * blockBytes)), 5);
        }

        return true;
    }

    /// <summary>Whether something is read, or refused as a type or a damage that the header does not show.</summary>
    private static bool IsAnswered(Func<object> read)
    {
        try
        {
            return read() is not null;
        }
        catch (Exception exception) when (exception is InvalidDataException or NotSupportedException)
        {
            return true;
        }
    }
}
