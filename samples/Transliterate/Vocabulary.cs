using System.Text;

namespace AttentionGen.Samples.Transliterate;

/// <summary>The characters that a model knows: one a line, the line number is the id, and one more id for all others.</summary>
public sealed class Vocabulary
{
    /// <summary>Begins what the decoder writes.</summary>
    public const int Begin = 1;

    /// <summary>Ends what the decoder writes.</summary>
    public const int End = 2;

    // Bytes of the first three lines, but for the end of the last.
    private const int Markers = 16;

    // More characters than any model knows.
    private const int MostTokens = 100_000;

    // Lines stay in the file's bytes: objects for each of them would take many times as much.
    private readonly byte[] file;
    private readonly int[] starts;
    private readonly int[] byText;

    private Vocabulary(byte[] file, int[] starts)
    {
        this.file = file;
        this.starts = starts;
        byText = new int[Unknown];
        for (int id = 0; id < Unknown; id++)
            byText[id] = id;
        byText.AsSpan().Sort((first, second) => Text(first).SequenceCompareTo(Text(second)) is not 0 and int order ? order : first.CompareTo(second));
    }

    /// <summary>Number of ids, the one for unknown characters included.</summary>
    public int Count => starts.Length;

    /// <summary>The id of characters that the model does not know.</summary>
    public int Unknown => starts.Length - 1;

    /// <summary>Reads a vocabulary.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">
    /// The first lines are not <c>&lt;blank&gt;</c>, <c>&lt;s&gt;</c>, <c>&lt;/s&gt;</c>, or there are too many.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Vocabulary Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (!file.AsSpan().StartsWith("<blank>\n<s>\n</s>"u8) || (file.Length > Markers && file[Markers] != (byte)'\n'))
            throw new InvalidDataException($"{path}: a vocabulary starts with the lines <blank>, <s> and </s>.");
        int lines = file.AsSpan().Count((byte)'\n') + (file[^1] == (byte)'\n' ? 0 : 1);
        if (lines > MostTokens)
            throw new InvalidDataException($"{path}: a vocabulary has at most {MostTokens} lines, but the file has {lines}.");

        // Where each line starts, and where one behind the last would.
        var starts = new int[lines + 1];
        for (int line = 1; line <= lines; line++)
        {
            int length = file.AsSpan(starts[line - 1]).IndexOf((byte)'\n');
            starts[line] = length < 0 ? file.Length + 1 : starts[line - 1] + length + 1;
        }
        return new Vocabulary(file, starts);
    }

    /// <summary>One id for each character.</summary>
    /// <param name="word">Any text.</param>
    public int[] Encode(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        var ids = new List<int>();
        Span<byte> bytes = stackalloc byte[4];
        foreach (Rune rune in word.EnumerateRunes())
            ids.Add(Find(bytes[..rune.EncodeToUtf8(bytes)]));
        return [.. ids];
    }

    /// <summary>The characters of a word that the model does not know, each once.</summary>
    /// <param name="word">Any text.</param>
    public IReadOnlyList<string> UnknownOf(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return [.. word.EnumerateRunes().Zip(Encode(word)).Where(pair => pair.Second == Unknown).Select(pair => pair.First.ToString()).Distinct()];
    }

    /// <summary>The text of one id.</summary>
    /// <param name="id">0 to <see cref="Count"/> − 1.</param>
    public string this[int id] => id == Unknown ? "<unk>" : Encoding.UTF8.GetString(Text(id));

    /// <summary>The text of ids, up to the one that ends it.</summary>
    /// <param name="ids">Each 0 to <see cref="Count"/> − 1.</param>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            if (id == End)
                break;
            text.Append(this[id]);
        }
        return text.ToString();
    }

    private ReadOnlySpan<byte> Text(int id) => file.AsSpan(starts[id], starts[id + 1] - starts[id] - 1);

    /// <summary>The first id of a text, or the one of all that are not known.</summary>
    private int Find(ReadOnlySpan<byte> text)
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
        return low < byText.Length && Text(byText[low]).SequenceEqual(text) ? byText[low] : Unknown;
    }
}
