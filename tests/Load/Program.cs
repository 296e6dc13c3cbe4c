using System.Globalization;
using AttentionGen.Tests.Load;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// Seconds that servers share a pool of pages, and that 64 callers run with the thread pool free and again with it full, and how many calls are counted
// for leaks.
int seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 60;
int count = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1_000_000;

// First, while nothing else has run: counts are then those of the calls.
Console.Error.WriteLine("leaks");
bool isRight = Leaks.Run(count);

Console.Error.WriteLine("pages");
isRight &= new Pages().Run(TimeSpan.FromSeconds(seconds));

var callers = new Callers();
Console.Error.WriteLine("callers");
isRight &= callers.Run("thread pool free", TimeSpan.FromSeconds(seconds), threads: 4);

// Every thread of the pool waits, and it may not make more: helpers are queued and never begin.
using var release = new ManualResetEventSlim();
ThreadPool.GetMinThreads(out int least, out int ports);
ThreadPool.SetMinThreads(Math.Min(least, 2), ports);
ThreadPool.SetMaxThreads(Math.Max(2, Environment.ProcessorCount), ports);
int waiting = 0;
for (int thread = 0; thread < 2 * Math.Max(2, Environment.ProcessorCount); thread++)
{
    ThreadPool.UnsafeQueueUserWorkItem(_ =>
    {
        Interlocked.Increment(ref waiting);
        release.Wait();
    }, null);
}

while (Volatile.Read(ref waiting) < Math.Max(2, Environment.ProcessorCount))
    Thread.Sleep(1);
Console.Error.WriteLine("callers, with the thread pool full");
isRight &= callers.Run("thread pool full", TimeSpan.FromSeconds(seconds), threads: 4);
release.Set();

Console.WriteLine(isRight ? "all right" : "FAILED");
return isRight ? 0 : 1;
