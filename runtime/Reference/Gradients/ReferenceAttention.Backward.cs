using AttentionGen.CompilerServices;

namespace AttentionGen;

public static partial class ReferenceAttention
{
    /// <summary>
    /// Takes the gradient of the output of a call without a cache back to its inputs and to every learned tensor (Dao et al. 2022, without blocks).
    /// </summary>
    /// <param name="shape">The shape of the block, without modifiers and mask predicate and with keys and values in float32.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="arguments">The arguments of the call. Outputs and options are not used.</param>
    /// <param name="outputGradient">∂L/∂output, in the layout of the output. What it holds for rows of padding that is skipped does not count.</param>
    /// <returns>∂L/∂input, ∂L/∂memory or ∂L/∂key and ∂L/∂value, and ∂L/∂w for each learned tensor w.</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    /// <exception cref="NotSupportedException">The shape has a part without a known derivative.</exception>
    public static ReferenceGradients Backward(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, ReadOnlySpan<float> outputGradient) =>
        Backward(shape, weights, in arguments, ReferenceRows.ToDoubles(outputGradient), ReferenceRows.ToDoubles(arguments.Input));

    /// <summary>The same with a gradient and with input rows in double precision.</summary>
    internal static ReferenceGradients Backward(
        AttentionShape shape, AttentionWeights weights, in AttentionArguments arguments, double[] outputGradient, double[] input)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        KernelChecks.ValidateWeights(shape, weights);
        CheckDerivatives(shape);
        // Scores and probabilities are computed once more, and nobody reads them.
        shape = shape with { Outputs = AttentionOutputs.None };
        ReferenceSequence[] sequences = ReferenceSequence.Find(shape, in arguments, null);
        CheckGradient(outputGradient.Length, sequences.Sum(sequence => sequence.Rows) * shape.OutputDim);

        var gradients = new ReferenceGradients
        {
            Input = new double[input.Length],
            Memory = new double[arguments.Memory.Length],
            ValueInput = new double[arguments.ValueInput.Length],
            Key = new double[arguments.Key.Length],
            Value = new double[arguments.Value.Length],
            Weights = ReferenceGradients.For(weights),
        };
        var result = ReferenceResult.For(shape, sequences);
        foreach (ReferenceSequence sequence in sequences)
        {
            List<double[]> keys = [], values = [];
            ReferenceRows.Append(shape, weights, in arguments, input, sequence, keys, values);
            double[][] keyGradients = [.. keys.Select(key => new double[key.Length])], valueGradients = [.. values.Select(value => new double[value.Length])];

            int offset = ReferenceVisibility.Offset(shape, in arguments, sequence, hasCache: false);
            for (int row = 0; row < sequence.Rows; row++)
            {
                if (ReferenceVisibility.IsPadding(shape, in arguments, sequence, row))
                    continue;

                double[] query = ReferenceRows.Query(shape, weights, in arguments, input, sequence, row);
                double[] heads = new double[shape.JoinedDim], queryGradient = new double[shape.QueryDim];
                // The heads first: the gradient of the output matrix needs all of them.
                for (int head = 0; head < shape.Heads; head++)
                {
                    Span<double> target = heads.AsSpan(head * shape.ValueHeadDim, shape.ValueHeadDim);
                    One(in arguments, head, query).Attend(target);
                    Mask(shape, in arguments, head, target);
                }

                double[] headGradients = HeadGradients(shape, weights, sequence, row, heads, outputGradient, gradients.Weights);
                for (int head = 0; head < shape.Heads; head++)
                {
                    Span<double> headGradient = headGradients.AsSpan(head * shape.ValueHeadDim, shape.ValueHeadDim);
                    Mask(shape, in arguments, head, headGradient);
                    One(in arguments, head, query).Backward(
                        headGradient,
                        queryGradient.AsSpan(head * shape.HeadDim, shape.HeadDim),
                        keyGradients,
                        valueGradients,
                        gradients.Weights);
                }

                ReferenceRows.QueryBackward(shape, weights, in arguments, input, sequence, row, queryGradient, gradients);

                ReferenceHead One(in AttentionArguments arguments, int head, double[] query) => new()
                {
                    Shape = shape, Weights = weights, Arguments = arguments, Hooks = ReferenceHooks.None, Sequence = sequence, Result = result, Keys = keys,
                    Values = values,
                    Head = head, Row = row, Position = row + offset, Query = query.AsSpan(head * shape.HeadDim, shape.HeadDim),
                };
            }

            for (int row = 0; row < sequence.NewKeys; row++)
                ReferenceRows.AppendBackward(shape, weights, in arguments, input, sequence, row, keyGradients[row], valueGradients[row], gradients);
        }

        return gradients;
    }

    /// <summary>The gradient of the concatenated heads of a row, before the output projection if there is one.</summary>
    private static double[] HeadGradients(
        AttentionShape shape, AttentionWeights weights, ReferenceSequence sequence, int row, double[] heads, double[] outputGradient,
        IReadOnlyDictionary<string, double[]> gradients)
    {
        var headGradients = new double[shape.JoinedDim];
        if (shape.HasProjections)
        {
            ReferenceRows.ProjectBackward(
                heads,
                weights.Output,
                outputGradient.AsSpan((sequence.FirstRow + row) * shape.DModel, shape.DModel),
                headGradients,
                gradients.Of(nameof(weights.Output)),
                gradients.Of(nameof(weights.OutputBias)));
            return headGradients;
        }

        for (int head = 0; head < shape.Heads; head++)
        {
            int start = ReferenceRows.HeadIndex(shape.Layout, shape.Heads, shape.ValueHeadDim, sequence.FirstRow, sequence.Rows, row, head);
            outputGradient.AsSpan(start, shape.ValueHeadDim).CopyTo(headGradients.AsSpan(head * shape.ValueHeadDim));
        }

        return headGradients;
    }

    private static void CheckDerivatives(AttentionShape shape)
    {
        if (shape.CallsHooks)
            throw new NotSupportedException("shape has a modifier or a mask predicate; expected none, because their derivative is not known.");
        if (shape.InputBias || shape.OutputGate || !shape.OutputProjection || shape.ScoreFunction != ScoreFunction.Softmax)
            throw new NotSupportedException(
                "shape has biases of its inputs, an output gate, no output projection, or another function than softmax; expected none of these.");
        if (shape.KeyValues != KeyValueFormat.Float32)
            throw new NotSupportedException($"shape has KeyValues = {shape.KeyValues}; expected Float32, because rounding has no derivative.");
    }

    /// <summary>Checks the length of the gradient of an output.</summary>
    internal static void CheckGradient(int length, int expected)
    {
        if (length != expected)
            throw new ArgumentException($"outputGradient.Length is {length}; expected {expected}, that of the output.", "outputGradient");
    }
}
