using System.Diagnostics;
using Spectre.Console;

namespace AttentionGen.Samples;

/// <summary>Shows how far a training is, and how long it still takes: as a bar for somebody who looks, otherwise as lines.</summary>
internal static class TrainingProgress
{
    private static readonly IAnsiConsole Messages = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Runs a training.</summary>
    /// <param name="name">What is trained.</param>
    /// <param name="first">Steps that are done before.</param>
    /// <param name="steps">All steps.</param>
    /// <param name="linesEvery">Steps between two lines.</param>
    /// <param name="train">The training, which tells each step and its loss.</param>
    public static T Watch<T>(string name, long first, long steps, long linesEvery, Func<Action<long, double>, T> train)
    {
        if (!Messages.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
        {
            long began = Stopwatch.GetTimestamp();
            return train((step, loss) =>
            {
                if (step % linesEvery == 0 || step == steps)
                {
                    double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds, rate = (step - first) / seconds;
                    Console.Error.WriteLine($"step {step} of {steps}: loss {loss:F3}, {Speed(rate)}, {(steps - step) / rate:F0} s left");
                }
            });
        }

        return Messages.Progress().Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).Start(context =>
        {
            ProgressTask task = context.AddTask(name, maxValue: steps);
            task.Value = first;
            return train((step, loss) =>
            {
                task.Value = step;
                task.Description = $"{name}, loss {loss:F3}, {Speed(task.Speed ?? 0)}";
            });
        });
    }

    private static string Speed(double rate) => rate < 10 ? $"{rate:F1} steps/s" : $"{rate:F0} steps/s";
}
