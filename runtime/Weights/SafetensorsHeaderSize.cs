using System.Text.Json;

namespace AttentionGen;

/// <summary>How much a header describes, counted before anything is made of it.</summary>
/// <param name="Tensors">Tensors.</param>
/// <param name="Texts">Texts under <c>__metadata__</c>.</param>
internal readonly record struct SafetensorsHeaderSize(int Tensors, int Texts)
{
    // What each takes at most: its objects, its place in a dictionary, in the order and among the names. Characters take two bytes each beside.
    private const long TensorBytes = 200;
    private const long TextBytes = 104;
    private const long NumberBytes = sizeof(long);
    private const long CharacterBytes = sizeof(char);

    /// <summary>What opening a file may take beside twice the file: a few objects however little it describes.</summary>
    private const long SpareBytes = 900_000;

    /// <summary>Counts, and refuses what would take more memory than twice the file and 1 MB.</summary>
    /// <exception cref="InvalidDataException">It would.</exception>
    /// <exception cref="JsonException">The header is not valid JSON.</exception>
    public static SafetensorsHeaderSize Count(string file, ReadOnlySpan<byte> json, long fileBytes)
    {
        int tensors = 0, texts = 0;
        long numbers = 0, characters = 0;
        bool isMetadata = false;
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            // Properties of the root stand at depth 1, theirs at 2, and elements of their arrays at 3.
            switch (reader.TokenType, reader.CurrentDepth)
            {
                case (JsonTokenType.PropertyName, 1):
                    isMetadata = reader.ValueTextEquals("__metadata__");
                    tensors += isMetadata ? 0 : 1;
                    characters += reader.ValueSpan.Length;
                    break;
                case (JsonTokenType.PropertyName, 2) when isMetadata:
                    texts++;
                    characters += reader.ValueSpan.Length;
                    break;
                case (JsonTokenType.String, 2) when isMetadata:
                    characters += reader.ValueSpan.Length;
                    break;
                case (JsonTokenType.Number, 3):
                    numbers++;
                    break;
            }
        }

        long bytes = (tensors * TensorBytes) + (texts * TextBytes) + (numbers * NumberBytes) + (characters * CharacterBytes);
        long allowed = (2 * fileBytes) + SpareBytes;
        if (bytes > allowed)
        {
            throw SafetensorsHeader.Malformed(
                file, $"the header describes {tensors} tensors and {texts} texts, which take about {bytes} bytes; expected at most {allowed}, twice the {fileBytes} bytes of the file and {SpareBytes}");
        }

        return new(tensors, texts);
    }
}
