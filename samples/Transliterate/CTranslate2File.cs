using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace AttentionGen.Samples.Transliterate;

/// <summary>The named float32 tensors of a CTranslate2 model file (<c>model.bin</c>, version 2).</summary>
public sealed class CTranslate2File
{
    // More than any model has; the objects of a variable take memory however small it is.
    private const uint MostVariables = 4096;

    private readonly string path;
    private readonly Dictionary<string, Tensor> tensors;

    private CTranslate2File(string path, string specification, Dictionary<string, Tensor> tensors)
    {
        this.path = path;
        Specification = specification;
        this.tensors = tensors;
    }

    /// <summary>What kind of model it is, such as <c>TransformerBase</c>.</summary>
    public string Specification { get; }

    /// <summary>Reads the whole file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file has another form.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CTranslate2File Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        var reader = new Reader(path, stream);
        uint version = reader.UInt32("version");
        if (version != 2)
            throw new InvalidDataException($"{path}: the file's version must be 2, but is {version}; is this a CTranslate2 model?");
        string specification = reader.String("specification");
        reader.UInt32("revision");
        uint count = reader.UInt32("number of variables");
        if (count > MostVariables)
            throw new InvalidDataException($"{path}: the file must have at most {MostVariables} variables, but says that it has {count}.");
        var tensors = new Dictionary<string, Tensor>((int)count, StringComparer.Ordinal);
        for (uint i = 0; i < count; i++)
        {
            string name = reader.String("name of a variable");
            if (!tensors.TryAdd(name, reader.Tensor(name)))
                throw new InvalidDataException($"{path}: variable {name} is there twice.");
        }
        if (!reader.AtEnd)
            throw new InvalidDataException($"{path}: {count} variables were announced, but more bytes follow them.");
        return new CTranslate2File(path, specification, tensors);
    }

    /// <summary>Whether there is a variable of this name.</summary>
    /// <param name="name">Such as <c>encoder/embeddings/weight</c>.</param>
    public bool Contains(string name) => tensors.ContainsKey(name);

    /// <summary>The dimensions of a variable.</summary>
    /// <param name="name">Such as <c>encoder/embeddings/weight</c>.</param>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public IReadOnlyList<int> GetShape(string name) => Find(name).Shape;

    /// <summary>The values of a variable, row-major.</summary>
    /// <param name="name">Such as <c>encoder/embeddings/weight</c>.</param>
    /// <param name="shape">What its dimensions must be.</param>
    /// <exception cref="InvalidDataException">There is none of that name, or it has other dimensions.</exception>
    public float[] Get(string name, params ReadOnlySpan<int> shape)
    {
        Tensor tensor = Find(name);
        if (!shape.SequenceEqual(tensor.Shape))
            throw new InvalidDataException(
                $"{path}: variable {name} must be [{string.Join(", ", shape.ToArray())}], but is [{string.Join(", ", tensor.Shape)}].");
        return tensor.Values;
    }

    private Tensor Find(string name) =>
        tensors.TryGetValue(name, out Tensor? tensor) ? tensor : throw new InvalidDataException($"{path}: there is no variable {name}.");

    private sealed record Tensor(int[] Shape, float[] Values);

    /// <summary>Reads little-endian values and says where a truncated file ends.</summary>
    private sealed class Reader(string path, FileStream stream)
    {
        private const int MostDimensions = 8;

        // Every text fits.
        private readonly byte[] buffer = new byte[ushort.MaxValue];

        private long left = stream.Length;

        public bool AtEnd => left == 0;

        public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

        /// <summary>A length that counts the closing NUL, then the bytes.</summary>
        public string String(string what)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort), what));
            ReadOnlySpan<byte> bytes = Take(length, what);
            if (bytes is not [.. ReadOnlySpan<byte> text, 0])
                throw new InvalidDataException($"{path}: the {what} does not end in NUL.");
            return Encoding.UTF8.GetString(text);
        }

        public Tensor Tensor(string name)
        {
            int rank = Take(1, name)[0];
            if (rank > MostDimensions)
                throw new InvalidDataException($"{path}: variable {name} has {rank} dimensions, more than {MostDimensions}.");
            var shape = new int[rank];
            long elements = 1;
            for (int i = 0; i < rank; i++)
            {
                uint dimension = UInt32(name);
                elements *= dimension;
                if (dimension > int.MaxValue || elements > Array.MaxLength)
                    throw new InvalidDataException($"{path}: variable {name} has more than {Array.MaxLength} elements.");
                shape[i] = (int)dimension;
            }
            int itemSize = Take(1, name)[0];
            if (itemSize != sizeof(float))
                throw new InvalidDataException($"{path}: variable {name} has elements of {itemSize} bytes; this program reads float32 models.");
            uint count = UInt32(name);
            if (count != elements)
                throw new InvalidDataException($"{path}: variable {name} is [{string.Join(", ", shape)}], but says that it has {count} elements.");
            CheckLeft(elements * sizeof(float), name);
            var values = new float[count];
            Fill(MemoryMarshal.AsBytes(values.AsSpan()));
            if (!BitConverter.IsLittleEndian)
            {
                Span<int> bits = MemoryMarshal.Cast<float, int>(values.AsSpan());
                BinaryPrimitives.ReverseEndianness(bits, bits);
            }
            return new Tensor(shape, values);
        }

        private ReadOnlySpan<byte> Take(int length, string what)
        {
            CheckLeft(length, what);
            Fill(buffer.AsSpan(0, length));
            return buffer.AsSpan(0, length);
        }

        private void CheckLeft(long length, string what)
        {
            if (length > left)
                throw new InvalidDataException($"{path}: the file ends within {what}: {length} bytes are needed, but {left} follow.");
        }

        private void Fill(Span<byte> bytes)
        {
            stream.ReadExactly(bytes);
            left -= bytes.Length;
        }
    }
}
