using System.CommandLine;
using AttentionGen.Bench.Subjects;
using AttentionGen.Bench.Workloads;
using Spectre.Console;

namespace AttentionGen.Bench.Compare;

/// <summary><c>accuracy</c>: how far each subject is from the float64 reference, over several inputs and weights.</summary>
internal static class AccuracyCommand
{
    public static Command Create()
    {
        var filter = new Option<string>("--filter") { Description = "Only workloads whose name contains this text.", DefaultValueFactory = _ => "" };
        var seeds = new Option<int>("--seeds") { Description = "Inputs and weights, each from a seed of its own.", DefaultValueFactory = _ => 8 };
        seeds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--seeds must be at least 1.");
        });
        var command = new Command(
            "accuracy", "Prints the error of the generated kernels beside those of onnxruntime and the generic path, over several inputs and weights.")
        {
            filter, seeds,
        };
        command.SetAction(result => Run(result.GetValue(filter) ?? "", result.GetValue(seeds)));
        return command;
    }

    private static int Run(string filter, int seeds)
    {
        // The data of models are sentences.
        Workload[] workloads =
            [.. WorkloadList.All.Where(workload => workload.Sentences == 0 && workload.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        if (workloads.Length == 0)
        {
            Console.Error.WriteLine($"No workload but those of models has a name that contains {filter}; compare lists them.");
            return 1;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 160;
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Markdown : TableBorder.Rounded };
        table.AddColumns("workload", "subject");
        foreach (string column in (string[])["RMS error", "smallest", "largest"])
            table.AddColumn(column, setup => setup.RightAligned());
        foreach (Workload workload in workloads)
        {
            Console.Error.WriteLine(workload.Name);
            foreach ((string subject, List<double> errors) in Errors(workload, seeds))
            {
                double all = Math.Sqrt(errors.Average(error => error * error));
                table.AddRow(workload.Name, Markup.Escape(subject), Text(all), Text(errors.Min()), Text(errors.Max()));
            }
        }

        console.WriteLine($"{seeds} inputs and weights: root mean square of all differences from the float64 reference, smallest and largest of one input.");
        console.Write(table);
        return 0;
    }

    /// <summary>Root mean square of the differences for each seed, of every form of every library.</summary>
    private static OrderedDictionary<string, List<double>> Errors(Workload workload, int seeds)
    {
        var errors = new OrderedDictionary<string, List<double>>();
        for (int seed = 0; seed < seeds; seed++)
        {
            WorkloadData data = (workload with { Seed = seed }).CreateData();
            foreach (ISubject subject in workload.CreatePeers().Prepend(workload.CreateGenerated()))
            {
                using (subject)
                {
                    string name = Comparison.Describe(subject);
                    try
                    {
                        subject.Prepare(data, threads: 1);
                        subject.Run();
                    }
                    // Whatever a subject throws must not end the others.
                    catch (Exception exception)
                    {
                        Console.Error.WriteLine($"{workload.Name}, {name}: {exception.GetBaseException().Message.Split('\n')[0]}");
                        continue;
                    }

                    errors.TryAdd(name, []);
                    errors[name].Add(data.RootMeanSquareError(subject.Output));
                }
            }
        }

        return errors;
    }

    private static string Text(double error) => FormattableString.Invariant($"{error:0.000e-0}");
}
