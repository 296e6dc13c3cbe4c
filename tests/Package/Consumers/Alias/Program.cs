extern alias kernels;

using System;
using System.Linq;
using kernels::AttentionGen;

AttentionWeights weights = AttentionWeights.Random(Block.Shape, seed: 3);
float[] input = [.. Enumerable.Range(0, 5 * Block.DModel).Select(index => MathF.Sin(index))], output = new float[input.Length];
new Block(weights).Forward(input, output);
double[] expected = ReferenceAttention.Forward(Block.Shape, weights, input);
Console.WriteLine($"accelerated {Block.IsAccelerated}");
Console.WriteLine(FormattableString.Invariant($"error {expected.Zip(output, (right, actual) => Math.Abs(right - actual)).Max()}"));

[AttentionConfig(Heads = 2, DModel = 32)]
internal sealed partial class Block;

// A type of the program's own, where the alias looks for the runtime's.
internal static class AttentionGen;
