using System.CommandLine;
using AttentionGen.Samples.Stories;

namespace AttentionGen.Samples.Heads;

/// <summary>A command for each model.</summary>
internal static class Commands
{
    private static readonly string[] Sentences =
    [
        "The cat sat on the mat, because the mat was warm.",
        "The food was not good, but the waiter was very friendly.",
    ];

    private static readonly string[] Stories =
    [
        "Once upon a time, there was a little girl named Lily. She loved to play outside. One day, Lily saw a big red ball. Lily wanted the big red ball.",
    ];

    private static readonly string[] Words = ["آتزمون", "آتشيسون", "آزا"];

    public static Command Sentence(HeadsCommand common)
    {
        Argument<string[]> texts = Texts("TEXT", "Texts to read; without one, two sentences that come with the program.");
        var command = new Command("minilm", "all-MiniLM-L6-v2, which comes with the program: 6 layers of 12 heads that make a vector of a text.") { texts };
        common.OnRun(command, (result, tokens) => SentenceHeads.Load().Report(Given(result, texts, Sentences), tokens));
        return command;
    }

    public static Command Story(HeadsCommand common)
    {
        var model = new Option<FileInfo>("--model") { Description = "A GGUF file, or a llama2.c checkpoint such as stories260K.bin.", Required = true };
        var tokenizer = new Option<FileInfo?>("--tokenizer") { Description = "The tokenizer of a checkpoint, such as tok512.bin." };
        Argument<string[]> texts = Texts("TEXT", "Texts to read; without one, the beginning of a story.");
        var command = new Command("stories", "The small language model of samples/Stories: 5 layers of 8 heads.") { model, tokenizer, texts };
        common.OnRun(command, (result, tokens) =>
        {
            (StoryCheckpoint checkpoint, StoryTokenizer reader) = Read(result.GetRequiredValue(model).FullName, result.GetValue(tokenizer)?.FullName);
            return new StoryHeads(checkpoint, reader).Report(
                Path.GetFileNameWithoutExtension(result.GetRequiredValue(model).Name), Given(result, texts, Stories), tokens);
        });
        return command;
    }

    public static Command Transliterate(HeadsCommand common)
    {
        var model = new Option<DirectoryInfo>("--model") { Description = "Directory with model.bin and the two vocabularies.", Required = true };
        Argument<string[]> words = Texts("WORD", "Arabic words to write in Latin letters; without one, three that come with the program.");
        var command = new Command(
            "transliterate", "The encoder and decoder of samples/Transliterate: also what the decoder reads in the source while it writes.") { model, words };
        common.OnRun(command, (result, tokens) => new TransliterateHeads(result.GetRequiredValue(model).FullName).Report(
            result.GetRequiredValue(model).Name, Given(result, words, Words), tokens));
        return command;
    }

    private static (StoryCheckpoint Checkpoint, StoryTokenizer Tokenizer) Read(string model, string? tokenizer)
    {
        if (model.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            using GgufFile file = GgufFile.Open(model);
            return (StoryCheckpoint.Read(file), StoryTokenizer.Read(file));
        }

        return tokenizer is null
            ? throw new ArgumentException("--tokenizer is missing; a llama2.c checkpoint needs the file with its tokens, such as tok512.bin.")
            : (StoryCheckpoint.Read(model), StoryTokenizer.Read(tokenizer));
    }

    private static Argument<string[]> Texts(string name, string description) =>
        new Argument<string[]>(name) { Description = description, Arity = ArgumentArity.ZeroOrMore }.OnlyTexts();

    private static IReadOnlyList<string> Given(ParseResult result, Argument<string[]> texts, string[] otherwise) =>
        result.GetValue(texts) is { Length: > 0 } given ? given : otherwise;
}
