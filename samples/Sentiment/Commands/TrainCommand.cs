using System.CommandLine;
using System.Diagnostics;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>Learns from labelled sentences, and says how well.</summary>
internal static class TrainCommand
{
    /// <summary>The file of the trained model, unless another one is named.</summary>
    public const string DefaultModel = "sentiment.safetensors";

    private const int MaxFolds = 1000;
    private const int MaxEpochs = 1000;
    private const int LineEvery = 50;

    public static Command Create(Option<int> threads)
    {
        var file = new Argument<string?>("FILE")
        {
            Description = "Sentences, each with a tab and 1 for positive or 0 for negative behind it. Without a file: sixty that come with the program.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var fineTune = new Option<bool>("--fine-tune") { Description = "Trains all layers, and not only the classifier." };
        Option<int?> folds = new("--folds")
        {
            Description = "Cuts the sentences into N parts, and reads each part after learning from the others. Writes no model without --out.",
            HelpName = "N",
        };
        Option<int> epochs = new Option<int>("--epochs")
        {
            Description = "How often fine-tuning sees each sentence.", HelpName = "N", DefaultValueFactory = _ => FineTuningPlan.DefaultEpochs,
        }.Between(1, MaxEpochs);
        Option<long> seed = SampleCommands.Seed();
        var model = new Option<string?>("--out") { Description = $"Where the trained model goes; {DefaultModel} unless there are --folds.", HelpName = "FILE" };
        folds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 2 or > MaxFolds)
                result.AddError($"--folds must be 2 to {MaxFolds}, but is {result.GetValueOrDefault<int?>()}.");
        });
        var command = new Command("train", "Learns a classifier of labelled sentences, or measures how well it does.")
        {
            file, fineTune, folds, epochs, seed, threads, model,
        };
        command.OnRun((result, cancellation) =>
        {
            int? parts = result.GetValue(folds);
            string? path = result.GetValue(model) ?? (parts is null ? DefaultModel : null);
            if (path is not null)
                SampleCommands.ToWrite("--out", path);
            LabelledTexts texts = LabelledTexts.Read(result.GetValue(file));
            int[][] cut = parts is { } count ? Folds.Stratified(texts.Labels, count, result.GetValue(seed)) : [];
            FineTuningPlan? plan = result.GetValue(fineTune)
                ? new(result.GetValue(epochs), result.GetValue(seed), result.GetValue(threads)) : null;
            using SafetensorsFile weights = PackagedModel.OpenWeights();
            var training = new Training(
                weights, texts, new ForwardOptions { MaxDegreeOfParallelism = result.GetValue(threads), CancellationToken = cancellation });
            if (parts is not null)
                Measure(training, cut, plan, cancellation);
            if (path is not null)
                Save(path, training, weights, plan, cancellation);
        });
        return command;
    }

    private static void Measure(Training training, int[][] folds, FineTuningPlan? plan, CancellationToken cancellation)
    {
        int texts = training.All.Length;
        Tables.Print(Watch(
            plan, folds.Sum(fold => plan?.Steps(texts - fold.Length) ?? 0), progress => training.CrossValidate(folds, plan, progress, cancellation)));
    }

    private static void Save(string path, Training training, SafetensorsFile weights, FineTuningPlan? plan, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        LinearWeights frozen = training.Frozen(training.All);
        if (plan is null)
        {
            SentimentFile.Save(path, frozen);
        }
        else
        {
            FineTuning run = Watch(
                plan, plan.Steps(training.All.Length), progress => training.FineTune(training.All, frozen, plan, progress, cancellation));
            SentimentFile.Save(path, run, weights);
        }

        Console.Error.WriteLine($"{training.All.Length} sentences, {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s: {path}");
    }

    private static T Watch<T>(FineTuningPlan? plan, int steps, Func<Action<double>, T> train)
    {
        if (plan is null)
            return train(_ => { });
        long step = 0;
        return TrainingProgress.Watch("fine-tuning", 0, steps, LineEvery, progress => train(loss => progress(++step, loss)));
    }
}
