namespace AttentionGen;

/// <summary>Queries, keys and values of a row, projected or as they came, normalised and rotated.</summary>
internal static partial class ReferenceRows
{
    /// <summary>[Heads · HeadDim].</summary>
    public static double[] Query(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, double[] input, ReferenceSequence sequence, int row)
    {
        double[] query = Unturned(shape, weights, in arguments, input, sequence, row);
        Turn(shape, query, weights.QueryNorm, weights.QueryNormBias, Position(shape, in arguments, sequence, row));
        return query;
    }

    /// <summary>Adds the keys and values that this call brings along to those of the sequence.</summary>
    public static void Append(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, double[] input, ReferenceSequence sequence, List<double[]> keys,
        List<double[]> values)
    {
        double[] source = shape.IsCrossAttention ? ToDoubles(arguments.Memory) : input;
        double[] valueSource = shape.ValueInputDim > 0 ? ToDoubles(arguments.ValueInput) : source;
        for (int row = 0; row < sequence.NewKeys; row++)
        {
            if (shape.HasProjections)
            {
                RotaryPosition position = shape.IsCrossAttention ? RotaryPosition.Of(keys.Count) : Position(shape, in arguments, sequence, row);
                int index = sequence.FirstNewKey + row;
                Append(
                    shape, weights, source.AsSpan(index * shape.MemoryDim, shape.MemoryDim),
                    valueSource.AsSpan(index * shape.ValueSourceDim, shape.ValueSourceDim), position, keys, values);
                continue;
            }

            double[] key = Added(
                Heads(arguments.Key, shape.Layout, shape.KvHeads, shape.HeadDim, sequence.FirstNewKey, sequence.NewKeys, row), weights.KeyBias);
            Turn(shape, key, weights.KeyNorm, weights.KeyNormBias, Position(shape, in arguments, sequence, row));
            double[] value = Added(
                Heads(arguments.Value, shape.Layout, shape.KvHeads, shape.ValueHeadDim, sequence.FirstNewKey, sequence.NewKeys, row), weights.ValueBias);
            Add(shape, key, value, keys, values);
        }
    }

    /// <summary>K = m Wk + bk and V = m Wv + bv of one row, or V = v Wv + bv where values have rows of their own.</summary>
    public static void Append(
        AttentionShape shape, AttentionWeights weights, ReadOnlySpan<double> row, ReadOnlySpan<double> valueRow, RotaryPosition position, List<double[]> keys,
        List<double[]> values)
    {
        double[] key = Project(row, weights.Key, weights.KeyBias, shape.KeyDim);
        Turn(shape, key, weights.KeyNorm, weights.KeyNormBias, position);
        Add(shape, key, Project(valueRow, weights.Value, weights.ValueBias, shape.ValueDim), keys, values);
    }

    /// <summary>Adds a key and a value, rounded to the format of the shape.</summary>
    public static void Add(AttentionShape shape, double[] key, double[] value, List<double[]> keys, List<double[]> values)
    {
        ReferenceRounding.Round(shape.KeyValues, key, shape.HeadDim);
        ReferenceRounding.Round(shape.KeyValues, value, shape.ValueHeadDim);
        keys.Add(key);
        values.Add(value);
    }

    /// <summary>Multiplies the joined heads of a row by σ(x Wg + bg).</summary>
    public static void Gate(AttentionShape shape, AttentionWeights weights, ReadOnlySpan<double> row, double[] heads)
    {
        double[] gates = Project(row, weights.OutputGate, weights.OutputGateBias, shape.JoinedDim);
        for (int i = 0; i < heads.Length; i++)
            heads[i] /= 1 + Math.Exp(-gates[i]);
    }

    /// <summary>y = W x + b.</summary>
    public static double[] Project(ReadOnlySpan<double> row, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int outputs)
    {
        var result = new double[outputs];
        for (int output = 0; output < outputs; output++)
        {
            double sum = bias.IsEmpty ? 0 : bias[output];
            ReadOnlySpan<float> weightRow = weights.Slice(output * row.Length, row.Length);
            for (int input = 0; input < row.Length; input++)
                sum += (double)weightRow[input] * row[input];
            result[output] = sum;
        }

        return result;
    }

    public static double[] ToDoubles(ReadOnlySpan<float> values) => Row(values, 0, values.Length);

    public static double[] Row(ReadOnlySpan<float> values, int row, int width)
    {
        var result = new double[width];
        for (int i = 0; i < width; i++)
            result[i] = values[row * width + i];
        return result;
    }

    /// <summary>Where element 0 of a head lies: [rows, heads · width] or [heads, rows, width] of each sequence, one behind the other.</summary>
    public static int HeadIndex(HeadLayout layout, int heads, int width, int firstRow, int rows, int row, int head) => layout == HeadLayout.RowsHeads
        ? ((firstRow + row) * heads + head) * width
        : (firstRow * heads + head * rows + row) * width;

    public static double[] Heads(ReadOnlySpan<float> values, HeadLayout layout, int heads, int width, int firstRow, int rows, int row)
    {
        var result = new double[heads * width];
        for (int head = 0; head < heads; head++)
        {
            int start = HeadIndex(layout, heads, width, firstRow, rows, row, head);
            for (int element = 0; element < width; element++)
                result[head * width + element] = values[start + element];
        }

        return result;
    }

    /// <summary>[Heads · HeadDim] before norm and rotation.</summary>
    private static double[] Unturned(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, double[] input, ReferenceSequence sequence, int row) =>
        shape.HasProjections
            ? Project(input.AsSpan((sequence.FirstRow + row) * shape.DModel, shape.DModel), weights.Query, weights.QueryBias, shape.QueryDim)
            : Added(Heads(arguments.Input, shape.Layout, shape.Heads, shape.HeadDim, sequence.FirstRow, sequence.Rows, row), weights.QueryBias);

    /// <summary>A row with its bias, where there is one.</summary>
    private static double[] Added(double[] row, ReadOnlySpan<float> bias)
    {
        for (int i = 0; i < bias.Length; i++)
            row[i] += bias[i];
        return row;
    }

    /// <summary>Rotary position of a row, and of the key that it brings along; where there are several axes, on each.</summary>
    private static RotaryPosition Position(AttentionShape shape, in AttentionArguments arguments, ReferenceSequence sequence, int row)
    {
        int[] axes = shape.Positions
            ? arguments.Positions.Slice((sequence.FirstRow + row) * shape.PositionAxes, shape.PositionAxes).ToArray()
            : [shape.IsCrossAttention ? row : sequence.CachedKeys + row];
        return new(axes, arguments.Cosines.ToArray(), arguments.Sines.ToArray());
    }

    /// <summary>Normalises and rotates every head, in the declared order.</summary>
    private static void Turn(AttentionShape shape, double[] heads, ReadOnlySpan<float> norm, ReadOnlySpan<float> normBias, RotaryPosition position)
    {
        if (!shape.QueryKeyNormAfterRotary)
            Normalise(shape, heads, norm, normBias);
        ReferenceRotary.Rotate(shape, heads, position);
        if (shape.QueryKeyNormAfterRotary)
            Normalise(shape, heads, norm, normBias);
    }

    /// <summary>Root mean square (Zhang and Sennrich 2019) or layer normalisation (Ba et al. 2016) of every head, or of all heads together.</summary>
    private static void Normalise(AttentionShape shape, double[] heads, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        if (shape.QueryKeyNorm == QueryKeyNorm.None)
            return;
        int width = shape.NormSpansHeads ? heads.Length : shape.HeadDim;
        for (int start = 0; start < heads.Length; start += width)
        {
            Span<double> head = heads.AsSpan(start, width);
            if (shape.QueryKeyNorm == QueryKeyNorm.Layer)
                ReferenceNorm.Layer(head, WeightsOf(weight, start, width), WeightsOf(bias, start, width), shape.QueryKeyNormEpsilon);
            else
                ReferenceNorm.Rms(head, WeightsOf(weight, start, width), shape.QueryKeyNormEpsilon);
        }
    }

    /// <summary>The weights of a head: all there are, or where each head has its own these.</summary>
    private static ReadOnlySpan<float> WeightsOf(ReadOnlySpan<float> weights, int start, int width) =>
        weights.Length <= width ? weights : weights.Slice(start, width);
}
