using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AttentionGen;

const int batch = 2, rows = 16;

// Random weights stand in for trained ones. Trained ones come from a file:
//     using var file = SafetensorsFile.Open("model.safetensors");
//     AttentionWeights weights = AttentionWeights.From(file, AttentionTensorNames.Bert("encoder.layer.0.attention"));
// AttentionTensorNames has presets for other models, and AttentionWeights.FromSpans takes matrices that you have loaded yourself.
AttentionWeights weights = AttentionWeights.Random(EncoderAttention.Shape, seed: 1);
var attention = new EncoderAttention(weights);                     // packs the weights once; threads may share the object

var input = new float[batch * rows * EncoderAttention.DModel];     // [batch, rows, DModel]
var output = new float[input.Length];
var random = new Random(2);
foreach (ref float value in input.AsSpan())
    value = 2 * random.NextSingle() - 1;

attention.Forward(input, output, batch);

double[] expected = ReferenceAttention.Forward(EncoderAttention.Shape, weights, input, batch: batch);
double error = output.Zip(expected, (value, reference) => Math.Abs(value - reference)).Max();
string checksum = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(output)))[..16];

Console.WriteLine($"EncoderAttention: {EncoderAttention.Heads} heads of {EncoderAttention.HeadDim}, {EncoderAttention.DModel} wide");
Console.WriteLine($"input     [{batch}, {rows}, {EncoderAttention.DModel}]");
Console.WriteLine($"output    [{batch}, {rows}, {EncoderAttention.DModel}]");
Console.WriteLine($"checksum  {checksum}, of every bit of the output");
Console.WriteLine($"error     {error:0.0e-0} at most, against float64");
Console.WriteLine($"time      {BestMicroseconds(() => attention.Forward(input, output, batch)):F0} µs a call, on one thread");
//-:cnd:noEmit
#if DEBUG
Console.WriteLine("          This is a Debug build, which is many times slower: dotnet run -c Release");
#endif
//+:cnd:noEmit
if (!EncoderAttention.IsAccelerated)
    Console.WriteLine("          This processor lacks the instructions of the fast path: the last bits differ, and it is slow.");
Console.WriteLine("The weights are random: Program.cs says where trained ones come from.");

// The best of a second: .NET compiles what runs often once more, and other programs disturb.
static double BestMicroseconds(Action call)
{
    double best = double.MaxValue;
    for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalSeconds < 1;)
    {
        long start = Stopwatch.GetTimestamp();
        call();
        best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
    }

    return best;
}
