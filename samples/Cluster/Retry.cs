using System.Diagnostics;
using Orleans.Runtime;

namespace AttentionGen.Samples.Cluster;

/// <summary>Asks again where a silo has died, is full, or is not there yet. What is asked must give the same whether it runs once or twice.</summary>
/// <param name="patience">How long to try.</param>
internal sealed class Retry(TimeSpan patience)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.25);

    private int repeated;

    /// <summary>Calls that were made again.</summary>
    public int Repeated => repeated;

    /// <summary>The first answer.</summary>
    /// <param name="call">Asks.</param>
    /// <param name="what">The name of what is asked for, in the message.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="IOException">There was no answer in that time.</exception>
    public async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> call, Func<string> what, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await call().WaitAsync(cancellation);
            }
            catch (Exception e) when (IsOfSilo(e))
            {
                if (Stopwatch.GetElapsedTime(began) > patience)
                    throw new IOException($"{what()}: no answer after {tries} tries in {patience.TotalSeconds:0} seconds. The last one: {e.Message}", e);
            }

            Interlocked.Increment(ref repeated);
            await Task.Delay(Pause, cancellation);
        }
    }

    private static bool IsOfSilo(Exception e) => e is OrleansException or TimeoutException or IOException or ObjectDisposedException;
}
