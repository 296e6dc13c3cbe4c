using AttentionGen.Bench.Measure;
using AttentionGen.Bench.Subjects;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Compare;

/// <summary>One line of the result.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="Threads">Threads that the subject had.</param>
/// <param name="Subject">Name of the library.</param>
/// <param name="Form">Which form of it was fastest.</param>
/// <param name="MedianMicroseconds">Median over the rounds.</param>
/// <param name="BestMicroseconds">Best round.</param>
/// <param name="Gflops">Useful work at the median.</param>
/// <param name="PeakShare">Useful work at the best round, as a part of the best FMA peak of the same rounds.</param>
/// <param name="AllocatedBytes">Managed bytes a call.</param>
/// <param name="RootMeanSquareError">Root mean square of the output's differences from the float64 reference.</param>
/// <param name="SentencesPerSecond">Models only: at the median.</param>
/// <param name="TokensPerSecond">Models only: at the median, without padding.</param>
/// <param name="ReadShare">
/// Where reading is the bound: weights and cache by the best round's time, as a part of the best rate at which so many bytes were read in the same rounds.
/// </param>
/// <param name="AgainstBefore">Ours beside another build of ours only: median over the rounds of its time by this one's.</param>
internal sealed record ComparisonRow(
    string Workload, int Threads, string Subject, string Form,
    double MedianMicroseconds, double BestMicroseconds, double Gflops, double PeakShare, long AllocatedBytes,
    double RootMeanSquareError, double? SentencesPerSecond = null, double? TokensPerSecond = null, double? ReadShare = null, double? AgainstBefore = null);

/// <summary>The best plain read of the bytes of a workload that is bound by reading.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="Threads">Threads that read, each its own part.</param>
/// <param name="Megabytes">Weights and cached keys and values.</param>
/// <param name="GigabytesPerSecond">Best of all rounds.</param>
/// <param name="Streams">Places that each thread read in turn.</param>
internal sealed record ReadRow(string Workload, int Threads, double Megabytes, double GigabytesPerSecond, int Streams);

/// <summary>Everything that <c>compare</c> found out.</summary>
internal sealed record ComparisonResult
{
    public List<ComparisonRow> Rows { get; } = [];

    /// <summary>Subjects that failed or gave wrong output, and why.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>What a reader of the figures must know.</summary>
    public SortedSet<string> Notes { get; } = [];

    /// <summary>Best FMA peak of the widest vectors, at the number of threads asked for, in GFLOP/s.</summary>
    public double PeakGflops { get; set; }

    /// <summary>Best plain reads of the bytes of workloads that are bound by reading.</summary>
    public List<ReadRow> Reads { get; } = [];

    /// <summary>Best FMA peak of one thread by vector lanes.</summary>
    public SortedDictionary<int, double> PeakByLanes { get; } = [];
}

/// <summary>What is compared, and how.</summary>
/// <param name="Threads">Threads that each subject may use.</param>
/// <param name="Rounds">Timings of each subject.</param>
/// <param name="IdleMilliseconds">How long the process sleeps before each call, as a service does between requests; 0 calls back to back.</param>
/// <param name="Subject">Only subjects whose name contains this text.</param>
/// <param name="Against">Another build of ours, to be timed too, or null.</param>
internal sealed record ComparisonSettings(int Threads, int Rounds, int IdleMilliseconds, string Subject, OtherBuild? Against);

/// <summary>Runs every subject on every workload, interleaved round by round.</summary>
internal sealed class Comparison(ComparisonSettings settings)
{
    /// <summary>Name of our own subjects.</summary>
    public const string GeneratedName = "attentiongen";

    /// <summary>Name of what is written for this comparison, as a user would write it.</summary>
    public const string GenericName = "generic";

    // The threads of onnxruntime spin for a while after a run, on the cores that the next subject wants.
    private const int SettleMilliseconds = 20;

    private readonly ComparisonResult result = new();
    private readonly Dictionary<int, int> peakSteps = [];

    /// <summary>Every form of every library.</summary>
    private IEnumerable<ISubject> CreateSubjects(Workload workload)
    {
        yield return workload.CreateGenerated();
        if (settings.Against?.CreateSubject(workload.Name) is { } before)
            yield return before;
        foreach (ISubject peer in workload.CreatePeers())
            yield return peer;
    }

    /// <summary>Measures the workloads one after the other.</summary>
    /// <param name="workloads">At least one.</param>
    /// <param name="progress">Told what is being done, and how far it is.</param>
    public ComparisonResult Run(IReadOnlyList<Workload> workloads, IProgress<(string Task, double Part)> progress)
    {
        foreach (int lanes in VectorLanes())
            peakSteps[lanes] = FmaPeak.Calibrate(lanes);
        for (int i = 0; i < workloads.Count; i++)
        {
            Workload workload = workloads[i];
            int index = i;
            Run(workload, (task, part) => progress.Report(($"{workload.Name}: {task}", (index + part) / workloads.Count)));
            // Packed weights of models that are done with.
            GC.Collect();
        }
        return result;
    }

    private void Run(Workload workload, Action<string, double> report)
    {
        report("reference", 0);
        WorkloadData data = workload.CreateData();
        _ = data.Expected;
        if (workload.Note is { } note)
            result.Notes.Add(note);
        List<TimedSubject> subjects = [];
        try
        {
            foreach (ISubject candidate in CreateSubjects(workload).Where(subject => subject.Name.Contains(settings.Subject, StringComparison.Ordinal)))
            {
                report($"checking {Describe(candidate)}", 0);
                if (Prepare(candidate, data, settings.Threads) is TimedSubject subject)
                    subjects.Add(subject);
                // Our own speed-up needs our own time with one thread from the same rounds.
                if (settings.Threads > 1 && candidate.Name == GeneratedName && Prepare(workload.CreateGenerated(), data, 1) is TimedSubject alone)
                    subjects.Add(alone);
            }
            foreach (TimedSubject subject in subjects)
            {
                report($"warming up {Describe(subject.Subject)}", 0);
                subject.WarmUp();
            }
            RunRounds(workload, subjects, report);
        }
        finally
        {
            foreach (TimedSubject subject in subjects)
                subject.Subject.Dispose();
        }
    }

    private void RunRounds(Workload workload, List<TimedSubject> subjects, Action<string, double> report)
    {
        var peaks = new Dictionary<int, double>();
        // Each number of streams has memory of its own, so that all find the caches as somebody else left them, like the subjects.
        ILookup<int, ReadBandwidth> reads = (workload.IsBoundByReading ? subjects.Select(subject => subject.Threads).Distinct() : [])
            .SelectMany(_ => ReadBandwidth.StreamCounts, (count, streams) => (Threads: count, Read: new ReadBandwidth(workload.RequiredBytes, count, streams)))
            .ToLookup(pair => pair.Threads, pair => pair.Read);
        Action<bool>[] turns =
        [
            .. subjects.Select(subject => (Action<bool>)(counts => subject.RunRound(counts))),
            .. reads.SelectMany(group => group).Select(read => (Action<bool>)(counts => read.RunRound(counts))),
        ];
        // Round 0 does not count: code that was hot only now is still being compiled.
        for (int round = 0; round <= settings.Rounds; round++)
        {
            report($"round {round} of {settings.Rounds}", (double)round / (settings.Rounds + 1));
            Settle();
            foreach (int count in subjects.Select(subject => subject.Threads).Append(1).Distinct())
            {
                double peak = MeasurePeak(count);
                if (round > 0)
                    peaks[count] = Math.Max(peaks.GetValueOrDefault(count), peak);
            }
            for (int i = 0; i < turns.Length; i++)
            {
                Settle();
                // Each round starts with another, so that none always follows the same one.
                turns[(round + i) % turns.Length](round > 0);
            }
        }
        result.PeakGflops = Math.Max(result.PeakGflops, peaks[settings.Threads]);
        var best = reads.ToDictionary(group => group.Key, group => group.Select(read => read.Best).MaxBy(rate => rate.GigabytesPerSecond));
        foreach ((int count, (double rate, int streams)) in best)
            result.Reads.Add(new ReadRow(workload.Name, count, workload.RequiredBytes / 1e6, rate, streams));
        foreach (IGrouping<(string Name, int Threads), TimedSubject> forms in subjects.GroupBy(subject => (subject.Subject.Name, subject.Threads)))
        {
            TimedSubject fastest = forms.MinBy(form => form.Median)!;
            result.Rows.Add(new ComparisonRow(
                workload.Name, fastest.Threads, fastest.Subject.Name, fastest.Subject.Form, fastest.Median, fastest.Best,
                workload.UsefulOperations / fastest.Median / 1000, workload.UsefulOperations / fastest.Best / 1000 / peaks[fastest.Threads],
                fastest.AllocatedBytes, fastest.RootMeanSquareError, PerSecond(workload.Sentences, fastest), PerSecond(workload.Tokens, fastest),
                best.TryGetValue(fastest.Threads, out (double GigabytesPerSecond, int Streams) read)
                    ? workload.RequiredBytes / fastest.Best / 1000 / read.GigabytesPerSecond
                    : null,
                fastest.Subject.Name == GeneratedName && fastest.Threads == settings.Threads ? AgainstBefore(fastest, subjects) : null));
        }
    }

    private static double? PerSecond(int count, TimedSubject subject) => count == 0 ? null : count * 1e6 / subject.Median;

    /// <summary>Both of one round have met the same machine.</summary>
    private static double? AgainstBefore(TimedSubject ours, List<TimedSubject> subjects) =>
        subjects.Find(subject => subject.Subject.Name == OtherBuild.SubjectName) is { } before
        ? TimedSubject.MedianOf(before.Microseconds.Zip(ours.Microseconds, (old, now) => old / now))
        : null;

    /// <summary>Makes a subject ready and checks what it computes.</summary>
    private TimedSubject? Prepare(ISubject subject, WorkloadData data, int subjectThreads)
    {
        try
        {
            subject.Prepare(data, subjectThreads);
            subject.Run();
            double error = data.RelativeError(subject.Output);
            if (error <= data.Workload.Tolerance)
            {
                // The generic path has no threads of its own.
                int used = subject.Name == GenericName ? 1 : subjectThreads;
                return new TimedSubject(subject, used, data.RootMeanSquareError(subject.Output), settings.IdleMilliseconds);
            }
            result.Failures.Add(FormattableString.Invariant(
                $"{data.Workload.Name}, {Describe(subject)}: wrong output, {error:G3} of the largest value off; not timed."));
        }
        // Whatever a subject throws must not end the comparison of the others.
        catch (Exception e)
        {
            result.Failures.Add($"{data.Workload.Name}, {Describe(subject)}: {e.GetType().Name}: {e.GetBaseException().Message.Split('\n')[0]}");
        }
        subject.Dispose();
        return null;
    }

    /// <summary>All widths with one thread, the widest with all threads; gives the latter.</summary>
    private double MeasurePeak(int count)
    {
        double widest = 0;
        foreach ((int lanes, int steps) in peakSteps)
        {
            if (count > 1 && lanes != FmaPeak.Lanes)
                continue;
            double peak = FmaPeak.Measure(lanes, steps, count);
            if (count == 1)
                result.PeakByLanes[lanes] = Math.Max(result.PeakByLanes.GetValueOrDefault(lanes), peak);
            if (lanes == FmaPeak.Lanes)
                widest = peak;
        }
        return widest;
    }

    private static IEnumerable<int> VectorLanes()
    {
        yield return FmaPeak.Lanes;
        if (FmaPeak.Lanes == 16)
            yield return 8;
    }

    private void Settle()
    {
        if (settings.Threads > 1)
            Thread.Sleep(SettleMilliseconds);
    }

    /// <summary>A subject's name and form.</summary>
    public static string Describe(ISubject subject) => subject.Form.Length == 0 ? subject.Name : $"{subject.Name} ({subject.Form})";
}
