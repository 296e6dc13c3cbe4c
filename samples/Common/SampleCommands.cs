using System.CommandLine;

namespace AttentionGen.Samples;

/// <summary>How the commands of the samples end, and the options that they share.</summary>
internal static class SampleCommands
{
    private const int MaxThreads = 256;

    /// <summary>Runs a command, and says what went wrong without a stack trace where a user can repair it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="run">What it does.</param>
    /// <param name="stopped">What it says after Ctrl+C.</param>
    public static void OnRun(this Command command, Func<ParseResult, CancellationToken, Task> run, string stopped = "Stopped.") =>
        command.SetAction(async (result, cancellation) =>
        {
            try
            {
                await run(result, cancellation);
                return 0;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                Console.Error.WriteLine(stopped);
                return 130;
            }
            catch (Exception e) when (
                e is IOException or InvalidDataException or UnauthorizedAccessException or NotSupportedException or ArgumentException or HttpRequestException)
            {
                Console.Error.WriteLine(e.Message);
                return 1;
            }
        });

    /// <summary>As above, for a command that waits for nothing.</summary>
    public static void OnRun(this Command command, Action<ParseResult, CancellationToken> run, string stopped = "Stopped.") =>
        command.OnRun(
            (result, cancellation) =>
            {
                run(result, cancellation);
                return Task.CompletedTask;
            },
            stopped);

    /// <summary>The path of a file to write, if one can be there. Work that takes long asks before it begins.</summary>
    /// <param name="option">What names the file, for the message.</param>
    /// <param name="path">The path.</param>
    /// <exception cref="IOException">It is a folder, or its folder does not exist.</exception>
    public static string ToWrite(string option, string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"{option} must name a file, but '{path}' is a folder.");
        return Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder)
            ? throw new DirectoryNotFoundException($"{option} names a file in '{folder}', which does not exist.")
            : path;
    }

    /// <summary>Refuses other numbers.</summary>
    public static Option<int> Between(this Option<int> option, int least, int most)
    {
        option.Validators.Add(result =>
        {
            int value = result.GetValueOrDefault<int>();
            if (value < least || value > most)
                result.AddError($"{option.Name} must be {least} to {most}, but is {value}.");
        });
        return option;
    }

    /// <summary>Refuses texts that are empty, and options that no command has.</summary>
    public static Argument<string[]> OnlyTexts(this Argument<string[]> texts)
    {
        texts.Validators.Add(result =>
        {
            foreach (string text in result.Tokens.Select(token => token.Value))
            {
                if (text.StartsWith("--", StringComparison.Ordinal))
                    result.AddError($"{text} is no option of this command; --help lists them.");
                else if (string.IsNullOrWhiteSpace(text))
                    result.AddError($"A {texts.Name} is empty: there is nothing to read.");
            }
        });
        return texts;
    }

    /// <summary>The option <c>--threads</c>: all that there are, unless it is given.</summary>
    /// <param name="work">What the threads share.</param>
    public static Option<int> Threads(string work) => new Option<int>("--threads")
    {
        Description = $"Threads that {work}. The results do not depend on it.", HelpName = "N",
        DefaultValueFactory = _ => Math.Min(Environment.ProcessorCount, MaxThreads), Recursive = true,
    }.Between(1, MaxThreads);

    /// <summary>The option <c>--seed</c>.</summary>
    public static Option<long> Seed() => new("--seed")
    {
        Description = "Decides all random numbers. The same seed gives the same model, to the bit.", HelpName = "N", DefaultValueFactory = _ => 1,
        Recursive = true,
    };
}
