namespace AttentionGen;

internal static partial class ReferenceRows
{
    /// <summary>Takes the gradient of a row's queries back to its input.</summary>
    public static void QueryBackward(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, double[] input, ReferenceSequence sequence, int row,
        double[] gradient, ReferenceGradients gradients)
    {
        double[] query = Unturned(shape, weights, in arguments, input, sequence, row);
        TurnBackward(
            shape, query, weights.QueryNorm, Position(shape, in arguments, sequence, row), gradient, gradients.Weights.Of(nameof(weights.QueryNorm)),
            gradients.Weights.Of(nameof(weights.QueryNormBias)));
        if (!shape.HasProjections)
        {
            Put(gradient, gradients.Input, shape.Layout, shape.Heads, shape.HeadDim, sequence.FirstRow, sequence.Rows, row);
            return;
        }

        int start = (sequence.FirstRow + row) * shape.DModel;
        ProjectBackward(
            input.AsSpan(start, shape.DModel), weights.Query, gradient, gradients.Input.AsSpan(start, shape.DModel),
            gradients.Weights.Of(nameof(weights.Query)), gradients.Weights.Of(nameof(weights.QueryBias)));
    }

    /// <summary>Takes the gradients of a key and a value back to what they came from.</summary>
    public static void AppendBackward(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, double[] input, ReferenceSequence sequence, int row,
        double[] keyGradient, double[] valueGradient, ReferenceGradients gradients)
    {
        double[] normGradient = gradients.Weights.Of(nameof(weights.KeyNorm)), normBiasGradient = gradients.Weights.Of(nameof(weights.KeyNormBias));
        RotaryPosition position = Position(shape, in arguments, sequence, row);
        if (!shape.HasProjections)
        {
            double[] key = Heads(arguments.Key, shape.Layout, shape.KvHeads, shape.HeadDim, sequence.FirstNewKey, sequence.NewKeys, row);
            TurnBackward(shape, key, weights.KeyNorm, position, keyGradient, normGradient, normBiasGradient);
            Put(keyGradient, gradients.Key, shape.Layout, shape.KvHeads, shape.HeadDim, sequence.FirstNewKey, sequence.NewKeys, row);
            Put(valueGradient, gradients.Value, shape.Layout, shape.KvHeads, shape.ValueHeadDim, sequence.FirstNewKey, sequence.NewKeys, row);
            return;
        }

        double[] source = shape.IsCrossAttention ? ToDoubles(arguments.Memory) : input;
        int start = (sequence.FirstNewKey + row) * shape.MemoryDim;
        ReadOnlySpan<double> sourceRow = source.AsSpan(start, shape.MemoryDim);
        Span<double> rowGradient = (shape.IsCrossAttention ? gradients.Memory : gradients.Input).AsSpan(start, shape.MemoryDim);
        // Given positions are those of query rows: a memory row has its place in the sequence.
        TurnBackward(
            shape, Project(sourceRow, weights.Key, weights.KeyBias, shape.KeyDim), weights.KeyNorm,
            shape.IsCrossAttention ? RotaryPosition.Of(row) : position, keyGradient,
            normGradient, normBiasGradient);
        ProjectBackward(
            sourceRow, weights.Key, keyGradient, rowGradient, gradients.Weights.Of(nameof(weights.Key)), gradients.Weights.Of(nameof(weights.KeyBias)));
        if (shape.ValueInputDim > 0)
        {
            int first = (sequence.FirstNewKey + row) * shape.ValueInputDim;
            ReadOnlySpan<double> valueRow = ToDoubles(arguments.ValueInput).AsSpan(first, shape.ValueInputDim);
            ProjectBackward(
                valueRow, weights.Value, valueGradient, gradients.ValueInput.AsSpan(first, shape.ValueInputDim),
                gradients.Weights.Of(nameof(weights.Value)), gradients.Weights.Of(nameof(weights.ValueBias)));
            return;
        }

        ProjectBackward(
            sourceRow, weights.Value, valueGradient, rowGradient, gradients.Weights.Of(nameof(weights.Value)), gradients.Weights.Of(nameof(weights.ValueBias)));
    }

    /// <summary>For y = W x + b: <c>dx += Wᵀ dy</c>, <c>dW += dy xᵀ</c> and <c>db += dy</c>.</summary>
    public static void ProjectBackward(
        ReadOnlySpan<double> row, ReadOnlySpan<float> weights, ReadOnlySpan<double> outputGradient, Span<double> rowGradient, Span<double> weightGradient,
        Span<double> biasGradient)
    {
        for (int output = 0; output < outputGradient.Length; output++)
        {
            double gradient = outputGradient[output];
            if (!biasGradient.IsEmpty)
                biasGradient[output] += gradient;
            for (int input = 0; input < row.Length; input++)
            {
                rowGradient[input] += weights[output * row.Length + input] * gradient;
                weightGradient[output * row.Length + input] += gradient * row[input];
            }
        }
    }

    /// <summary>Takes the gradient of normalised and rotated heads back to the heads as they were before, in place.</summary>
    private static void TurnBackward(
        AttentionShape shape, double[] heads, ReadOnlySpan<float> norm, RotaryPosition position, double[] gradient, Span<double> normGradient,
        Span<double> normBiasGradient)
    {
        if (shape.QueryKeyNormAfterRotary)
        {
            ReferenceRotary.Rotate(shape, heads, position);
            NormaliseBackward(shape, heads, norm, gradient, normGradient, normBiasGradient);
        }

        ReferenceRotary.RotateBack(shape, gradient, position);
        if (!shape.QueryKeyNormAfterRotary)
            NormaliseBackward(shape, heads, norm, gradient, normGradient, normBiasGradient);
    }

    private static void NormaliseBackward(
        AttentionShape shape, double[] heads, ReadOnlySpan<float> norm, double[] gradient, Span<double> normGradient, Span<double> normBiasGradient)
    {
        if (shape.QueryKeyNorm == QueryKeyNorm.None)
            return;
        int width = shape.NormSpansHeads ? heads.Length : shape.HeadDim;
        for (int start = 0; start < heads.Length; start += width)
        {
            ReadOnlySpan<double> head = heads.AsSpan(start, width);
            Span<double> headGradient = gradient.AsSpan(start, width), weightGradient = GradientsOf(normGradient, start, width);
            ReadOnlySpan<float> weight = WeightsOf(norm, start, width);
            if (shape.QueryKeyNorm == QueryKeyNorm.Layer)
                ReferenceNorm.LayerBackward(
                    head, weight, shape.QueryKeyNormEpsilon, headGradient, weightGradient, GradientsOf(normBiasGradient, start, width));
            else
                ReferenceNorm.RmsBackward(head, weight, shape.QueryKeyNormEpsilon, headGradient, weightGradient);
        }
    }

    /// <summary>Where the gradients of a head's weights go: as <see cref="WeightsOf"/>.</summary>
    private static Span<double> GradientsOf(Span<double> gradients, int start, int width) =>
        gradients.Length <= width ? gradients : gradients.Slice(start, width);

    /// <summary>Puts the heads of a row where <see cref="Heads"/> reads them.</summary>
    private static void Put(double[] row, double[] all, HeadLayout layout, int heads, int width, int firstRow, int rows, int index)
    {
        for (int head = 0; head < heads; head++)
            row.AsSpan(head * width, width).CopyTo(all.AsSpan(HeadIndex(layout, heads, width, firstRow, rows, index, head)));
    }
}
