using System.Diagnostics;

namespace AttentionGen.Bench.Training;

/// <summary>Milliseconds of the parts of a step, one for each round.</summary>
internal sealed class StepTimes
{
    public List<double> Forward { get; } = [];

    public List<double> Backward { get; } = [];

    public List<double> Update { get; } = [];

    /// <summary>Managed bytes of the last step.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Median over the rounds of the backward's time by the forward's.</summary>
    public double Ratio => Median([.. Backward.Zip(Forward, (backward, forward) => backward / forward)]);

    /// <summary>Median of the whole step.</summary>
    public double Step => Median([.. Forward.Zip(Backward, Update).Select(parts => parts.First + parts.Second + parts.Third)]);

    public static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    /// <summary>Runs a step to bring its memory back, and times another one.</summary>
    public void Add(ITrainingSubject subject)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        subject.Forward();
        subject.Backward();
        subject.Update();
        AllocatedBytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Forward.Add(Time(subject.Forward));
        Backward.Add(Time(subject.Backward));
        Update.Add(Time(subject.Update));
    }

    private static double Time(Action part)
    {
        long start = Stopwatch.GetTimestamp();
        part();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
