using System.CommandLine;

namespace AttentionGen.Samples.Sentences;

/// <summary>What every command that runs the model can be told.</summary>
internal sealed class CommonOptions
{
    public Option<string?> Model { get; } = new("--model")
    {
        Description = "Folder with model.safetensors and vocab.txt, as Hugging Face has it. The default is all-MiniLM-L6-v2, which comes with the program.",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<bool> Int8 { get; } = new("--int8")
    {
        Description = "Stores weights in 8 bits and multiplies integers: faster, and nearly the same vectors.",
        Recursive = true,
    };

    public Option<int> Threads { get; } = SampleCommands.Threads("work on a batch");

    /// <summary>Loads the model that is asked for.</summary>
    public SentenceModel Load(ParseResult result)
    {
        string? directory = result.GetValue(Model);
        bool isInt8 = result.GetValue(Int8);
        return Terminal.Wait("Loading the model", () => directory is null ? SentenceModel.LoadPackaged(isInt8) : SentenceModel.Load(directory, isInt8));
    }

    public ForwardOptions Forward(ParseResult result, CancellationToken cancellation) =>
        new() { MaxDegreeOfParallelism = result.GetValue(Threads), CancellationToken = cancellation };
}
