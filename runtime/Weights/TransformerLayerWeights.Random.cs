namespace AttentionGen;

public sealed partial class TransformerLayerWeights
{
    /// <summary>
    /// Random weights for tests and benchmarks: matrices and their biases uniform in ±1/√inputs, weights of norms in 1 ± ½, their biases in ±½. The same seed
    /// gives the same weights on every machine. Matrices have numbers that the formats of the shape hold.
    /// </summary>
    /// <param name="shape">The shape of the layer.</param>
    /// <param name="seed">Any number.</param>
    /// <exception cref="ArgumentException">The shape is none that a layer has, or a matrix has more elements than an array can hold.</exception>
    public static TransformerLayerWeights Random(TransformerLayerShape shape, int seed)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        // Other numbers than those of the attention, which begin with the seed.
        var numbers = new RandomNumbers(~seed);
        int width = shape.DModel, inner = shape.FeedForwardDim;
        bool hasOutputNorms = shape.NormPlacement == NormPlacement.Both, hasMemory = shape.MemoryDim > 0;
        return new TransformerLayerWeights
        {
            Attention = AttentionWeights.Random(shape.Attention, seed),
            Up = Matrix(inner, width),
            UpBias = Values(shape.UpBias ? inner : 0, width),
            Gate = Matrix(shape.Gated ? inner : 0, width),
            GateBias = Values(shape.GateBias ? inner : 0, width),
            Down = Matrix(width, inner),
            DownBias = Values(shape.DownBias ? width : 0, inner),
            AttentionNorm = NormWeight(true),
            AttentionNormBias = NormBias(true),
            AttentionOutputNorm = NormWeight(hasOutputNorms),
            AttentionOutputNormBias = NormBias(hasOutputNorms),
            FeedForwardNorm = NormWeight(shape.HasFeedForwardNorm),
            FeedForwardNormBias = NormBias(shape.HasFeedForwardNorm),
            FeedForwardOutputNorm = NormWeight(hasOutputNorms),
            FeedForwardOutputNormBias = NormBias(hasOutputNorms),
            CrossAttention = shape.CrossAttention is { } cross ? AttentionWeights.Random(cross, seed ^ 1) : null,
            CrossAttentionNorm = NormWeight(hasMemory),
            CrossAttentionNormBias = NormBias(hasMemory),
            CrossAttentionOutputNorm = NormWeight(hasMemory && hasOutputNorms),
            CrossAttentionOutputNormBias = NormBias(hasMemory && hasOutputNorms),
        };

        float[] Matrix(int outputs, int inputs)
        {
            float[] values = Values(outputs * inputs, inputs);
            WeightBlocks.Round(shape.FeedForwardWeights, values, inputs);
            return values;
        }

        float[] Values(int count, int inputs)
        {
            var values = new float[count];
            numbers.Fill(values, 1 / Math.Sqrt(inputs));
            return values;
        }

        float[] NormWeight(bool isThere)
        {
            float[] values = Values(isThere ? width : 0, 4);
            foreach (ref float value in values.AsSpan())
                value += 1;
            return values;
        }

        float[] NormBias(bool isThere) => Values(isThere && shape.NormBias ? width : 0, 4);
    }
}
