using System.CommandLine;
using System.Diagnostics;

namespace AttentionGen.Samples.Stories;

internal static class Program
{
    private const int DefaultSteps = 256;

    private static int Main(string[] args)
    {
        var model = new Option<FileInfo>("--model") { Description = "llama2.c checkpoint, such as stories260K.bin.", Required = true };
        var tokenizer = new Option<FileInfo>("--tokenizer") { Description = "Its tokenizer, such as tok512.bin.", Required = true };
        var prompt = new Option<string>("--prompt") { Description = "How the story begins.", DefaultValueFactory = _ => "" };
        var steps = new Option<int?>("--steps") { Description = $"Tokens to write, the prompt included (default {DefaultSteps}, or as many as the model can)." };
        var temperature = new Option<float>("--temperature") { Description = "0 always takes the most likely token.", DefaultValueFactory = _ => 1 };
        var seed = new Option<int?>("--seed") { Description = "Makes a story with a temperature repeatable." };
        temperature.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<float>() is not (>= 0 and <= float.MaxValue))
                result.AddError("--temperature must be 0 or a positive number.");
        });
        var command = new RootCommand("Tells a story with a small language model, whose attention is generated C#.")
        {
            model, tokenizer, prompt, steps, temperature, seed,
        };
        command.SetAction(result =>
        {
            try
            {
                Run(
                    result.GetRequiredValue(model).FullName, result.GetRequiredValue(tokenizer).FullName, result.GetValue(prompt) ?? "",
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

    private static void Run(string modelPath, string tokenizerPath, string prompt, int? steps, float temperature, int? seed)
    {
        StoryCheckpoint checkpoint = StoryCheckpoint.Read(modelPath);
        StoryTokenizer tokenizer = StoryTokenizer.Read(tokenizerPath);
        if (tokenizer.VocabularySize != checkpoint.VocabularySize)
            throw new InvalidDataException($"The model has {checkpoint.VocabularySize} tokens, but the tokenizer {tokenizer.VocabularySize}: they do not belong together.");
        int count = steps ?? Math.Min(DefaultSteps, checkpoint.MaxPositions);
        if (count < 0 || count > checkpoint.MaxPositions)
            throw new ArgumentException($"--steps must be 0 to {checkpoint.MaxPositions} with this model, but is {count}.");
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
