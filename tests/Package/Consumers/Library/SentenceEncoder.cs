using System;
using AttentionGen;

namespace Library
{
    /// <summary>A library that keeps its kernel to itself.</summary>
    public sealed class SentenceEncoder
    {
        private readonly SentenceAttention attention = new SentenceAttention(AttentionWeights.Random(SentenceAttention.Shape, seed: 1));

        public static bool IsAccelerated => SentenceAttention.IsAccelerated;

        /// <summary>Largest difference from the float64 reference, on random rows.</summary>
        public double LargestError(int rows)
        {
            var random = new Random(2);
            var input = new float[rows * SentenceAttention.DModel];
            for (int i = 0; i < input.Length; i++)
                input[i] = random.NextSingle() - 0.5f;
            var output = new float[input.Length];
            attention.Forward(input, output);
            double[] expected = ReferenceAttention.Forward(SentenceAttention.Shape, AttentionWeights.Random(SentenceAttention.Shape, seed: 1), input);
            double largest = 0;
            for (int i = 0; i < output.Length; i++)
                largest = Math.Max(largest, Math.Abs(expected[i] - output[i]));
            return largest;
        }
    }

    [AttentionConfig(Heads = 4, DModel = 64)]
    internal sealed partial class SentenceAttention
    {
    }
}
