using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace AttentionGen;

/// <summary>
/// The metadata of a <see cref="GgufFile"/>: numbers, truth values, texts, and arrays of them, each under a key. They are read from the file when they are
/// asked for, so the file must be open.
/// </summary>
public sealed unsafe class GgufMetadata
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What <see cref="GetValue"/> returns, by the numbers of <see cref="GgufValueType"/>.</summary>
    internal static readonly Type?[] Types =
    [
        typeof(byte), typeof(sbyte), typeof(ushort), typeof(short), typeof(uint), typeof(int), typeof(float), typeof(bool), typeof(string), null,
        typeof(ulong), typeof(long), typeof(double),
    ];

    private readonly string file;
    private readonly FileBytes bytes;
    private readonly Dictionary<string, GgufValue> values;

    internal GgufMetadata(string file, FileBytes bytes, GgufHeader header)
    {
        this.file = file;
        this.bytes = bytes;
        values = header.Values;
        Keys = Array.AsReadOnly(header.Keys);
    }

    /// <summary>All keys, in the order of the file.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>Whether there is a value under a key.</summary>
    /// <param name="key">The key; case matters.</param>
    public bool Contains(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return values.ContainsKey(key);
    }

    /// <summary>
    /// Reads a value as the file stores it: a <see cref="byte"/>, <see cref="sbyte"/>, <see cref="ushort"/>, <see cref="short"/>, <see cref="uint"/>,
    /// <see cref="int"/>, <see cref="ulong"/>, <see cref="long"/>, <see cref="float"/>, <see cref="double"/>, <see cref="bool"/> or <see cref="string"/>, or
    /// an array of one of these.
    /// </summary>
    /// <param name="key">The key; case matters.</param>
    /// <exception cref="ArgumentException">There is no value under the key.</exception>
    /// <exception cref="InvalidDataException">A text is not valid UTF-8, or an array is longer than .NET's arrays.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public object GetValue(string key)
    {
        GgufValue value = Find(key);
        return value.Type switch
        {
            GgufValueType.UInt8 => Numbers<byte>(),
            GgufValueType.Int8 => Numbers<sbyte>(),
            GgufValueType.UInt16 => Numbers<ushort>(),
            GgufValueType.Int16 => Numbers<short>(),
            GgufValueType.UInt32 => Numbers<uint>(),
            GgufValueType.Int32 => Numbers<int>(),
            GgufValueType.UInt64 => Numbers<ulong>(),
            GgufValueType.Int64 => Numbers<long>(),
            GgufValueType.Float32 => Numbers<float>(),
            GgufValueType.Float64 => Numbers<double>(),
            GgufValueType.Boolean => value.IsArray ? ReadBooleans(key, value) : ReadBooleans(key, value)[0],
            _ => value.IsArray ? ReadTexts(key, value) : ReadTexts(key, value)[0],
        };

        object Numbers<T>()
            where T : struct, INumber<T> => value.IsArray ? ReadNumbers<T>(key, value) : ReadNumbers<T>(key, value)[0];
    }

    /// <summary>Reads a number, whatever number type the file stores it in.</summary>
    /// <typeparam name="T">The type to return. A floating-point number is not read as an integer.</typeparam>
    /// <param name="key">The key; case matters.</param>
    /// <exception cref="ArgumentException">There is no value under the key.</exception>
    /// <exception cref="InvalidDataException">The value is no single number, or <typeparamref name="T"/> cannot hold it.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public T GetNumber<T>(string key)
        where T : struct, INumber<T> => ReadNumbers<T>(key, Expect(key, false, IsNumber<T>, NumberName<T>()))[0];

    /// <summary>Reads a number, or returns another one if there is none under the key.</summary>
    /// <typeparam name="T">The type to return. A floating-point number is not read as an integer.</typeparam>
    /// <param name="key">The key; case matters.</param>
    /// <param name="absent">What to return if the file has no such key.</param>
    /// <exception cref="InvalidDataException">The value is no single number, or <typeparamref name="T"/> cannot hold it.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public T GetNumber<T>(string key, T absent)
        where T : struct, INumber<T> => Contains(key) ? GetNumber<T>(key) : absent;

    /// <summary>Reads an array of numbers, whatever number type the file stores them in.</summary>
    /// <typeparam name="T">The type to return. Floating-point numbers are not read as integers.</typeparam>
    /// <param name="key">The key; case matters.</param>
    /// <exception cref="ArgumentException">There is no value under the key.</exception>
    /// <exception cref="InvalidDataException">The value is no array of numbers, or <typeparamref name="T"/> cannot hold one.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public T[] GetNumbers<T>(string key)
        where T : struct, INumber<T> => ReadNumbers<T>(key, Expect(key, true, IsNumber<T>, NumberName<T>()));

    /// <summary>Reads a truth value.</summary>
    /// <param name="key">The key; case matters.</param>
    /// <exception cref="ArgumentException">There is no value under the key.</exception>
    /// <exception cref="InvalidDataException">The value is of another type.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public bool GetBoolean(string key) => ReadBooleans(key, Expect(key, false, type => type == GgufValueType.Boolean, "a bool"))[0];

    /// <summary>Reads a text.</summary>
    /// <param name="key">The key; case matters.</param>
    /// <exception cref="ArgumentException">There is no value under the key.</exception>
    /// <exception cref="InvalidDataException">The value is of another type, or not valid UTF-8.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public string GetString(string key) => ReadTexts(key, Expect(key, false, type => type == GgufValueType.String, "a text"))[0];

    /// <summary>Reads an array of texts.</summary>
    /// <param name="key">The key; case matters.</param>
    /// <exception cref="ArgumentException">There is no value under the key.</exception>
    /// <exception cref="InvalidDataException">The value is of another type, or a text is not valid UTF-8.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public string[] GetStrings(string key) => ReadTexts(key, Expect(key, true, type => type == GgufValueType.String, "texts"));

    private static bool IsNumber<T>(GgufValueType type)
        where T : struct, INumber<T> =>
        type is not (GgufValueType.Boolean or GgufValueType.String)
        && (!IsInteger<T>() || type is not (GgufValueType.Float32 or GgufValueType.Float64));

    private static bool IsInteger<T>()
        where T : struct, INumber<T> => T.CreateTruncating(0.5) == T.Zero;

    private static string NumberName<T>()
        where T : struct, INumber<T> => IsInteger<T>() ? "an integer" : "a number";

    private GgufValue Find(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return values.TryGetValue(key, out GgufValue value)
            ? value
            : throw new ArgumentException($"'{file}' has no metadata under '{key}'.", nameof(key));
    }

    private GgufValue Expect(string key, bool isArray, Func<GgufValueType, bool> isRight, string expected)
    {
        GgufValue value = Find(key);
        if (value.IsArray != isArray || !isRight(value.Type))
            throw FileErrors.Malformed(file, $"the value of '{key}' is {value.Describe()}; expected {(isArray ? $"an array of {expected}" : expected)}");
        return value;
    }

    private T[] ReadNumbers<T>(string key, GgufValue value)
        where T : struct, INumber<T>
    {
        T[] numbers = Allocate<T>(key, value);
        Visit((start, _) =>
        {
            int size = GgufValue.ByteCount(value.Type);
            for (int i = 0; i < numbers.Length; i++)
                numbers[i] = Convert<T>(key, value.Type, start + value.Start + ((long)i * size));
        });
        return numbers;
    }

    private T Convert<T>(string key, GgufValueType type, byte* at)
        where T : struct, INumber<T>
    {
        try
        {
            return type switch
            {
                GgufValueType.UInt8 => T.CreateChecked(*at),
                GgufValueType.Int8 => T.CreateChecked((sbyte)*at),
                GgufValueType.UInt16 => T.CreateChecked(Unsafe.ReadUnaligned<ushort>(at)),
                GgufValueType.Int16 => T.CreateChecked(Unsafe.ReadUnaligned<short>(at)),
                GgufValueType.UInt32 => T.CreateChecked(Unsafe.ReadUnaligned<uint>(at)),
                GgufValueType.Int32 => T.CreateChecked(Unsafe.ReadUnaligned<int>(at)),
                GgufValueType.UInt64 => T.CreateChecked(Unsafe.ReadUnaligned<ulong>(at)),
                GgufValueType.Int64 => T.CreateChecked(Unsafe.ReadUnaligned<long>(at)),
                GgufValueType.Float32 => T.CreateChecked(Unsafe.ReadUnaligned<float>(at)),
                _ => T.CreateChecked(Unsafe.ReadUnaligned<double>(at)),
            };
        }
        catch (OverflowException exception)
        {
            throw FileErrors.Malformed(file, $"'{key}' has a number that {typeof(T).Name} cannot hold", exception);
        }
    }

    private bool[] ReadBooleans(string key, GgufValue value)
    {
        bool[] booleans = Allocate<bool>(key, value);
        Visit((start, _) =>
        {
            for (int i = 0; i < booleans.Length; i++)
                booleans[i] = start[value.Start + i] != 0;
        });
        return booleans;
    }

    private string[] ReadTexts(string key, GgufValue value)
    {
        string[] texts = Allocate<string>(key, value);
        Visit((start, length) =>
        {
            var cursor = new GgufCursor(file, start, length);
            cursor.Take((ulong)value.Start, 1, key);
            for (int i = 0; i < texts.Length; i++)
            {
                try
                {
                    texts[i] = Strict.GetString(cursor.ReadText(key));
                }
                catch (DecoderFallbackException exception)
                {
                    throw FileErrors.Malformed(file, $"text {i} of '{key}' is not valid UTF-8", exception);
                }
            }
        });
        return texts;
    }

    private T[] Allocate<T>(string key, GgufValue value) => value.Elements <= Array.MaxLength
        ? new T[value.Elements]
        : throw FileErrors.Malformed(file, $"'{key}' has {value.Count} elements; an array holds at most {Array.MaxLength}");

    private delegate void Visitor(byte* start, long length);

    /// <summary>Holds the bytes even where another thread disposes the file now, and throws where one has done so.</summary>
    private void Visit(Visitor visit)
    {
        byte* start = null;
        bytes.Handle.AcquirePointer(ref start);
        try
        {
            visit(start, bytes.Length);
        }
        finally
        {
            bytes.Handle.ReleasePointer();
        }
    }
}
