using System.Globalization;
using AttentionGen;

Check<First.Block>();
Check<Second.Block>();
Check<Models.Encoder.Block>();
Check<Block>();

// Each line tells the width, so that one class taken for another shows.
static void Check<T>()
    where T : class, IAttentionKernel<T>
{
    AttentionWeights weights = AttentionWeights.Random(T.Shape, seed: 1);
    var random = new Random(2);
    float[] input = [.. Enumerable.Range(0, 5 * T.Shape.DModel).Select(_ => random.NextSingle() - 0.5f)];
    var output = new float[input.Length];
    T.Create(weights).Forward(new AttentionArguments { Input = input, Output = output });
    double[] expected = ReferenceAttention.Forward(T.Shape, weights, input);
    double error = output.Zip(expected, (actual, exact) => Math.Abs(actual - exact)).Max();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{typeof(T).FullName} {T.Shape.DModel} {error}"));
}
