using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using AttentionGen;

// One process, one line: which code ran, start to first result, steady speed, and a hash of all output bits.
// The argument is the time of the start, in Unix nanoseconds, so that loading the program counts.
DateTime firstLine = DateTime.UtcNow;
DateTime start = DateTime.UnixEpoch.AddTicks(long.Parse(args[0], CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick);
const int Rows = 128;
const int WarmUpMilliseconds = 500;
const int Milliseconds = 1500;

// Making the weights is left out: a program reads its own from a file.
AttentionWeights weights = AttentionWeights.Random(EncoderAttention.Shape, seed: 1);
var random = new Random(2);
float[] input = [.. Enumerable.Range(0, Rows * EncoderAttention.DModel).Select(_ => (2 * random.NextSingle()) - 1)];
var output = new float[input.Length];

long constructing = Stopwatch.GetTimestamp();
var attention = new EncoderAttention(weights);
attention.Forward(input, output);
double firstResult = (firstLine - start).TotalMilliseconds + Stopwatch.GetElapsedTime(constructing).TotalMilliseconds;

// Beyond the time in which the JIT compiles hot methods again.
Run(WarmUpMilliseconds);
List<double> times = Run(Milliseconds);
times.Sort();

ulong hash = 14695981039346656037;
foreach (byte part in MemoryMarshal.AsBytes<float>(output))
    hash = unchecked((hash ^ part) * 1099511628211);
string target = EncoderAttention.Plan.Split('\n')[1].Split(',')[0];
Console.WriteLine(
    string.Create(CultureInfo.InvariantCulture, $"{target} {EncoderAttention.IsAccelerated} {firstResult:F1} {times[times.Count / 2]:F0} {hash:x16}"));

List<double> Run(int milliseconds)
{
    var microseconds = new List<double>();
    for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalMilliseconds < milliseconds;)
    {
        long call = Stopwatch.GetTimestamp();
        attention.Forward(input, output);
        microseconds.Add(Stopwatch.GetElapsedTime(call).TotalMicroseconds);
    }

    return microseconds;
}

/// <summary>The workload h8-d512.</summary>
[AttentionConfig(Heads = 8, DModel = 512)]
internal sealed partial class EncoderAttention;
