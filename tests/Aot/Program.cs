using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using AttentionGen;

// One process, one line: which code ran, start to first result, steady speed, and a hash of all output bits, those of a layer, of a decoder's layer and
// of a product included.
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
AddBits(output);
AddBits(RunLayer());
AddBits(RunDecoderLayer());
AddBits(RunLinear());
string target = EncoderAttention.Plan.Split('\n')[1].Split(',')[0];
Console.WriteLine(
    string.Create(CultureInfo.InvariantCulture, $"{target} {EncoderAttention.IsAccelerated} {firstResult:F1} {times[times.Count / 2]:F0} {hash:x16}"));

void AddBits(float[] values)
{
    foreach (byte part in MemoryMarshal.AsBytes<float>(values))
        hash = unchecked((hash ^ part) * 1099511628211);
}

float[] RunLayer()
{
    var layer = new StoryLayer(TransformerLayerWeights.Random(StoryLayer.Shape, seed: 3));
    AttentionCache cache = layer.CreateCache(capacity: Rows);
    var result = new float[Rows * StoryLayer.DModel];
    // A prompt, and one row after it.
    const int Prompt = (Rows - 1) * StoryLayer.DModel;
    layer.Forward(input.AsSpan(0, Prompt), result.AsSpan(0, Prompt), cache);
    layer.Forward(input.AsSpan(Prompt, StoryLayer.DModel), result.AsSpan(Prompt), cache);
    return result;
}

float[] RunDecoderLayer()
{
    var layer = new TranslationLayer(TransformerLayerWeights.Random(TranslationLayer.Shape, seed: 4));
    const int Memory = 40 * TranslationLayer.MemoryDim;
    AttentionCache cache = layer.CreateCache(capacity: Rows, memoryCapacity: 40);
    layer.ProjectMemory(input.AsSpan(0, Memory), cache);
    var result = new float[Rows * TranslationLayer.DModel];
    layer.Forward(input.AsSpan(Memory, result.Length), result, cache, options: new() { MaxDegreeOfParallelism = 2 });
    return result;
}

float[] RunLinear()
{
    var head = new Head(LinearWeights.Random(Head.Shape, seed: 5));
    var result = new float[Rows * Head.Outputs];
    head.Forward(input.AsSpan(0, Rows * Head.Inputs), result);
    return result;
}

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

/// <summary>A layer with a cache, of Llama's form.</summary>
[TransformerLayerConfig(
    Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved, Norm = Norm.Rms, Activation = Activation.Silu,
    Gated = true)]
internal sealed partial class StoryLayer;

/// <summary>A decoder's layer with cross-attention.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 200, Causal = true, NormPlacement = NormPlacement.Post, MemoryDim = 48)]
internal sealed partial class TranslationLayer;

/// <summary>A product with an activation, whose columns fill no whole panels.</summary>
[LinearConfig(Inputs = 96, Outputs = 150, Activation = Activation.Gelu)]
internal sealed partial class Head;
