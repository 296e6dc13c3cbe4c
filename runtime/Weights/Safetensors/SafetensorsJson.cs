using System.Buffers;
using System.Text.Json;

namespace AttentionGen;

/// <summary>What keeps the literals of a hostile file, whatever their length, out of messages.</summary>
internal static class SafetensorsJson
{
    private static readonly SearchValues<byte> StringsAndLiterals = SearchValues.Create("\"tfn"u8);
    private static readonly SearchValues<byte> QuotesAndEscapes = SearchValues.Create("\"\\"u8);

    /// <summary>
    /// Checks that each literal is true, false or null: the exception of <see cref="Utf8JsonReader"/> quotes the whole of any other one, three times
    /// over.
    /// </summary>
    /// <exception cref="JsonException">One is none of them.</exception>
    public static void CheckLiterals(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> rest = json;
        for (int start; (start = rest.IndexOfAny(StringsAndLiterals)) >= 0;)
        {
            rest = rest[start..];
            int length = rest[0] == (byte)'"' ? StringLength(rest)
                : rest.StartsWith("true"u8) || rest.StartsWith("null"u8) ? 4
                : rest.StartsWith("false"u8) ? 5
                : throw new JsonException($"the literal at byte {json.Length - rest.Length} is neither true nor false nor null");
            rest = rest[length..];
        }
    }

    /// <summary>Bytes of a string with its quotes, or of what there is where it does not end.</summary>
    private static int StringLength(ReadOnlySpan<byte> json)
    {
        int length = 1;
        while (json[length..].IndexOfAny(QuotesAndEscapes) is int next and >= 0)
        {
            length += next + 1;
            if (json[length - 1] == (byte)'"')
                return length;

            // An escape is a backslash and at least one byte.
            length = Math.Min(length + 1, json.Length);
        }

        return json.Length;
    }
}
