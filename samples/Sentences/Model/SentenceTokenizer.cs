using System.Globalization;
using System.Text;
using FastBertTokenizer;

namespace AttentionGen.Samples.Sentences;

/// <summary>Makes the tokens that Hugging Face's BERT tokenizer for lower case makes of a text.</summary>
/// <remarks>
/// FastBertTokenizer does the work. Two things are done beside it: the names of special tokens in the text stand for these tokens, and a word of more than
/// <see cref="MaxWordCharacters"/> characters is the unknown token. Several threads may use one object.
/// </remarks>
public sealed class SentenceTokenizer
{
    /// <summary>A longer word is unknown.</summary>
    public const int MaxWordCharacters = 100;

    // A character of Hangul is the longest when its accents are taken off: three.
    private const int MostPieces = 3;

    private static readonly string[] SpecialNames = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private readonly BertTokenizer words = new();
    private readonly Dictionary<string, int> special;
    private readonly int unknown;
    private readonly int begin;
    private readonly int end;

    /// <summary>Reads a vocabulary.</summary>
    /// <param name="vocabulary">One token a line, in the order of their numbers.</param>
    /// <param name="name">The file's name in messages.</param>
    /// <exception cref="InvalidDataException">It is no vocabulary of BERT.</exception>
    /// <exception cref="PlatformNotSupportedException">.NET runs without Unicode tables here.</exception>
    public SentenceTokenizer(Stream vocabulary, string name)
    {
        // Without its tables, .NET takes every text for decomposed, and words with accents would be unknown without a word.
        if ("é".Normalize(NormalizationForm.FormD).Length != 2)
            throw new PlatformNotSupportedException(
                ".NET runs in globalization-invariant mode here, which cannot take accents off letters as the model expects. Install ICU (libicu), and do not "
                    + "set DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
        var tokens = new List<string>();
        try
        {
            using var lines = new StreamReader(vocabulary, new UTF8Encoding(false, throwOnInvalidBytes: true));
            while (lines.ReadLine() is { } line)
                tokens.Add(line);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException($"'{name}' is no vocabulary: it is not UTF-8 text.");
        }

        Count = tokens.Count;
        special = [];
        foreach (string token in SpecialNames)
        {
            int id = tokens.IndexOf(token);
            if (id < 0 && token is not "[MASK]")
                throw new InvalidDataException($"'{name}' is no vocabulary of BERT, which has one token a line: none of its {Count} lines is {token}.");
            if (id >= 0)
                special.Add(token, id);
        }

        (unknown, begin, end) = (special["[UNK]"], special["[CLS]"], special["[SEP]"]);
        words.LoadVocabulary(new StringReader(string.Join('\n', tokens)), convertInputToLowercase: true);
    }

    /// <summary>Number of tokens.</summary>
    public int Count { get; }

    /// <summary>The tokens of a text, [CLS] and [SEP] around them.</summary>
    /// <param name="text">Any text; half surrogate pairs are left out.</param>
    /// <param name="maxTokens">The most tokens, 2 or more; the end of a longer text is cut off.</param>
    public SentenceTokens Encode(string text, int maxTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 2);
        text = WithoutHalfPairs(text);
        var ids = new List<int>(Math.Min(maxTokens, text.Length + 2)) { begin };
        // One more than fits, to see whether the text is cut.
        int limit = maxTokens;
        int start = 0;
        for (int position = 0; position < text.Length && ids.Count < limit;)
        {
            int length = 0, id = 0;
            if (text[position] == '[')
            {
                foreach ((string token, int number) in special)
                {
                    if (string.CompareOrdinal(text, position, token, 0, token.Length) == 0)
                        (length, id) = (token.Length, number);
                }
            }
            else
            {
                int word = WordLength(text, position, out bool isLong);
                if (!isLong)
                {
                    position += word > 0 ? word : Rune.GetRuneAt(text, position).Utf16SequenceLength;
                    continue;
                }

                (length, id) = (word, unknown);
            }

            if (length == 0)
            {
                // A bracket that begins no special token.
                position++;
                continue;
            }

            AddWords(text[start..position], ids, limit);
            if (ids.Count < limit)
                ids.Add(id);
            position += length;
            start = position;
        }

        if (ids.Count < limit)
            AddWords(text[start..], ids, limit);
        bool isCut = ids.Count > maxTokens - 1;
        if (isCut)
            ids.RemoveRange(maxTokens - 1, ids.Count - (maxTokens - 1));
        ids.Add(end);
        return new SentenceTokens([.. ids], isCut);
    }

    /// <summary>Adds the tokens of a part of the text, as many as there is room for.</summary>
    private void AddWords(string text, List<int> ids, int limit)
    {
        if (text.Length == 0)
            return;
        // [CLS], [SEP], and the pieces of the word at which the room ends: which of them are given then does not matter.
        int room = Math.Min(limit - ids.Count + MaxWordCharacters, MostPieces * text.Length) + 2;
        var pieces = new long[room];
        var mask = new long[room];
        int count = words.Encode(text, pieces, mask);
        for (int i = 1; i < count - 1 && ids.Count < limit; i++)
            ids.Add((int)pieces[i]);
    }

    /// <summary>The length of the word that begins here, 0 where none begins; and whether the model reads it as unknown for its length.</summary>
    private static int WordLength(string text, int start, out bool isLong)
    {
        int end = start;
        while (end < text.Length)
        {
            var rune = Rune.GetRuneAt(text, end);
            if (EndsWord(rune))
                break;
            end += rune.Utf16SequenceLength;
        }

        int length = end - start;
        isLong = length * MostPieces > MaxWordCharacters && CharactersRead(text.AsSpan(start, length)) > MaxWordCharacters;
        return length;
    }

    /// <summary>Characters of a word that are left when accents are taken off and characters without meaning are left out.</summary>
    private static int CharactersRead(ReadOnlySpan<char> word)
    {
        int count = 0;
        foreach (Rune rune in word.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark && !IsLeftOut(rune))
                count++;
        }

        return count;
    }

    private static bool EndsWord(Rune rune)
    {
        int value = rune.Value;
        if (IsLeftOut(rune))
            return false;
        if (value < 128)
            return !char.IsAsciiLetterOrDigit((char)value);
        return Rune.IsWhiteSpace(rune) || Rune.IsPunctuation(rune) || IsIdeograph(value);
    }

    /// <summary>What the tokenizer takes out of a text before anything else.</summary>
    private static bool IsLeftOut(Rune rune) => rune.Value is not ('\t' or '\n' or '\r') && (rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    /// <summary>Each ideograph is a word of its own: the blocks that BERT's tokenizer names.</summary>
    private static bool IsIdeograph(int value) => value is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or
        (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B820 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private static string WithoutHalfPairs(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!Rune.TryGetRuneAt(text, i, out _))
                return string.Concat(text.EnumerateRunes().Where(rune => rune != Rune.ReplacementChar));
            i++;
        }

        return text;
    }
}

/// <summary>The tokens of a text.</summary>
/// <param name="Ids">Their numbers, from [CLS] to [SEP].</param>
/// <param name="IsCut">Whether the text has more than the model reads.</param>
public sealed record SentenceTokens(int[] Ids, bool IsCut);
