using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace AttentionGen.Samples.Stories;

/// <summary>Byte-pair tokenizer of llama2.c: merges adjacent tokens, best score first.</summary>
public sealed class StoryTokenizer
{
    /// <summary>Begins every sequence; when the model predicts it, the story is over.</summary>
    public const int BeginOfSequence = 1;

    /// <summary>Ends a sequence.</summary>
    public const int EndOfSequence = 2;

    // Tokens 3 to 258 stand for single bytes, for characters that have no token.
    private const int FirstByteToken = 3;

    // What merging compares: a single-byte token is the text <0x0A> here, and the byte itself in _pieces.
    private readonly string[] _texts;
    private readonly byte[][] _pieces;
    private readonly float[] _scores;
    private readonly Dictionary<string, int> _ids;

    private StoryTokenizer(byte[][] pieces, float[] scores)
    {
        _texts = Array.ConvertAll(pieces, Encoding.UTF8.GetString);
        _pieces = Array.ConvertAll(_texts, text => ByteOf(text) is byte value ? [value] : Encoding.UTF8.GetBytes(text));
        _scores = scores;
        _ids = new Dictionary<string, int>(pieces.Length, StringComparer.Ordinal);
        for (int id = 0; id < _texts.Length; id++)
            _ids.TryAdd(_texts[id], id);
    }

    /// <summary>Number of tokens.</summary>
    public int VocabularySize => _pieces.Length;

    /// <summary>Reads a tokenizer: the longest token's length, then score, length and UTF-8 bytes of each token.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file has another form.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static StoryTokenizer Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (file.Length < sizeof(int))
            throw new InvalidDataException($"{path}: a tokenizer starts with the length of its longest token, but the file has {file.Length} bytes.");
        int longest = BinaryPrimitives.ReadInt32LittleEndian(file);
        var pieces = new List<byte[]>();
        var scores = new List<float>();
        ReadOnlySpan<byte> rest = file.AsSpan(sizeof(int));
        while (!rest.IsEmpty)
        {
            if (rest.Length < 2 * sizeof(int))
                throw new InvalidDataException($"{path}: the file ends within the score and length of token {pieces.Count}.");
            float score = BinaryPrimitives.ReadSingleLittleEndian(rest);
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest[sizeof(float)..]);
            rest = rest[(2 * sizeof(int))..];
            if (float.IsNaN(score))
                throw new InvalidDataException($"{path}: the score of token {pieces.Count} is not a number.");
            if (length < 0 || length > longest)
                throw new InvalidDataException($"{path}: token {pieces.Count} says that it has {length} bytes, but the longest token has {longest}.");
            if (length > rest.Length)
                throw new InvalidDataException($"{path}: token {pieces.Count} says that it has {length} bytes, but only {rest.Length} follow.");
            pieces.Add(rest[..length].ToArray());
            scores.Add(score);
            rest = rest[length..];
        }
        if (pieces.Count < FirstByteToken + 256)
            throw new InvalidDataException($"{path}: a tokenizer has at least {FirstByteToken + 256} tokens, the single bytes among them, but the file has {pieces.Count}.");
        return new StoryTokenizer([.. pieces], [.. scores]);
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
            if (_ids.TryGetValue(rune.ToString(), out int id))
            {
                tokens.Add(id);
                continue;
            }
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
                tokens.Add(FirstByteToken + value);
        }
        while (FindBestMerge(tokens) is (int index, int merged))
        {
            tokens[index] = merged;
            tokens.RemoveAt(index + 1);
        }
        return [.. tokens];
    }

    /// <summary>The bytes that a token adds to the text.</summary>
    /// <param name="previous">The token before it.</param>
    /// <param name="token">0 to <see cref="VocabularySize"/> − 1.</param>
    public ReadOnlySpan<byte> Decode(int previous, int token)
    {
        ReadOnlySpan<byte> piece = _pieces[token];
        return previous == BeginOfSequence && piece is [(byte)' ', ..] ? piece[1..] : piece;
    }

    private (int Index, int Merged)? FindBestMerge(List<int> tokens)
    {
        (int, int)? best = null;
        float bestScore = float.NegativeInfinity;
        // BOS is a marker, not a text that could be merged.
        for (int i = 1; i < tokens.Count - 1; i++)
        {
            if (_ids.TryGetValue(_texts[tokens[i]] + _texts[tokens[i + 1]], out int id) && _scores[id] > bestScore)
            {
                bestScore = _scores[id];
                best = (i, id);
            }
        }
        return best;
    }

    /// <summary>The byte that a text such as <c>&lt;0x0A&gt;</c> stands for.</summary>
    private static byte? ByteOf(string text)
    {
        return text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
            && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;
    }
}
