using System.Text;

namespace AttentionGen.Samples.Transliterate;

/// <summary>The characters that a model knows: one a line, the line number is the id, and one more id for all others.</summary>
public sealed class Vocabulary
{
    /// <summary>Begins what the decoder writes.</summary>
    public const int Begin = 1;

    /// <summary>Ends what the decoder writes.</summary>
    public const int End = 2;

    private readonly string[] _tokens;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    private Vocabulary(string[] tokens)
    {
        _tokens = tokens;
        for (int id = 0; id < tokens.Length; id++)
            _ids.TryAdd(tokens[id], id);
    }

    /// <summary>Number of ids, the one for unknown characters included.</summary>
    public int Count => _tokens.Length + 1;

    /// <summary>The id of characters that the model does not know.</summary>
    public int Unknown => _tokens.Length;

    /// <summary>Reads a vocabulary.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The first lines are not <c>&lt;blank&gt;</c>, <c>&lt;s&gt;</c>, <c>&lt;/s&gt;</c>.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Vocabulary Read(string path)
    {
        // Not ReadAllLines, which would take some characters for the end of a line.
        string[] lines = File.ReadAllText(path).Split('\n');
        if (lines is not ["<blank>", "<s>", "</s>", ..])
            throw new InvalidDataException($"{path}: a vocabulary starts with the lines <blank>, <s> and </s>.");
        return new Vocabulary(lines[^1].Length == 0 ? lines[..^1] : lines);
    }

    /// <summary>One id for each character.</summary>
    /// <param name="word">Any text.</param>
    public int[] Encode(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        var ids = new List<int>();
        foreach (Rune rune in word.EnumerateRunes())
            ids.Add(_ids.GetValueOrDefault(rune.ToString(), Unknown));
        return [.. ids];
    }

    /// <summary>The text of one id.</summary>
    /// <param name="id">0 to <see cref="Count"/> − 1.</param>
    public string this[int id] => id == Unknown ? "<unk>" : _tokens[id];

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
}
