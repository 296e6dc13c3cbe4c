using System.Diagnostics;
using System.Runtime.InteropServices;
using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Load;

/// <summary>
/// Servers with caches in one pool: their sequences come, share a prompt, are cut, forked and go, while the pool is full now and then. Each output has the bits
/// that it has in one call without a cache, and in the end every page is free.
/// </summary>
internal sealed class Pages
{
    private const int Servers = 8;
    private const int Rows = 1100;

    /// <summary>Rows that all inputs begin with.</summary>
    private const int Shared = 300;

    private const int Width = SmallAttention.DModel;

    private readonly SmallAttention attention = new(AttentionWeights.Random(SmallAttention.Shape, 1));
    private readonly AttentionCachePool pool = new(SmallAttention.Shape, pages: 20);
    private readonly AttentionCache prompt;
    private readonly float[][] inputs;
    private readonly float[][] expected;

    private long calls;
    private long full;
    private int failures;

    public Pages()
    {
        float[] beginning = TestNumbers.Random(0, Shared * Width);
        inputs = [.. Enumerable.Range(1, 4).Select(seed => (float[])[.. beginning, .. TestNumbers.Random(seed, (Rows - Shared) * Width)])];
        expected = [.. inputs.Select(input =>
        {
            float[] output = new float[input.Length];
            attention.Forward(input, output);
            return output;
        })];
        prompt = pool.CreateCache(Rows);
        attention.Forward(beginning, new float[beginning.Length], prompt);
    }

    /// <summary>Runs for a time; true where every result was right and no page is lost.</summary>
    public bool Run(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        Thread[] all = [.. Enumerable.Range(0, Servers).Select(server => new Thread(() => Serve(server, start, time)))];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
            thread.Join();
        prompt.Clear();
        Console.WriteLine(
            $"pages: {Servers} servers, {calls:N0} calls compared, {full:N0} times no page free, {failures} failures, {pool.Pages - pool.FreePages} of "
                + $"{pool.Pages} pages lost, {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
        return failures == 0 && calls > 0 && full > 0 && pool.FreePages == pool.Pages;
    }

    private void Serve(int server, long start, TimeSpan time)
    {
        var random = new Random(server);
        AttentionCache cache = pool.CreateCache(Rows);
        int input = 0;
        try
        {
            while (Stopwatch.GetElapsedTime(start) < time && Volatile.Read(ref failures) == 0)
            {
                switch (random.Next(8))
                {
                    case 0:
                        cache.CopySequence(0, prompt, 0, random.Next(Shared + 1));
                        input = random.Next(inputs.Length);
                        break;
                    case 1:
                        cache.Truncate(random.Next(cache.Length + 1));
                        break;
                    case 2:
                        // The fork goes on in its place, and both append to what they share.
                        AttentionCache fork = cache.Fork();
                        Append(cache, input, random);
                        cache.Clear();
                        cache = fork;
                        break;
                    case 3 when random.Next(3) == 0:
                        cache.Clear();
                        input = random.Next(inputs.Length);
                        break;
                    default:
                        Append(cache, input, random);
                        break;
                }
            }
        }
        catch (Exception exception)
        {
            Fail(exception.ToString());
        }

        cache.Clear();
    }

    private void Append(AttentionCache cache, int input, Random random)
    {
        int first = cache.Length, count = Math.Min(Rows - first, random.Next(2) == 0 ? 1 : random.Next(200));
        float[] output = new float[count * Width];
        try
        {
            attention.Forward(inputs[input].AsSpan(first * Width, output.Length), output, cache);
        }
        catch (InvalidOperationException e) when (e.Message.Contains("pages of its pool", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref full);
            if (cache.Length != first || output.AsSpan().ContainsAnyExcept(0f))
                Fail("a call without a page has written something");
            cache.Truncate(first / 2);
            return;
        }

        Interlocked.Increment(ref calls);
        if (!MemoryMarshal.AsBytes(output.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(expected[input].AsSpan(first * Width, output.Length))))
            Fail($"rows {first} to {first + count} of input {input}: other bits than in one call");
    }

    private void Fail(string what)
    {
        if (Interlocked.Increment(ref failures) <= 3)
            Console.WriteLine(what);
    }
}
