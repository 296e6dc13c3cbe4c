using System.Diagnostics;
using System.Runtime.InteropServices;
using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Load;

/// <summary>Many callers of one kernel object at once, each of whose results is compared, bit for bit, with that of one call alone.</summary>
internal sealed class Callers
{
    private const int Count = 64;
    private const int Cases = 8;

    // Up to 21 million multiply-adds: from 12 million on a second thread is asked for.
    private static readonly int[] Rows = [1, 3, 17, 40, 96, 160, 224, 256];

    private readonly DecoderAttention attention = new(AttentionWeights.Random(DecoderAttention.Shape, 1));
    private readonly float[][] inputs = [.. Rows.Select((rows, index) => TestNumbers.Random(index, rows * DecoderAttention.DModel))];
    private readonly float[][] expected;

    private long calls;
    private long cancelled;
    private int failures;

    public Callers()
    {
        expected = [.. inputs.Select(input =>
        {
            var output = new float[input.Length];
            attention.Forward(input, output);
            return output;
        })];
    }

    /// <summary>Runs for a time; true where every result was right.</summary>
    /// <param name="what">For the output.</param>
    /// <param name="time">How long.</param>
    /// <param name="threads">Threads that a call asks for at most; each asks for one or more, by chance.</param>
    public bool Run(string what, TimeSpan time, int threads)
    {
        calls = cancelled = 0;
        long start = Stopwatch.GetTimestamp();
        Thread[] all = [.. Enumerable.Range(0, Count).Select(caller => new Thread(() => Call(caller, start, time, threads)))];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
        {
            // Twice the time and more: whoever is not back then waits for ever.
            if (!thread.Join(time + time + TimeSpan.FromSeconds(60)))
                Environment.FailFast($"{what}: a caller does not come back");
        }

        Console.WriteLine(
            $"{what}: {Count} callers of one kernel object, {calls:N0} calls compared, {cancelled:N0} cancelled, {failures} failures, "
                + $"{Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
        return failures == 0 && calls > 0 && cancelled > 0;
    }

    private void Call(int caller, long start, TimeSpan time, int threads)
    {
        var random = new Random(caller);
        AttentionCache cache = attention.CreateCache(Rows[^1] + 1);
        try
        {
            while (Stopwatch.GetElapsedTime(start) < time && Volatile.Read(ref failures) == 0)
            {
                int index = random.Next(Cases);
                var options = new ForwardOptions { MaxDegreeOfParallelism = 1 + random.Next(threads) };
                switch (random.Next(3))
                {
                    case 0:
                        var output = new float[inputs[index].Length];
                        attention.Forward(inputs[index], output, options: options);
                        Check(index, output, "forward");
                        break;
                    case 1:
                        Decode(index, cache, random, options);
                        break;
                    default:
                        Cancel(cache, random, options);
                        break;
                }
            }
        }
        catch (Exception exception)
        {
            Fail(exception.ToString());
        }
    }

    /// <summary>Prefill in two chunks of any size gives what one call gives.</summary>
    private void Decode(int index, AttentionCache cache, Random random, ForwardOptions options)
    {
        float[] input = inputs[index], output = new float[input.Length];
        int split = random.Next(Rows[index] + 1) * DecoderAttention.DModel;
        cache.Clear();
        attention.Forward(input.AsSpan(0, split), output.AsSpan(0, split), cache, options);
        attention.Forward(input.AsSpan(split), output.AsSpan(split), cache, options);
        Check(index, output, "cached forward");
    }

    /// <summary>A call that is cancelled before or while it runs leaves the cache as it was; one that ends is right.</summary>
    private void Cancel(AttentionCache cache, Random random, ForwardOptions options)
    {
        float[] input = inputs[^1], output = new float[input.Length];
        cache.Clear();
        attention.Forward(input.AsSpan(0, DecoderAttention.DModel), output.AsSpan(0, DecoderAttention.DModel), cache);
        float[] keys = new float[cache.Shape.KeyDim], values = new float[cache.Shape.ValueDim];
        cache.CopyTo(keys, values);
        using var source = new CancellationTokenSource();
        if (random.Next(4) == 0)
            source.Cancel();
        else
            source.CancelAfter(TimeSpan.FromMilliseconds(random.Next(3)));
        try
        {
            attention.Forward(
                input.AsSpan(DecoderAttention.DModel), output.AsSpan(DecoderAttention.DModel), cache, options with { CancellationToken = source.Token });
            Check(Cases - 1, output, "forward that could have been cancelled");
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref cancelled);
            float[] keysAfter = new float[keys.Length], valuesAfter = new float[values.Length];
            if (cache.Length != 1)
                Fail($"a cancelled call left {cache.Length} keys in a cache of 1");
            else
                cache.CopyTo(keysAfter, valuesAfter);
            if (!SameBits(keys, keysAfter) || !SameBits(values, valuesAfter))
                Fail("a cancelled call changed the cache");
        }
    }

    private void Check(int index, float[] actual, string what)
    {
        Interlocked.Increment(ref calls);
        if (!SameBits(expected[index], actual))
            Fail($"{what} of {Rows[index]} rows: other bits than alone");
    }

    private static bool SameBits(ReadOnlySpan<float> first, ReadOnlySpan<float> second) =>
        MemoryMarshal.AsBytes(first).SequenceEqual(MemoryMarshal.AsBytes(second));

    private void Fail(string what)
    {
        if (Interlocked.Increment(ref failures) <= 3)
            Console.WriteLine(what);
    }
}
