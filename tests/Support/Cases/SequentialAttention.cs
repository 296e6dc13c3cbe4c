namespace AttentionGen.Tests.Support;

/// <summary>The block as plain float32 loops in the order of the formula, without FMA: what accuracy is measured against.</summary>
internal static class SequentialAttention
{
    public static float[] Forward(AttentionCase call)
    {
        AttentionShape shape = call.Shape;
        AttentionWeights weights = call.Weights;
        float[] memory = shape.IsCrossAttention ? call.Memory : call.Input;
        float[] queries = Project(call.Input, weights.Query, weights.QueryBias, shape.DModel, shape.QueryDim);
        float[] keys = Project(memory, weights.Key, weights.KeyBias, shape.MemoryDim, shape.KeyDim);
        float[] values = Project(memory, weights.Value, weights.ValueBias, shape.MemoryDim, shape.KeyDim);
        Rotate(shape, queries, call.Rows, shape.Heads);
        Rotate(shape, keys, call.Keys, shape.KvHeads);
        var concatenated = new float[queries.Length];
        for (int sequence = 0; sequence < call.Batch; sequence++)
        {
            int length = shape.KeyLengths ? call.KeyLengths[sequence] : call.Keys;
            int offset = shape.CausalAlignment == CausalAlignment.BottomRight ? length - call.Rows : 0;
            for (int row = 0; row < call.Rows; row++)
            {
                int visible = shape.Causal ? Math.Clamp(row + offset + 1, 0, length) : length;
                for (int head = 0; head < shape.Heads; head++)
                {
                    int at = ((((sequence * call.Rows) + row) * shape.Heads) + head) * shape.HeadDim;
                    Attend(
                        shape,
                        queries.AsSpan(at, shape.HeadDim),
                        keys,
                        values,
                        sequence * call.Keys,
                        head * shape.KvHeads / shape.Heads,
                        visible,
                        concatenated.AsSpan(at, shape.HeadDim));
                }
            }
        }

        return Project(concatenated, weights.Output, weights.OutputBias, shape.QueryDim, shape.DModel);
    }

    private static float[] Project(float[] rows, ReadOnlySpan<float> matrix, ReadOnlySpan<float> bias, int inputs, int outputs)
    {
        int count = rows.Length / inputs;
        var result = new float[count * outputs];
        for (int row = 0; row < count; row++)
        {
            for (int column = 0; column < outputs; column++)
            {
                float sum = 0;
                for (int k = 0; k < inputs; k++)
                    sum += rows[(row * inputs) + k] * matrix[(column * inputs) + k];
                result[(row * outputs) + column] = bias.IsEmpty ? sum : sum + bias[column];
            }
        }

        return result;
    }

    private static void Rotate(AttentionShape shape, float[] strip, int rows, int heads)
    {
        int half = shape.RotaryDim / 2;
        for (int start = 0; start < strip.Length; start += shape.HeadDim)
        {
            int position = start / (heads * shape.HeadDim) % rows;
            for (int pair = 0; pair < half; pair++)
            {
                double angle = position * Math.Pow(shape.RotaryBase, -2.0 * pair / shape.RotaryDim);
                float cosine = (float)Math.Cos(angle), sine = (float)Math.Sin(angle);
                bool interleaved = shape.Rotary == RotaryKind.Interleaved;
                int first = start + (interleaved ? 2 * pair : pair);
                int second = interleaved ? first + 1 : first + half;
                (strip[first], strip[second]) = (
                    (strip[first] * cosine) - (strip[second] * sine),
                    (strip[second] * cosine) + (strip[first] * sine));
            }
        }
    }

    private static void Attend(
        AttentionShape shape, ReadOnlySpan<float> query, float[] keys, float[] values, int firstKey, int kvHead, int visible, Span<float> output)
    {
        var probabilities = new float[visible];
        float maximum = float.NegativeInfinity;
        for (int key = 0; key < visible; key++)
        {
            int at = ((firstKey + key) * shape.KeyDim) + (kvHead * shape.HeadDim);
            float score = 0;
            for (int i = 0; i < query.Length; i++)
                score += query[i] * keys[at + i];
            probabilities[key] = score * shape.Scale;
            maximum = MathF.Max(maximum, probabilities[key]);
        }

        float sum = 0;
        for (int key = 0; key < visible; key++)
        {
            probabilities[key] = MathF.Exp(probabilities[key] - maximum);
            sum += probabilities[key];
        }

        for (int i = 0; i < output.Length; i++)
        {
            float total = 0;
            for (int key = 0; key < visible; key++)
                total += probabilities[key] / sum * values[((firstKey + key) * shape.KeyDim) + (kvHead * shape.HeadDim) + i];
            output[i] = total;
        }
    }
}
