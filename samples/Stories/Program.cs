using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace AttentionGen.Samples.Stories;

internal static class Program
{
    private const int DefaultSteps = 256;

    private static int Main(string[] args)
    {
        var model = new Option<FileInfo>("--model") { Description = "A GGUF file, or a llama2.c checkpoint such as stories260K.bin.", Required = true };
        var tokenizer = new Option<FileInfo?>("--tokenizer") { Description = "The tokenizer of a checkpoint, such as tok512.bin. A GGUF file has its own." };
        var prompt = new Option<string>("--prompt") { Description = "How the story begins.", DefaultValueFactory = _ => "" };
        var steps =
            new Option<int?>("--steps") { Description = $"Tokens to write, the prompt included (default {DefaultSteps}, or as many as the model can)." };
        var temperature = new Option<float>("--temperature")
        {
            Description = "0 always takes the most likely token; 0.5 is between that and 1.", DefaultValueFactory = _ => 1, CustomParser = ParseTemperature,
        };
        var seed = new Option<int?>("--seed") { Description = "Makes a story with a temperature repeatable." };
        var command = new RootCommand("Tells a story with a small language model, whose layers are generated C#.")
        {
            model, tokenizer, prompt, steps, temperature, seed,
        };
        command.SetAction(result =>
        {
            try
            {
                Run(
                    result.GetRequiredValue(model).FullName, result.GetValue(tokenizer)?.FullName, result.GetValue(prompt) ?? "",
                    result.GetValue(steps), result.GetValue(temperature), result.GetValue(seed));
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

    /// <summary>A number with a decimal point, whatever the system's language; a comma would otherwise be read as a separator of thousands.</summary>
    private static float ParseTemperature(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && value is >= 0 and <= float.MaxValue)
            return value;
        result.AddError($"--temperature must be 0 or a positive number with a decimal point, such as 0.5, but is '{text}'.");
        return 0;
    }

    private static (StoryCheckpoint Checkpoint, StoryTokenizer Tokenizer) Read(string modelPath, string? tokenizerPath)
    {
        if (modelPath.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            if (tokenizerPath is not null)
                throw new ArgumentException("--tokenizer is for llama2.c checkpoints; a GGUF file has its own: leave the option out.");
            using GgufFile file = GgufFile.Open(modelPath);
            return (StoryCheckpoint.Read(file), StoryTokenizer.Read(file));
        }

        return tokenizerPath is null
            ? throw new ArgumentException("--tokenizer is missing; a llama2.c checkpoint needs the file with its tokens, such as tok512.bin.")
            : (StoryCheckpoint.Read(modelPath), StoryTokenizer.Read(tokenizerPath));
    }

    private static void Run(string modelPath, string? tokenizerPath, string prompt, int? steps, float temperature, int? seed)
    {
        (StoryCheckpoint checkpoint, StoryTokenizer tokenizer) = Read(modelPath, tokenizerPath);
        if (tokenizer.VocabularySize != checkpoint.VocabularySize)
            throw new InvalidDataException(
                $"The model has {checkpoint.VocabularySize} tokens, but the tokenizer {tokenizer.VocabularySize}: they do not belong together.");
        int count = steps ?? Math.Min(DefaultSteps, checkpoint.MaxPositions);
        if (count < 0 || count > checkpoint.MaxPositions)
            throw new ArgumentException($"--steps must be 0 to {checkpoint.MaxPositions} with this model, but is {count}.");
        int promptTokens = tokenizer.Encode(prompt).Length - 1;
        if (promptTokens > count)
            Console.Error.WriteLine(
                $"The prompt has {promptTokens} tokens, but only {count} are written: it is cut. "
                    + $"{(count < checkpoint.MaxPositions ? "Give more --steps." : "The model can read no more.")}");
        Rune[] unknown = [.. prompt.EnumerateRunes().Where(character => !tokenizer.Knows(character)).Distinct()];
        if (unknown.Length > 0)
            Console.Error.WriteLine(
                $"The tokenizer does not know {string.Join(", ", unknown.Select(character => $"'{character}'"))}: the model reads single bytes, and has hardly "
                    + $"seen any.");
        var sampler = new StorySampler(temperature, seed);
        var model = new StoryModel(checkpoint, checkpoint.MaxPositions);

        using Stream output = Console.OpenStandardOutput();
        long start = Stopwatch.GetTimestamp();
        int generated = StoryTeller.Tell(model, tokenizer, sampler, prompt, count, output);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        // A line break for the terminal, on the stream that is not the story.
        Console.Error.WriteLine();
        Console.Error.WriteLine(FormattableString.Invariant($"{generated} tokens in {seconds:F2} s, {generated / seconds:F0} tokens/s"));
    }
}
