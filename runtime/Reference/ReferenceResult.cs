namespace AttentionGen;

/// <summary>The results of <see cref="ReferenceAttention"/>, in the layouts of <see cref="AttentionArguments"/>.</summary>
/// <param name="Output">See <see cref="AttentionArguments.Output"/>.</param>
/// <param name="Probabilities">See <see cref="AttentionArguments.Probabilities"/>; empty if the shape declares none.</param>
/// <param name="Scores">See <see cref="AttentionArguments.Scores"/>; empty if the shape declares none.</param>
/// <param name="LogSumExp">See <see cref="AttentionArguments.LogSumExp"/>; empty if the shape declares none.</param>
public sealed record ReferenceResult(double[] Output, double[] Probabilities, double[] Scores, double[] LogSumExp)
{
    /// <summary>Arrays of the right lengths, as they are before any row is computed: no key is seen.</summary>
    internal static ReferenceResult For(AttentionShape shape, ReferenceSequence[] sequences)
    {
        int rows = sequences.Sum(sequence => sequence.Rows);
        int pairs = sequences.Sum(sequence => sequence.Rows * sequence.Keys);
        var result = new ReferenceResult(
            new double[rows * shape.OutputDim],
            new double[Has(AttentionOutputs.Probabilities) ? shape.Heads * pairs : Has(AttentionOutputs.AveragedProbabilities) ? pairs : 0],
            new double[Has(AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores | AttentionOutputs.MaskedScores) ? shape.Heads * pairs : 0],
            new double[Has(AttentionOutputs.LogSumExp) ? rows * shape.Heads : 0]);
        if (Has(AttentionOutputs.MaskedScores))
            result.Scores.AsSpan().Fill(double.NegativeInfinity);
        result.LogSumExp.AsSpan().Fill(double.NegativeInfinity);
        return result;

        bool Has(AttentionOutputs outputs) => (shape.Outputs & outputs) != 0;
    }
}
