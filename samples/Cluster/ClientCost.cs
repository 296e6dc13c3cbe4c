using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AttentionGen.Samples.Cluster;

/// <summary>What this process spends: its processor, and the bytes of its messages, headers included, as Orleans counts them.</summary>
internal sealed class ClientCost : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly TimeSpan began = Spent;
    private long sent;
    private long received;

    public ClientCost()
    {
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is "orleans-messaging-sent-messages-size" or "orleans-messaging-received-messages-size")
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((instrument, bytes, _, _) =>
            Interlocked.Add(ref instrument.Name.Contains("sent", StringComparison.Ordinal) ? ref sent : ref received, bytes));
        listener.Start();
    }

    private static TimeSpan Spent
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>In words, for one of so many.</summary>
    public string Each(double count) => $"{(Spent - began).TotalMicroseconds / count:F0} µs of the client's processor, "
        + $"{Interlocked.Read(ref sent) / count:F0} bytes sent, {Interlocked.Read(ref received) / count:F0} received";

    public void Dispose() => listener.Dispose();
}
