using System.Text.Json;

namespace AttentionGen;

/// <summary>How much a header describes, counted before anything is made of it.</summary>
/// <param name="Tensors">Tensors.</param>
/// <param name="Dimensions">Dimensions of all shapes.</param>
/// <param name="Texts">Texts under <c>__metadata__</c>.</param>
/// <param name="Characters">Characters of all names and texts, at most.</param>
/// <param name="LongestEscaped">Bytes of the longest name or text that has escapes.</param>
internal readonly record struct SafetensorsHeaderSize(int Tensors, int Dimensions, int Texts, long Characters, int LongestEscaped)
{
    // What each takes at most. A tensor: its name, its entry, its places in the dictionary and among the names. A text: itself, its key and their place.
    private const long TensorBytes = StringBytes + 40 + SafetensorsPlace.SlotBytes + 8;
    private const long TextBytes = (2 * StringBytes) + TextSlotBytes;

    /// <summary>What a string takes beside its characters.</summary>
    public const long StringBytes = 28;

    /// <summary>What a text's key and value take in a dictionary.</summary>
    public const long TextSlotBytes = 34;

    /// <summary>What making it takes; to undo escapes, the reader borrows up to twice the bytes.</summary>
    public long Bytes =>
        (Tensors * TensorBytes) + (Dimensions * (long)sizeof(long)) + (Texts * TextBytes) + (Characters * sizeof(char)) + (2L * LongestEscaped);

    /// <summary>Counts, in JSON that is read to its end.</summary>
    /// <exception cref="JsonException">The header is not valid JSON.</exception>
    public static SafetensorsHeaderSize Count(ReadOnlySpan<byte> json)
    {
        int tensors = 0, dimensions = 0, texts = 0, longestEscaped = 0;
        long characters = 0;
        bool isMetadata = false, isShape = false;
        SafetensorsJson.CheckLiterals(json);
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            // Properties of the root stand at depth 1, theirs at 2, and elements of their arrays at 3.
            bool isText = false;
            switch (reader.TokenType, reader.CurrentDepth)
            {
                case (JsonTokenType.PropertyName, 1):
                    isMetadata = reader.ValueTextEquals("__metadata__");
                    tensors += isMetadata ? 0 : 1;
                    isText = true;
                    break;
                case (JsonTokenType.PropertyName, 2):
                    isShape = reader.ValueTextEquals("shape");
                    texts += isMetadata ? 1 : 0;
                    isText = isMetadata;
                    break;
                case (JsonTokenType.String, 2):
                    isText = isMetadata;
                    break;
                case (JsonTokenType.Number, 3):
                    dimensions += isShape ? 1 : 0;
                    break;
            }

            if (!isText)
                continue;
            characters += reader.ValueSpan.Length;
            if (reader.ValueIsEscaped)
                longestEscaped = Math.Max(longestEscaped, reader.ValueSpan.Length);
        }

        return new(tensors, dimensions, texts, characters, longestEscaped);
    }
}
