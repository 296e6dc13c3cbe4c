using System.CommandLine;
using System.Globalization;
using System.Text;

namespace AttentionGen.Samples.Transliterate;

internal static class Program
{
    /// <summary>A source word and its target. The time of a word grows with the square of its length.</summary>
    private const int MostCharacters = 2 * Transliterator.MaxLength;

    private static int Main(string[] args)
    {
        var model = new Option<DirectoryInfo>("--model") { Description = "Directory with model.bin and the two vocabularies.", Required = true };
        var scores = new Option<bool>("--scores") { Description = "Each word is SOURCE=TARGET: print the log-probability of each character of the target." };
        var words = new Argument<string[]>("WORD") { Description = "Words to transliterate.", Arity = ArgumentArity.OneOrMore };
        words.Validators.Add(result =>
        {
            foreach (string word in result.Tokens.Select(token => token.Value))
            {
                if (word.StartsWith("--", StringComparison.Ordinal))
                    result.AddError($"{word} is no option of this program; --help lists them.");
                else if (word.Length == 0)
                    result.AddError("A word is empty: give at least one character.");
                else if (word.Length > MostCharacters)
                    result.AddError($"A word has {word.Length} characters; the model is made for words, so at most {MostCharacters} are read.");
            }
        });
        var command = new RootCommand("Writes Arabic words in Latin letters, with generated attention.") { model, scores, words };
        command.SetAction(result =>
        {
            try
            {
                Run(result.GetRequiredValue(model).FullName, result.GetRequiredValue(words), result.GetValue(scores));
                return 0;
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
            {
                Console.Error.WriteLine(e.Message);
                return 1;
            }
        });
        return command.Parse(args).Invoke();
    }

    private static void Run(string directory, string[] words, bool scores)
    {
        Transliterator model = Transliterator.Load(directory);
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        foreach (string word in words)
        {
            if (!scores)
            {
                SayUnknown(model.Source, word);
                string written = model.Transliterate(word, out bool isCut);
                output.WriteLine(written);
                if (isCut)
                    Console.Error.WriteLine($"{word}: the model had not ended the word after {Transliterator.MaxLength} characters; it is cut there.");
                continue;
            }
            if (word.Split('=') is not [{ Length: > 0 } source, string target])
                throw new ArgumentException($"With --scores each word must be SOURCE=TARGET, but one is {word}.");
            SayUnknown(model.Source, source);
            SayUnknown(model.Target, target);
            foreach ((string token, double logProbability) in model.Score(source, target))
                output.WriteLine($"{token}\t{logProbability.ToString("F6", CultureInfo.InvariantCulture)}");
        }
    }
    private static void SayUnknown(Vocabulary vocabulary, string word)
    {
        if (vocabulary.UnknownOf(word) is { Count: > 0 } unknown)
            Console.Error.WriteLine(
                $"{word}: the model does not know {string.Join(", ", unknown.Select(character => $"'{character}'"))}, and reads one mark in place of each.");
    }
}
