using System.Diagnostics;

namespace AttentionGen.Samples.Cluster;

/// <summary>Counts documents of each silo, and says once in a second how fast they are.</summary>
/// <param name="done">Documents that were done before.</param>
internal sealed class EmbeddingProgress(long done)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, (long Documents, long Before)> silos = [];
    private readonly long began = Stopwatch.GetTimestamp();
    private long last = Stopwatch.GetTimestamp();
    private long added;
    private long tokens;

    /// <summary>Counts an answer.</summary>
    public void Add(EmbeddedDocuments answer, int documents)
    {
        lock (gate)
        {
            added += documents;
            tokens += answer.Tokens;
            (long before, long shown) = silos.GetValueOrDefault(answer.Silo);
            silos[answer.Silo] = (before + documents, shown);
        }
    }

    /// <summary>Writes a line each second until it is cancelled.</summary>
    public async Task ShowAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(CancellationToken.None) && !cancellation.IsCancellationRequested)
        {
            lock (gate)
            {
                double seconds = Stopwatch.GetElapsedTime(last).TotalSeconds;
                last = Stopwatch.GetTimestamp();
                Console.Error.WriteLine($"{done + added} documents; a second: {string.Join(", ", silos.Select(silo => $"{silo.Key} {Rate(silo.Value):F0}"))}");
                foreach ((string silo, (long documents, _)) in silos.ToArray())
                    silos[silo] = (documents, documents);

                double Rate((long Documents, long Before) silo) => (silo.Documents - silo.Before) / seconds;
            }
        }
    }

    /// <summary>What came of it, in one line for each silo.</summary>
    public string Summary()
    {
        lock (gate)
        {
            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            string of = string.Join("", silos.Select(silo => $"\n{silo.Key}: {silo.Value.Documents}"));
            return $"{done + added} documents, {added} of them in {seconds:F1} s: {added / seconds:F0} documents/s, {tokens / seconds:F0} tokens/s{of}";
        }
    }
}
