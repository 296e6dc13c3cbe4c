using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace AttentionGen.Samples.Stories;

/// <summary>Byte-pair tokenizer of llama2.c and of SentencePiece: merges adjacent tokens, best score first.</summary>
public sealed class StoryTokenizer
{
    /// <summary>Begins every sequence; when the model predicts it, the story is over.</summary>
    public const int BeginOfSequence = 1;

    /// <summary>Ends a sequence.</summary>
    public const int EndOfSequence = 2;

    // Tokens 3 to 258 stand for single bytes, for characters that have no token.
    private const int FirstByteToken = 3;

    // What a GGUF file calls a mark that stands for no text.
    private const int ControlType = 3;

    // More than any model has.
    private const int MostTokens = 1 << 20;

    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];

    // Texts stay in the file's bytes: objects for each of them would take many times as much.
    private readonly byte[] file;
    private readonly int[] starts;
    private readonly int[] byText;

    private StoryTokenizer(byte[] file, int[] starts)
    {
        this.file = file;
        this.starts = starts;
        byText = new int[starts.Length];
        for (int id = 0; id < starts.Length; id++)
            byText[id] = id;
        byText.AsSpan().Sort((first, second) => Text(first).SequenceCompareTo(Text(second)) is not 0 and int order ? order : first.CompareTo(second));
    }

    /// <summary>Number of tokens.</summary>
    public int VocabularySize => starts.Length;

    /// <summary>Reads a tokenizer: the longest token's length, then score, length and UTF-8 bytes of each token.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file has another form.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static StoryTokenizer Read(string path)
    {
        return Parse(path, File.ReadAllBytes(path));
    }

    /// <summary>Reads the tokenizer of a GGUF file: SentencePiece's, whose tokens have a score.</summary>
    /// <param name="file">An open file.</param>
    /// <exception cref="NotSupportedException">The file has another kind of tokenizer.</exception>
    /// <exception cref="InvalidDataException">Tokens, scores and types do not belong together.</exception>
    /// <exception cref="ArgumentException">The file has no tokenizer.</exception>
    public static StoryTokenizer Read(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        string kind = file.Metadata.GetString("tokenizer.ggml.model");
        if (kind != "llama")
            throw new NotSupportedException($"{file.Path}: the tokenizer is of the kind '{kind}'; expected 'llama'.");
        string[] texts = file.Metadata.GetStrings("tokenizer.ggml.tokens");
        float[] scores = file.Metadata.GetNumbers<float>("tokenizer.ggml.scores");
        int[] types = file.Metadata.GetNumbers<int>("tokenizer.ggml.token_type");
        if (scores.Length != texts.Length || types.Length != texts.Length)
            throw new InvalidDataException($"{file.Path}: there are {texts.Length} tokens, but {scores.Length} scores and {types.Length} types.");
        using var content = new MemoryStream();
        using var writer = new BinaryWriter(content);
        writer.Write(int.MaxValue);
        for (int token = 0; token < texts.Length; token++)
        {
            // SentencePiece shows a space as a sign of its own. Marks such as <s> stand for no text: line breaks keep them from being read as one.
            byte[] text = Encoding.UTF8.GetBytes(types[token] == ControlType ? $"\n{texts[token]}\n" : texts[token].Replace('\u2581', ' '));
            writer.Write(scores[token]);
            writer.Write(text.Length);
            writer.Write(text);
        }

        writer.Flush();
        return Parse(file.Path, content.ToArray());
    }

    private static StoryTokenizer Parse(string path, byte[] file)
    {
        if (file.Length < sizeof(int))
            throw new InvalidDataException($"{path}: a tokenizer starts with the length of its longest token, but the file has {file.Length} bytes.");
        int count = FindTokens(path, file, []);
        if (count < FirstByteToken + 256)
            throw new InvalidDataException(
                $"{path}: a tokenizer has at least {FirstByteToken + 256} tokens, the single bytes among them, but the file has {count}.");
        var starts = new int[count];
        FindTokens(path, file, starts);
        return new StoryTokenizer(file, starts);
    }

    /// <summary>Checks every token.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="file">The file.</param>
    /// <param name="starts">Where the text of each begins, as far as there is room.</param>
    /// <returns>How many there are.</returns>
    private static int FindTokens(string path, byte[] file, Span<int> starts)
    {
        int longest = BinaryPrimitives.ReadInt32LittleEndian(file);
        int count = 0;
        for (int position = sizeof(int); position < file.Length; count++)
        {
            ReadOnlySpan<byte> rest = file.AsSpan(position);
            if (count == MostTokens)
                throw new InvalidDataException($"{path}: the file has more than {MostTokens} tokens.");
            if (rest.Length < 2 * sizeof(int))
                throw new InvalidDataException($"{path}: the file ends within the score and length of token {count}.");
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest[sizeof(float)..]);
            rest = rest[(2 * sizeof(int))..];
            if (float.IsNaN(BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(position))))
                throw new InvalidDataException($"{path}: the score of token {count} is not a number.");
            if (length < 0 || length > longest)
                throw new InvalidDataException($"{path}: token {count} says that it has {length} bytes, but the longest token has {longest}.");
            if (length > rest.Length)
                throw new InvalidDataException($"{path}: token {count} says that it has {length} bytes, but only {rest.Length} follow.");
            position += 2 * sizeof(int);
            if (count < starts.Length)
                starts[count] = position;
            position += length;
        }
        return count;
    }

    /// <summary>The tokens of a text, <see cref="BeginOfSequence"/> first.</summary>
    /// <param name="text">Any text; empty gives <see cref="BeginOfSequence"/> alone.</param>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = new List<int> { BeginOfSequence };
        if (text.Length == 0)
            return [.. tokens];

        // The model saw a space before each text.
        Span<byte> bytes = stackalloc byte[4];
        foreach (Rune rune in (" " + text).EnumerateRunes())
        {
            ReadOnlySpan<byte> character = bytes[..rune.EncodeToUtf8(bytes)];
            if (Find(character) is int id)
            {
                tokens.Add(id);
                continue;
            }
            foreach (byte value in character)
                tokens.Add(FirstByteToken + value);
        }
        while (FindBestMerge(tokens) is (int index, int merged))
        {
            tokens[index] = merged;
            tokens.RemoveAt(index + 1);
        }
        return [.. tokens];
    }

    /// <summary>Whether a character has a token; the others are read as the bytes of their UTF-8.</summary>
    /// <param name="character">Any character.</param>
    public bool Knows(Rune character)
    {
        Span<byte> bytes = stackalloc byte[4];
        return Find(bytes[..character.EncodeToUtf8(bytes)]) is not null;
    }

    /// <summary>The bytes that a token adds to the text.</summary>
    /// <param name="previous">The token before it.</param>
    /// <param name="token">0 to <see cref="VocabularySize"/> − 1.</param>
    public ReadOnlySpan<byte> Decode(int previous, int token)
    {
        ReadOnlySpan<byte> piece = Text(token);
        if (ByteOf(piece) is byte value)
            return Bytes.AsSpan(value, 1);
        return previous == BeginOfSequence && piece is [(byte)' ', ..] ? piece[1..] : piece;
    }

    private (int Index, int Merged)? FindBestMerge(List<int> tokens)
    {
        (int, int)? best = null;
        float bestScore = float.NegativeInfinity;
        // BOS is a marker, not a text that could be merged.
        for (int i = 1; i < tokens.Count - 1; i++)
        {
            byte[] both = [.. Text(tokens[i]), .. Text(tokens[i + 1])];
            if (Find(both) is int id && Score(id) > bestScore)
            {
                bestScore = Score(id);
                best = (i, id);
            }
        }
        return best;
    }

    // What merging compares: the token of a single byte is the text <0x0A> here.
    private ReadOnlySpan<byte> Text(int token) =>
        file.AsSpan(starts[token], BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(starts[token] - sizeof(int))));

    private float Score(int token) => BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(starts[token] - (2 * sizeof(int))));

    /// <summary>The first token of a text.</summary>
    private int? Find(ReadOnlySpan<byte> text)
    {
        int low = 0, high = byText.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Text(byText[middle]).SequenceCompareTo(text) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low < byText.Length && Text(byText[low]).SequenceEqual(text) ? byText[low] : null;
    }

    /// <summary>The byte that a text such as <c>&lt;0x0A&gt;</c> stands for.</summary>
    private static byte? ByteOf(ReadOnlySpan<byte> text)
    {
        Span<byte> value = stackalloc byte[1];
        return text is [(byte)'<', (byte)'0', (byte)'x', _, _, (byte)'>'] && Convert.FromHexString(text[3..5], value, out _, out _) == OperationStatus.Done
            ? value[0]
            : null;
    }
}
