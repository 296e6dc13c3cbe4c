using System.Diagnostics;
using AttentionGen.Samples.Heads;

namespace AttentionGen.Samples.Train;

/// <summary>What a run is told.</summary>
/// <param name="Task">What it learns.</param>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Heads">Heads of a layer.</param>
/// <param name="Steps">All steps.</param>
/// <param name="Seed">What decides all random numbers.</param>
/// <param name="Folder">Where checkpoints and results go; null for nowhere.</param>
/// <param name="Threads">Threads of a call.</param>
/// <param name="IsWhole">Whether a layer has a feed-forward network and norms too, and not attention alone.</param>
internal sealed record TrainingPlan(
    ITrainingTask Task, int Layers, int Heads, int Steps, long Seed, string? Folder, int Threads, bool IsWhole = false)
{
    /// <summary>What its layers are.</summary>
    public string LayersText => $"{Layers} {(IsWhole ? "whole" : "attention")} layers";
}

/// <summary>What the heads of all layers do at one step.</summary>
/// <param name="Step">Steps before it.</param>
/// <param name="Loss">The mean loss of the labels that can be known.</param>
/// <param name="Layers">For each layer, for each head.</param>
internal sealed record Observation(long Step, double Loss, HeadMeasures[][] Layers)
{
    /// <summary>The best of the first layer.</summary>
    public double PreviousToken => Layers[0].Max(head => head.PreviousToken);

    /// <summary>The best of the last layer.</summary>
    public double Induction => Layers[^1].Max(head => head.PrefixMatching);
}

/// <summary>One run of training, from its first step or from a checkpoint.</summary>
internal sealed class TrainingRun
{
    public const int Width = 64;

    public const int Batch = 16;

    private const int ObserveEvery = 100;
    private const int SaveEvery = 200;
    private const double MostNorm = 1;

    /// <summary>Steps of the sequences that are only looked at: no step of training has their number.</summary>
    private const long HeldOut = long.MaxValue;

    private readonly TrainingPlan plan;
    private readonly CausalModel model;
    private readonly AdamW optimiser;
    private readonly LearningRateSchedule schedule;
    private readonly int[] tokens;
    private readonly int[] labels;
    private readonly bool[] repeated;
    private readonly float[] losses;
    private readonly float[][] probabilities;

    /// <summary>Begins, or goes on from the checkpoint in the folder of the plan.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="resume">Whether to go on.</param>
    /// <exception cref="IOException">There is no checkpoint.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is that of another run.</exception>
    public TrainingRun(TrainingPlan plan, bool resume)
    {
        this.plan = plan;
        int rows = Batch * plan.Task.Length;
        tokens = new int[rows];
        labels = new int[rows];
        repeated = new bool[rows];
        losses = new float[rows];
        probabilities = [.. Enumerable.Range(0, plan.Layers).Select(_ => new float[Batch * plan.Heads * plan.Task.Length * plan.Task.Length])];
        using SafetensorsFile? file = resume ? SafetensorsFile.Open(CheckpointPath) : null;
        if (file is not null && (!file.Metadata.TryGetValue("plan", out string? written) || written != Identity))
            throw new InvalidDataException($"'{CheckpointPath}' is the checkpoint of '{written}'; expected '{Identity}'.");
        model = ModelFactory.Create(plan, file, Batch, Width);
        optimiser = new AdamW(model.Tensors, Decays) { Beta2 = 0.99 };
        if (file is not null)
            optimiser.Restore(file);
        schedule = new LearningRateSchedule(Peak: 0.003, WarmupSteps: 100, plan.Steps, Final: 0.0003);
    }

    /// <summary>What the heads did, from time to time.</summary>
    public List<Observation> Observations { get; } = [];

    /// <summary>Steps done.</summary>
    public long Steps => optimiser.Steps;

    /// <summary>The checkpoint of the run.</summary>
    private string CheckpointPath => Path.Combine(plan.Folder ?? "", "checkpoint.safetensors");

    /// <summary>What a checkpoint must have been made with.</summary>
    private string Identity => $"{plan.Task.GetType().Name}, {plan.LayersText}, {plan.Heads} heads, {plan.Steps} steps, seed {plan.Seed}";

    /// <summary>Whether a tensor decays: matrices and embeddings do, biases and norms do not.</summary>
    private static bool Decays(string name) => !name.EndsWith("bias", StringComparison.Ordinal) && !name.Contains("layernorm", StringComparison.Ordinal);

    /// <summary>Trains to the last step.</summary>
    /// <param name="progress">Is told each step and its loss.</param>
    /// <param name="cancellation">Ends the run after a step, with a checkpoint.</param>
    /// <returns>The time it took.</returns>
    public TimeSpan Train(Action<long, double> progress, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        Observe();
        while (Steps < plan.Steps && !cancellation.IsCancellationRequested)
        {
            plan.Task.Fill(plan.Seed, Steps + 1, tokens, labels, repeated);
            double loss = model.Step(tokens, labels);
            GradientClipping.Clip(model.Tensors, MostNorm);
            optimiser.LearningRate = schedule.At(Steps + 1);
            optimiser.Step();
            model.Pack();
            progress(Steps, loss);
            if (Steps % ObserveEvery == 0 || Steps == plan.Steps)
                Observe();
            if (plan.Folder is not null && Steps % SaveEvery == 0)
                Save(CheckpointPath, withState: true);
        }

        if (plan.Folder is not null)
        {
            Save(CheckpointPath, withState: true);
            Save(Path.Combine(plan.Folder, "model.safetensors"), withState: false);
        }

        cancellation.ThrowIfCancellationRequested();
        return Stopwatch.GetElapsedTime(began);
    }

    /// <summary>Looks at sequences that no step has learned from.</summary>
    private void Observe()
    {
        plan.Task.Fill(plan.Seed, HeldOut, tokens, labels, repeated);
        model.Look(tokens, labels, losses, probabilities);
        int length = plan.Task.Length, size = plan.Heads * length * length;
        var layers = new HeadMeasures[plan.Layers][];
        for (int layer = 0; layer < plan.Layers; layer++)
        {
            var statistics = new HeadStatistics(plan.Heads, causal: true);
            for (int sequence = 0; sequence < Batch; sequence++)
                statistics.Add(probabilities[layer].AsSpan(sequence * size, size), tokens.AsSpan(sequence * length, length));
            layers[layer] = [.. Enumerable.Range(0, plan.Heads).Select(head => statistics[head])];
        }

        Observations.Add(new(Steps, KnownLoss, layers));
    }

    /// <summary>The mean loss of the labels that can be known.</summary>
    private double KnownLoss => losses.Where((_, row) => repeated[row]).Average();

    /// <summary>What the heads do with the first sequence that no step has learned from, what each is worth, and what all did over the steps.</summary>
    public HeadReport Report()
    {
        int length = plan.Task.Length, size = plan.Heads * length * length;
        int[] sequence = tokens[..length];
        string[] names = [.. sequence.Select(plan.Task.NameOf)];
        float[][] looked = [.. probabilities.Select(layer => layer[..size])];
        double whole = KnownLoss;
        string task = plan.Task is InductionTask ? "repeated tokens" : "a text";
        return new()
        {
            Model = $"a model trained on {task}: {plan.LayersText}, {plan.Heads} heads, seed {plan.Seed}",
            AblationText = "The loss without the head, minus the loss, over the labels that can be known.",
            Texts =
            [
                new("A sequence that no step has learned from", whole,
                [
                    Measuring.Measure(
                        "self-attention", looked, plan.Heads, names, names, sequence, () => new HeadStatistics(plan.Heads, causal: true), isCross: false,
                        (layer, head) =>
                        {
                            model.LookWithout(layer, head, tokens, labels, losses, probabilities);
                            return KnownLoss - whole;
                        }),
                ]),
            ],
            History = new(
                [.. Observations.Select(one => (int)one.Step)],
                [Curve("previous token", head => head.PreviousToken), Curve("prefix matching (induction)", head => head.PrefixMatching)]),
        };
    }

    private HistoryOfMeasure Curve(string name, Func<HeadMeasures, double> measure) => new(
        name,
        [.. Enumerable.Range(0, plan.Layers).Select(layer => (IReadOnlyList<IReadOnlyList<double>>)
            [.. Enumerable.Range(0, plan.Heads).Select(head => (IReadOnlyList<double>)[.. Observations.Select(one => measure(one.Layers[layer][head]))])])]);

    private void Save(string path, bool withState)
    {
        var builder = new SafetensorsBuilder();
        builder.Metadata["format"] = "pt";
        builder.Metadata["plan"] = Identity;
        model.AddTo(builder);
        if (withState)
            optimiser.AddTo(builder);
        builder.Save(path);
    }
}
