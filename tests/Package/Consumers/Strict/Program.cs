using System.Globalization;
using AttentionGen;
using Strict;

AttentionWeights weights = AttentionWeights.Random(StoryAttention.Shape, seed: 1);
var attention = new StoryAttention(weights);
var random = new Random(2);
float[] input = [.. Enumerable.Range(0, 9 * StoryAttention.DModel).Select(_ => random.NextSingle() - 0.5f)];
var output = new float[input.Length];

// All rows but one as prefill, then one token: what a language model does.
AttentionCache cache = attention.CreateCache(capacity: 16);
int prefill = input.Length - StoryAttention.DModel;
attention.Forward(input.AsSpan(0, prefill), output.AsSpan(0, prefill), cache);
attention.Forward(input.AsSpan(prefill), output.AsSpan(prefill), cache);

double[] expected = ReferenceAttention.Forward(StoryAttention.Shape, weights, input);
double error = output.Zip(expected, (actual, exact) => Math.Abs(actual - exact)).Max();
Console.WriteLine($"accelerated {StoryAttention.IsAccelerated}");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"error {error}"));
