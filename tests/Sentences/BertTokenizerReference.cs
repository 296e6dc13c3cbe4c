using System.Globalization;
using System.Text;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Tests.Sentences;

/// <summary>Hugging Face's BERT tokenizer for lower case, step by step as its documentation has it, without thought of speed.</summary>
internal sealed class BertTokenizerReference
{
    private static readonly string[] Special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);

    public BertTokenizerReference()
    {
        using var reader = new StreamReader(PackagedModel.OpenVocabulary());
        while (reader.ReadLine() is { } token)
            ids.Add(token, ids.Count);
    }

    public int[] Encode(string text)
    {
        var result = new List<int> { ids["[CLS]"] };
        for (int start = 0; start < text.Length;)
        {
            int next = text.Length;
            string? found = null;
            foreach (string token in Special)
            {
                int at = text.IndexOf(token, start, StringComparison.Ordinal);
                if (at >= 0 && at < next)
                    (next, found) = (at, token);
            }

            foreach (string word in Words(Normalize(text[start..next])))
                AddPieces(word, result);
            if (found is not null)
                result.Add(ids[found]);
            start = next + (found?.Length ?? 0);
        }

        result.Add(ids["[SEP]"]);
        return [.. result];
    }

    private static string Normalize(string text)
    {
        var clean = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '\t' or '\n' or '\r' || Rune.IsWhiteSpace(rune) && !IsOther(rune))
                clean.Append(' ');
            else if (IsIdeograph(rune.Value))
                clean.Append(' ').Append(rune).Append(' ');
            else if (rune.Value is not (0 or 0xFFFD) && !IsOther(rune))
                clean.Append(rune);
        }

        var bare = new StringBuilder();
        foreach (Rune rune in clean.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
                bare.Append(Rune.ToLowerInvariant(rune));
        }

        return bare.ToString();
    }

    private static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isSpace = Rune.IsWhiteSpace(rune), isPunctuation = Rune.IsPunctuation(rune) || rune.IsAscii && Rune.IsSymbol(rune);
            if (!isSpace && !isPunctuation)
            {
                word.Append(rune);
                continue;
            }

            if (word.Length > 0)
                yield return word.ToString();
            word.Clear();
            if (isPunctuation)
                yield return rune.ToString();
        }

        if (word.Length > 0)
            yield return word.ToString();
    }

    private void AddPieces(string word, List<int> result)
    {
        Rune[] runes = [.. word.EnumerateRunes()];
        var pieces = new List<int>();
        for (int start = 0; start < runes.Length;)
        {
            int end = runes.Length;
            int id = -1;
            while (end > start && !ids.TryGetValue((start > 0 ? "##" : "") + string.Concat(runes[start..end]), out id))
                end--;
            if (end == start || runes.Length > 100)
            {
                result.Add(ids["[UNK]"]);
                return;
            }

            pieces.Add(id);
            start = end;
        }

        result.AddRange(pieces);
    }

    private static bool IsOther(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static bool IsIdeograph(int value) =>
        value is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2B73F
            or >= 0x2B740 and <= 0x2B81F or >= 0x2B820 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;
}
