using System.Diagnostics;
using System.Runtime.InteropServices;
using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Load;

/// <summary>Many callers of one kernel object at once, each of whose results is compared, bit for bit, with that of a caller alone.</summary>
internal sealed class Callers
{
    private const int Count = 64;
    private const int Cases = 8;

    // About 16 million multiply-adds at most: from 12 million on a second thread is asked for.
    private static readonly int[] Rows = [1, 3, 17, 40, 96, 128, 160, 200];

    private readonly EncoderAttention encoder = new(AttentionWeights.Random(EncoderAttention.Shape, 1));
    private readonly DecoderAttention decoder = new(AttentionWeights.Random(DecoderAttention.Shape, 2));
    private readonly float[][] inputs = [.. Rows.Select((rows, index) => TestNumbers.Random(index, rows * EncoderAttention.DModel))];
    private readonly float[][] encoded;
    private readonly float[][] decoded;

    private long calls;
    private long cancelled;
    private int failures;

    public Callers()
    {
        encoded = [.. inputs.Select(input =>
        {
            var output = new float[input.Length];
            encoder.Forward(input, output);
            return output;
        })];
        decoded = [.. inputs.Select(input =>
        {
            var output = new float[input.Length];
            decoder.Forward(input, output);
            return output;
        })];
    }

    /// <summary>Runs for a time; true where every result was right.</summary>
    /// <param name="what">For the output.</param>
    /// <param name="time">How long.</param>
    /// <param name="threads">Threads that each call asks for.</param>
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

        Console.WriteLine($"{what}: {Count} callers, {calls:N0} calls compared, {cancelled:N0} cancelled, {failures} failures, {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
        return failures == 0 && calls > 0 && cancelled > 0;
    }

    private void Call(int caller, long start, TimeSpan time, int threads)
    {
        var random = new Random(caller);
        var options = new ForwardOptions { MaxDegreeOfParallelism = threads };
        AttentionCache cache = decoder.CreateCache(Rows[^1] + 1);
        try
        {
            while (Stopwatch.GetElapsedTime(start) < time && Volatile.Read(ref failures) == 0)
            {
                int index = random.Next(Cases);
                switch (random.Next(3))
                {
                    case 0:
                        var output = new float[inputs[index].Length];
                        encoder.Forward(inputs[index], output, options: options);
                        Check(encoded[index], output, "forward", index);
                        break;
                    case 1:
                        Decode(index, cache, random, options);
                        break;
                    default:
                        Cancel(cache, random, threads);
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
        decoder.Forward(input.AsSpan(0, split), output.AsSpan(0, split), cache, options);
        decoder.Forward(input.AsSpan(split), output.AsSpan(split), cache, options);
        Check(decoded[index], output, "cached forward", index);
    }

    /// <summary>A call that is cancelled before or while it runs leaves the cache as it was; one that ends is right.</summary>
    private void Cancel(AttentionCache cache, Random random, int threads)
    {
        float[] input = inputs[^1], output = new float[input.Length];
        cache.Clear();
        decoder.Forward(input.AsSpan(0, DecoderAttention.DModel), output.AsSpan(0, DecoderAttention.DModel), cache);
        float[] keys = new float[cache.Shape.KeyDim], values = new float[cache.Shape.ValueDim];
        cache.CopyTo(keys, values);
        using var source = new CancellationTokenSource();
        if (random.Next(4) == 0)
            source.Cancel();
        else
            source.CancelAfter(TimeSpan.FromMilliseconds(random.Next(3)));
        try
        {
            decoder.Forward(input.AsSpan(DecoderAttention.DModel), output.AsSpan(DecoderAttention.DModel), cache, new() { MaxDegreeOfParallelism = threads, CancellationToken = source.Token });
            Check(decoded[^1], output, "forward that could have been cancelled", Cases - 1);
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

    private void Check(float[] expected, float[] actual, string what, int index)
    {
        Interlocked.Increment(ref calls);
        if (!SameBits(expected, actual))
            Fail($"{what} of {Rows[index]} rows: other bits than alone");
    }

    private static bool SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual));

    private void Fail(string what)
    {
        if (Interlocked.Increment(ref failures) <= 3)
            Console.WriteLine(what);
    }
}
