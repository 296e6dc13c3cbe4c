namespace AttentionGen.CompilerServices;

// What a configuration declares beside input and output: each is there and fits, or is not declared and not there.
public static partial class KernelChecks
{
    /// <summary>Checks masks, lengths, documents and positions.</summary>
    private static void CheckDeclared(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        CheckPerSequence("keyStarts", nameof(AttentionShape.KeyStarts), shape.KeyStarts, arguments.KeyStarts, in dimensions);
        CheckPerSequence("keyLengths", nameof(AttentionShape.KeyLengths), shape.KeyLengths, arguments.KeyLengths, in dimensions);
        CheckPerSequence("prefixLengths", nameof(AttentionShape.PrefixLengths), shape.PrefixLengths, arguments.PrefixLengths, in dimensions);
        CheckDocuments(shape, arguments.Documents, in dimensions);
        CheckPositions(shape, in arguments, in dimensions);
        CheckMaskLength(shape, arguments.MaskLength, dimensions.Keys);
        ForwardDimensions masked = shape.MaskLength ? dimensions with { Keys = arguments.MaskLength } : dimensions;
        string keys = shape.MaskLength ? "maskLength" : "keys";
        CheckLength("booleanMask", nameof(AttentionShape.BooleanMask), arguments.BooleanMask.Length, shape.BooleanMask, shape.Heads, in masked, keys);
        CheckLength("additiveMask", nameof(AttentionShape.AdditiveMask), arguments.AdditiveMask.Length, shape.AdditiveMask, shape.Heads, in masked, keys);
    }

    /// <summary>Checks the output and what comes beside it.</summary>
    private static void CheckOutputs(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        int rows = arguments.Input.Length / shape.InputDim;
        if (arguments.Output.Length != (long)rows * shape.OutputDim)
            ThrowOutputLength(shape, arguments.Output.Length, arguments.Input.Length, rows);
        if (shape.Ragged)
        {
            CheckRaggedOutputs(shape, in arguments, rows);
            return;
        }

        const MaskAxes Averaged = MaskAxes.Batch | MaskAxes.Query | MaskAxes.Key;
        const AttentionOutputs AnyScores = AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores | AttentionOutputs.MaskedScores;
        AttentionOutputs outputs = shape.Outputs;
        MaskAxes probabilities =
            (outputs & AttentionOutputs.Probabilities) != 0 ? MaskAxes.BatchHeadQueryKey :
            (outputs & AttentionOutputs.AveragedProbabilities) != 0 ? Averaged : MaskAxes.None;
        MaskAxes scores = (outputs & AnyScores) != 0 ? MaskAxes.BatchHeadQueryKey : MaskAxes.None;
        MaskAxes logSumExp = (outputs & AttentionOutputs.LogSumExp) != 0 ? MaskAxes.Batch | MaskAxes.Head | MaskAxes.Query : MaskAxes.None;
        CheckResult("probabilities", "probabilities in Outputs", arguments.Probabilities.Length, probabilities, shape.Heads, in dimensions);
        CheckResult("scores", "scores in Outputs", arguments.Scores.Length, scores, shape.Heads, in dimensions);
        CheckResult("logSumExp", "LogSumExp in Outputs", arguments.LogSumExp.Length, logSumExp, shape.Heads, in dimensions);
    }

    /// <summary>A result that is declared may be left out of a call: then its span is empty.</summary>
    private static void CheckResult(string argument, string setting, int length, MaskAxes axes, int heads, in ForwardDimensions dimensions)
    {
        if (length != 0)
            CheckLength(argument, setting, length, axes, heads, in dimensions);
    }

    private static void CheckPerSequence(string argument, string setting, bool isDeclared, ReadOnlySpan<int> values, in ForwardDimensions dimensions)
    {
        if (!isDeclared)
        {
            if (!values.IsEmpty)
                ThrowUndeclared(argument, setting, values.Length);
            return;
        }

        if (values.Length != dimensions.Batch)
            ThrowPerSequence(argument, values.Length, dimensions.Batch);
        foreach (int value in values)
        {
            if ((uint)value > (uint)dimensions.Keys)
                ThrowBeyondKeys(argument, values, dimensions.Keys);
        }
    }

    private static void CheckDocuments(AttentionShape shape, ReadOnlySpan<int> documents, in ForwardDimensions dimensions)
    {
        CheckLength(
            "documents", nameof(AttentionShape.Documents), documents.Length, shape.Documents ? MaskAxes.BatchKey : MaskAxes.None, shape.Heads, in dimensions);
        for (int start = 0; start < documents.Length; start += dimensions.Keys)
        {
            int returns = DocumentRuns.FindReturn(documents.Slice(start, dimensions.Keys));
            if (returns >= 0)
                ThrowDocument(documents, start + returns);
        }
    }

    /// <summary>Checks the factors of heads: one for each.</summary>
    private static void CheckHeadMask(string argument, AttentionShape shape, int length) =>
        CheckLength(argument, nameof(AttentionShape.HeadMask), length, shape.HeadMask ? MaskAxes.Head : MaskAxes.None, shape.Heads, default);

    /// <summary>Checks how many keys the masks have.</summary>
    private static void CheckMaskLength(AttentionShape shape, int maskLength, int keys)
    {
        if (!shape.MaskLength && maskLength != 0)
            ThrowMaskLengthUndeclared(maskLength);
        if ((uint)maskLength > (uint)keys)
            ThrowMaskLength(maskLength, keys);
    }

    /// <summary>Whether a span has the product of the declared axes as its length.</summary>
    private static void CheckLength(
        string argument, string setting, int length, MaskAxes axes, int heads, in ForwardDimensions dimensions, string keys = "keys")
    {
        if (axes == MaskAxes.None)
        {
            if (length != 0)
                ThrowUndeclared(argument, setting, length);
            return;
        }

        if (length != Product(axes, heads, in dimensions))
            ThrowLength(argument, length, axes, heads, dimensions, keys);
    }

    /// <summary>128 bits hold every product of four ints.</summary>
    private static Int128 Product(MaskAxes axes, int heads, in ForwardDimensions dimensions)
    {
        long rows = (long)((axes & MaskAxes.Batch) != 0 ? dimensions.Batch : 1) * ((axes & MaskAxes.Query) != 0 ? dimensions.Rows : 1);
        long columns = (long)((axes & MaskAxes.Head) != 0 ? heads : 1) * ((axes & MaskAxes.Key) != 0 ? dimensions.Keys : 1);
        return (Int128)rows * columns;
    }
}
