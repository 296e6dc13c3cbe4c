using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// Multi-head latent attention in double precision, without optimisation, by the formulas of DeepSeek-AI 2024, "DeepSeek-V2", section 2.1. Kernels are
/// compared with it.
/// </summary>
public static class ReferenceLatentAttention
{
    /// <summary>Computes the block for sequences of equal length.</summary>
    /// <param name="shape">The shape of the block.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <param name="input">[batch, rows, DModel].</param>
    /// <param name="batch">The number of sequences, 1 or more.</param>
    /// <returns>[batch, rows, DModel].</returns>
    /// <exception cref="ArgumentException">The weights have another shape, or the input is no whole number of rows.</exception>
    public static double[] Forward(LatentAttentionShape shape, LatentAttentionWeights weights, ReadOnlySpan<float> input, int batch = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        KernelChecks.ValidateWeights(shape, weights);
        int rows = KernelChecks.RowsOf(nameof(input), input.Length, batch, shape.DModel, "DModel");
        var output = new List<double>(input.Length);
        for (int sequence = 0; sequence < batch; sequence++)
            output.AddRange(Sequence(shape, weights, input.Slice(sequence * rows * shape.DModel, rows * shape.DModel), firstRow: 0));
        return [.. output];
    }

    /// <summary>The outputs of one sequence from some row on.</summary>
    internal static double[] Sequence(LatentAttentionShape shape, LatentAttentionWeights weights, ReadOnlySpan<float> sequence, int firstRow)
    {
        double[] input = ReferenceRows.ToDoubles(sequence);
        int rows = input.Length / shape.DModel;
        double[] RowOf(int row) => input.AsSpan(row * shape.DModel, shape.DModel).ToArray();
        Row[] all = [.. Enumerable.Range(0, rows).Select(row => KeysAndValues(shape, weights, RowOf(row), row))];
        var output = new double[(rows - firstRow) * shape.DModel];
        for (int row = firstRow; row < rows; row++)
        {
            var joined = new double[shape.JoinedDim];
            double[][] queries = Queries(shape, weights, RowOf(row), row);
            for (int head = 0; head < shape.Heads; head++)
            {
                double[] query = queries[head];
                int keys = shape.Attention.Causal ? row + 1 : rows;
                double[] scores = [.. all.Take(keys).Select(key => shape.Attention.Scale * query.Zip(key.Keys[head], (q, k) => q * k).Sum())];
                double largest = scores.Max(), sum = scores.Sum(score => Math.Exp(score - largest));
                for (int element = 0; element < shape.ValueHeadDim; element++)
                    joined[(head * shape.ValueHeadDim) + element] = scores.Select((score, key) =>
                        Math.Exp(score - largest) / sum * all[key].Values[head][element]).Sum();
            }

            ReferenceRows.Project(joined, weights.Output.Weight, weights.Output.Bias, shape.DModel).CopyTo(output, (row - firstRow) * shape.DModel);
        }

        return output;
    }

    /// <summary>The queries of each head, of which the last part is rotated.</summary>
    private static double[][] Queries(LatentAttentionShape shape, LatentAttentionWeights weights, double[] input, int position)
    {
        double[] source = weights.QueryDown is { } down
            ? Normalize(ReferenceRows.Project(input, down.Weight, down.Bias, shape.QueryLatentDim), weights.QueryNorm.Span, shape.NormEpsilon)
            : input;
        double[] queries = ReferenceRows.Project(source, weights.QueryUp.Weight, default, shape.QueryDim);
        return
        [
            .. Enumerable.Range(0, shape.Heads).Select(head => queries.AsSpan(head * shape.HeadDim, shape.HeadDim).ToArray())
                .Select(query => (double[])[.. query[..shape.ProjectedKeyDim], .. Rotate(shape, query[shape.ProjectedKeyDim..], position)]),
        ];
    }

    private static Row KeysAndValues(LatentAttentionShape shape, LatentAttentionWeights weights, double[] input, int position)
    {
        int unrotated = shape.ProjectedKeyDim, stride = unrotated + shape.ValueHeadDim;
        double[] both = ReferenceRows.Project(input, weights.KeyValueDown.Weight, weights.KeyValueDown.Bias, shape.LatentDim + shape.RotaryDim);
        double[] latent = Normalize(both[..shape.LatentDim], weights.KeyValueNorm.Span, shape.NormEpsilon);
        double[] rotated = Rotate(shape, both[shape.LatentDim..], position);
        double[] ofHeads = ReferenceRows.Project(latent, weights.KeyValueUp.Weight, default, shape.KeyValueDim);
        IEnumerable<int> heads = Enumerable.Range(0, shape.Heads);
        return new Row(
            [.. heads.Select(head => (double[])[.. ofHeads.AsSpan(head * stride, unrotated), .. rotated])],
            [.. heads.Select(head => ofHeads.AsSpan((head * stride) + unrotated, shape.ValueHeadDim).ToArray())]);
    }

    private static double[] Rotate(LatentAttentionShape shape, double[] part, int position)
    {
        ReferenceRotary.Rotate(shape.Attention with { HeadDim = shape.RotaryDim }, part, RotaryPosition.Of(position));
        return part;
    }

    private static double[] Normalize(double[] row, ReadOnlySpan<float> weights, double epsilon)
    {
        double root = Math.Sqrt(row.Average(x => x * x) + epsilon);
        var result = new double[row.Length];
        for (int i = 0; i < row.Length; i++)
            result[i] = row[i] / root * weights[i];
        return result;
    }

    /// <summary>What a row gives each head.</summary>
    private sealed record Row(double[][] Keys, double[][] Values);
}
