using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace AttentionGen.Tests.Support;

/// <summary>An array of a .npy file, format version 1.0, in C order: float32, float16, int32, int64 or bool.</summary>
internal sealed partial class Npy
{
    private const int HeaderStart = 10;

    private readonly byte[] data;

    private Npy(string type, int[] shape, byte[] data)
    {
        Type = type;
        Shape = shape;
        this.data = data;
    }

    /// <summary>NumPy's name of the element type: <c>&lt;f4</c>, <c>&lt;f2</c>, <c>&lt;i4</c>, <c>&lt;i8</c> or <c>|b1</c>.</summary>
    public string Type { get; }

    /// <summary>Dimensions; empty for a scalar.</summary>
    public int[] Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Count => Shape.Aggregate(1, (product, dimension) => checked(product * dimension));

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It has another form.</exception>
    public static Npy Read(string path) => Parse(File.ReadAllBytes(path), path);

    /// <summary>Reads a file that lies in memory.</summary>
    public static Npy Parse(ReadOnlySpan<byte> file, string name)
    {
        if (file.Length < HeaderStart || file[0] != 0x93 || !file[1..6].SequenceEqual("NUMPY"u8))
            throw new InvalidDataException($"{name} is not a .npy file.");
        if (file[6] != 1 || file[7] != 0)
            throw new InvalidDataException($"{name} has .npy version {file[6]}.{file[7]}; 1.0 is read.");
        int headerLength = BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        if (headerLength > file.Length - HeaderStart)
            throw new InvalidDataException($"{name} ends within its header.");
        string header = Encoding.Latin1.GetString(file.Slice(HeaderStart, headerLength));
        Match match = HeaderPattern().Match(header);
        if (!match.Success)
            throw new InvalidDataException($"{name} has a header that is not understood: {header}");
        if (match.Groups["order"].Value != "False")
            throw new InvalidDataException($"{name} is in Fortran order.");
        int[] shape = [.. match.Groups["shape"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(int.Parse)];
        var result = new Npy(match.Groups["type"].Value, shape, file[(HeaderStart + headerLength)..].ToArray());
        int expected = result.Count * ElementSize(result.Type, name);
        if (result.data.Length != expected)
            throw new InvalidDataException($"{name} has {result.data.Length} bytes of data; its header says {expected}.");
        return result;
    }

    /// <summary>The elements of a float32, float16 or float64 array as float32.</summary>
    public float[] ToFloats() => Type switch
    {
        "<f2" => [.. Elements<Half>("<f2").Select(value => (float)value)],
        "<f8" => [.. Elements<double>("<f8").Select(value => (float)value)],
        _ => Elements<float>("<f4"),
    };

    /// <summary>The elements of an int32 array.</summary>
    public int[] ToInt32() => Elements<int>("<i4");

    /// <summary>The elements of an int64 array.</summary>
    public long[] ToInt64() => Elements<long>("<i8");

    /// <summary>The elements of a bool array.</summary>
    public bool[] ToBooleans() => [.. Elements<byte>("|b1").Select(value => value != 0)];

    private T[] Elements<T>(string type)
        where T : unmanaged
    {
        if (Type != type)
            throw new InvalidOperationException($"The array is {Type}, not {type}.");
        return MemoryMarshal.Cast<byte, T>(data).ToArray();
    }

    private static int ElementSize(string type, string name) => type switch
    {
        "<f4" or "<i4" => 4,
        "<i8" or "<f8" => 8,
        "<f2" => 2,
        "|b1" => 1,
        _ => throw new InvalidDataException($"{name} has elements of type {type}, which is not read."),
    };

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']*)',\s*'fortran_order':\s*(?<order>\w+),\s*'shape':\s*\((?<shape>[\d,\s]*)\)", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderPattern();
}
