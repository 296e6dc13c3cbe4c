namespace AttentionGen.Samples.Train;

/// <summary>Pieces of a file, byte by byte.</summary>
internal sealed class TextTask : ITrainingTask
{
    private readonly byte[] text;

    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is too short.</exception>
    public TextTask(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException(Directory.Exists(path) ? $"'{path}' is a folder; expected a text file." : $"The file '{path}' does not exist.");
        text = File.ReadAllBytes(path);
        if (text.Length < 10 * Length)
            throw new InvalidDataException($"'{path}' has {text.Length} bytes; expected {10 * Length} or more to learn from.");
    }

    public int Vocabulary => 256;

    public int Length => 64;

    public string NameOf(int token) => token is > ' ' and < 127 ? ((char)token).ToString() : token == ' ' ? "␣" : $"{token:X2}";

    public void Fill(long seed, long step, Span<int> tokens, Span<int> labels, Span<bool> repeated)
    {
        var random = new SplitMix(seed, step);
        for (int start = 0; start < tokens.Length; start += Length)
        {
            int first = random.Next(text.Length - Length);
            for (int place = 0; place < Length; place++)
            {
                tokens[start + place] = text[first + place];
                labels[start + place] = text[first + place + 1];
                repeated[start + place] = true;
            }
        }
    }
}
