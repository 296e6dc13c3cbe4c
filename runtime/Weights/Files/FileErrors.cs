using System.Text;
using System.Text.Json;

namespace AttentionGen;

/// <summary>What messages about files have in common. The texts of a hostile file, whatever their length, stay out of them.</summary>
internal static class FileErrors
{
    private const int MaxQuoted = 200;

    /// <summary>The one answer to a file that is not what it should be.</summary>
    /// <param name="file">The file.</param>
    /// <param name="what">What is wrong.</param>
    /// <param name="inner">What was thrown, if anything.</param>
    public static InvalidDataException Malformed(string file, string what, Exception? inner = null) => new($"'{file}': {what}.", inner);

    /// <summary>A name or text, for messages: of long ones the beginning.</summary>
    public static string Quoted(ReadOnlySpan<char> text) => text.Length <= MaxQuoted ? $"'{text}'" : $"'{text[..MaxQuoted]}…'";

    /// <summary>The text that the reader is at, for messages: of long ones the beginning, as it is written.</summary>
    public static string Quoted(ref Utf8JsonReader reader) =>
        reader.ValueSpan.Length <= MaxQuoted ? $"'{reader.GetString()}'" : Quoted(reader.ValueSpan);

    /// <summary>A text in UTF-8, for messages: of long ones the beginning.</summary>
    public static string Quoted(ReadOnlySpan<byte> text) =>
        text.Length <= MaxQuoted ? $"'{Encoding.UTF8.GetString(text)}'" : $"'{Encoding.UTF8.GetString(text[..MaxQuoted])}…'";
}
