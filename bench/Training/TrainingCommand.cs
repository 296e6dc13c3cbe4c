using System.CommandLine;
using AttentionGen.Bench.Measure;
using Spectre.Console;

namespace AttentionGen.Bench.Training;

/// <summary><c>training</c>: forward, backward and AdamW.</summary>
internal static class TrainingCommand
{
    public static Command Create()
    {
        var threads = new Option<int>("--threads") { Description = "Threads that each call may use.", DefaultValueFactory = _ => 1 };
        var rounds = new Option<int>("--rounds") { Description = "Timings of each part.", DefaultValueFactory = _ => 12 };
        var filter = new Option<string>("--filter") { Description = "Only workloads whose name contains this text.", DefaultValueFactory = _ => "" };
        var command = new Command("training", "Times a step of training: forward, backward, and AdamW with packing.") { threads, rounds, filter };
        command.SetAction(result => Run(result.GetValue(threads), result.GetValue(rounds), result.GetValue(filter)!));
        return command;
    }

    private static int Run(int threads, int rounds, string filter)
    {
        if (threads < 1 || rounds < 1)
        {
            Console.Error.WriteLine($"--threads is {threads} and --rounds {rounds}; expected 1 or more of each.");
            return 1;
        }

        TrainingWorkload[] workloads = [.. TrainingWorkload.All(threads).Where(workload => workload.Name.Contains(filter, StringComparison.Ordinal))];
        if (workloads.Length == 0)
        {
            string names = string.Join(", ", TrainingWorkload.All(threads).Select(workload => workload.Name));
            Console.Error.WriteLine($"--filter is '{filter}'; expected part of one of {names}.");
            return 1;
        }

        int steps = FmaPeak.Calibrate(FmaPeak.Lanes);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 180;
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Markdown : TableBorder.Rounded };
        table.AddColumns("workload", "subject");
        foreach (string column in (string[])
            ["forward ms", "backward ms", "backward / forward", "of the FMA peak", "AdamW, packing ms", "step ms", "against generic", "allocated"])
            table.AddColumn(column, setup => setup.RightAligned().NoWrap());
        bool agree = workloads.Aggregate(true, (all, workload) => AddRows(table, workload, rounds, steps) && all);
        console.WriteLine($"{Cpu.Name}, {threads} thread{(threads == 1 ? "" : "s")}: medians of {rounds} rounds;");
        console.WriteLine("the share of the FMA peak is the backward's, best against best.");
        console.Write(table);
        return agree ? 0 : 1;
    }

    /// <summary>Times a workload in turns.</summary>
    /// <returns>Whether all subjects agree on the gradient of the input.</returns>
    private static bool AddRows(Table table, TrainingWorkload workload, int rounds, int steps)
    {
        ITrainingSubject[] subjects = [.. workload.CreateSubjects()];
        if (!Agree(subjects, workload))
            return false;
        var times = subjects.ToDictionary(subject => subject, _ => new StepTimes());
        double peak = 0;
        for (int round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine($"{workload.Name}: round {round + 1} of {rounds}");
            peak = Math.Max(peak, FmaPeak.Measure(FmaPeak.Lanes, steps, workload.Threads));
            foreach (ITrainingSubject subject in subjects)
                times[subject].Add(subject);
        }

        foreach (ITrainingSubject subject in subjects)
        {
            StepTimes own = times[subject];
            table.AddRow(
                workload.Name, subject.Name, Text($"{StepTimes.Median(own.Forward):F2}"), Text($"{StepTimes.Median(own.Backward):F2}"),
                Text($"{own.Ratio:F2}"), Text($"{workload.BackwardOperations / own.Backward.Min() / 1e6 / peak:P0}"),
                Text($"{StepTimes.Median(own.Update):F2}"), Text($"{own.Step:F2}"), Text($"{times[subjects[^1]].Step / own.Step:F2}×"),
                Text($"{own.AllocatedBytes}"));
        }

        return true;
    }

    private static bool Agree(ITrainingSubject[] subjects, TrainingWorkload workload)
    {
        foreach (ITrainingSubject subject in subjects)
        {
            subject.Forward();
            subject.Backward();
        }

        float[] expected = subjects[0].InputGradient.ToArray();
        float largest = expected.Max(Math.Abs);
        foreach (ITrainingSubject subject in subjects)
        {
            float[] gradient = subject.InputGradient.ToArray();
            float error = expected.Zip(gradient, (left, right) => Math.Abs(left - right)).Max() / largest;
            if (error < 1e-4f)
                continue;
            Console.Error.WriteLine(Text($"{workload.Name}: input gradients of {subject.Name} differ by {error:E1} of the largest; expected at most 1e-4."));
            return false;
        }

        return true;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
