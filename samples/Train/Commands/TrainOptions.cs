using System.CommandLine;

namespace AttentionGen.Samples.Train;

/// <summary>What every command can be told.</summary>
internal sealed class TrainOptions
{
    private const int MaxLayers = 12;
    private const int MaxSteps = 1_000_000;

    public TrainOptions()
    {
        Heads.AcceptOnlyFromAmong("1", "2", "4", "8");
        Block.AcceptOnlyFromAmong("attention", "whole");
        Layers.Between(1, MaxLayers);
        Steps.Between(1, MaxSteps);
    }

    public Option<int> Heads { get; } = new("--heads")
    {
        Description = "Heads of a layer, which share its width of 64: 1, 2, 4 or 8.", HelpName = "N", DefaultValueFactory = _ => 4, Recursive = true,
    };

    public Option<string> Block { get; } = new("--block")
    {
        Description = "What a layer is: attention alone, or a whole layer with a feed-forward network and norms.", HelpName = "attention|whole",
        DefaultValueFactory = _ => "attention", Recursive = true,
    };

    public Option<int> Layers { get; } = new("--layers")
    {
        Description = "Layers.", HelpName = "N", DefaultValueFactory = _ => 2, Recursive = true,
    };

    public Option<int> Steps { get; } = new("--steps")
    {
        Description = "Steps, each with 16 sequences.", HelpName = "N", DefaultValueFactory = _ => 2000, Recursive = true,
    };

    public Option<long> Seed { get; } = SampleCommands.Seed();

    public Option<int> Threads { get; } = SampleCommands.Threads("share a step");

    public Option<string?> Out { get; } = new("--out")
    {
        Description = "Folder for checkpoint.safetensors, every 200 steps, and model.safetensors and heads.html at the end.", HelpName = "DIR",
        Recursive = true,
    };

    public Option<bool> Resume { get; } = new("--resume")
    {
        Description = "Goes on from the checkpoint in --out, to the same bits as without the break.", Recursive = true,
    };

    public Option<string?> Json { get; } = new("--json")
    {
        Description = "Where to write the losses, the best scores of the heads, and the time.", HelpName = "FILE", Recursive = true,
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Heads, Block, Layers, Steps, Seed, Threads, Out, Resume, Json])
            command.Add(option);
    }

    /// <summary>What a run of this task is to do.</summary>
    public TrainingPlan Plan(ParseResult result, ITrainingTask task)
    {
        if (result.GetValue(Resume) && result.GetValue(Out) is null)
            throw new ArgumentException("--resume needs --out: the folder with the checkpoint.");
        return new(
            task, result.GetValue(Layers), result.GetValue(Heads), result.GetValue(Steps), result.GetValue(Seed), result.GetValue(Out),
            result.GetValue(Threads), result.GetValue(Block) == "whole");
    }
}
