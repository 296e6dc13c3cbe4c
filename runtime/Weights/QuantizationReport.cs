using System.Globalization;
using System.Text;
using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// What each <see cref="WeightFormat"/> would cost the matrices of a model: bytes, and how far the weights move. A kernel that declares a format rounds
/// weights in this way when it packs them. Weights that are stored in a format already lose nothing in it.
/// </summary>
public sealed class QuantizationReport
{
    private const int LongestName = 60;

    private readonly List<QuantizationError> errors = [];
    private readonly (WeightFormat Format, long Bytes, double Squares)[] totals;
    private double weightSquares;

    private QuantizationReport(ReadOnlySpan<WeightFormat> formats)
    {
        WeightFormat[] wanted = formats.IsEmpty ? [.. Enum.GetValues<WeightFormat>().Where(format => format != WeightFormat.Float32)] : formats.ToArray();
        foreach (WeightFormat format in wanted)
        {
            if (!Enum.IsDefined(format))
                throw new ArgumentOutOfRangeException(nameof(formats), format, $"formats has {format}; expected defined formats.");
        }

        totals = Array.ConvertAll(wanted, format => (format, 0L, 0.0));
    }

    /// <summary>One entry for each matrix and format, matrix after matrix.</summary>
    public IReadOnlyList<QuantizationError> Errors => errors;

    /// <summary>Quantises every matrix of a file. Vectors, and tensors of integers without scales, are no weights of products.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="formats">The formats; none for all but float32.</param>
    /// <exception cref="ArgumentOutOfRangeException">A format is not defined.</exception>
    /// <exception cref="InvalidDataException">A tensor cannot be read as float32, or is in a shard that lacks it.</exception>
    /// <exception cref="FileNotFoundException">A tensor is in a shard that is missing.</exception>
    /// <exception cref="NotSupportedException">A matrix has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public static QuantizationReport Of(TensorFile file, params ReadOnlySpan<WeightFormat> formats)
    {
        ArgumentNullException.ThrowIfNull(file);
        var report = new QuantizationReport(formats);
        foreach (string name in file.TensorNames)
        {
            TensorInfo info = file.GetInfo(name);
            bool isMatrix = info.Shape.Count == 2 && info.Shape.All(dimension => dimension is > 1 and <= int.MaxValue);
            bool isInteger = info.DType[0] is 'I' or 'U' && info.DType is not ['I', 'Q', ..] && ScaledMatrix.FindScale(file, name) is null;
            if (isMatrix && !isInteger && info.DType != "BOOL" && !ScaledMatrix.IsScale(file, name))
                report.Add(name, file.ReadMatrix(name, $"tensor '{name}' of '{file.Path}'"));
        }

        return report;
    }

    /// <summary>Quantises the matrices of an attention block.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="shape">The shape of the kernel that they are for.</param>
    /// <param name="formats">The formats; none for all but float32.</param>
    /// <exception cref="ArgumentOutOfRangeException">A format is not defined.</exception>
    /// <exception cref="ArgumentException">The weights have another shape.</exception>
    public static QuantizationReport Of(AttentionWeights weights, AttentionShape shape, params ReadOnlySpan<WeightFormat> formats)
    {
        ArgumentNullException.ThrowIfNull(shape);
        KernelChecks.ValidateWeights(shape, weights);
        var report = new QuantizationReport(formats);
        report.Add("", weights, shape);
        return report;
    }

    /// <summary>Quantises the matrices of a Transformer layer.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="shape">The shape of the layer that they are for.</param>
    /// <param name="formats">The formats; none for all but float32.</param>
    /// <exception cref="ArgumentOutOfRangeException">A format is not defined.</exception>
    /// <exception cref="ArgumentException">The weights have another shape.</exception>
    public static QuantizationReport Of(TransformerLayerWeights weights, TransformerLayerShape shape, params ReadOnlySpan<WeightFormat> formats)
    {
        ArgumentNullException.ThrowIfNull(shape);
        KernelChecks.ValidateWeights(shape, weights);
        var report = new QuantizationReport(formats);
        report.Add("attention ", weights.Attention, shape.Attention);
        if (shape.CrossAttention is { } cross)
            report.Add("cross-attention ", weights.CrossAttention!, cross);
        if (shape.Gated)
            report.Add("gate", weights.GateMatrix.AsMatrix(shape.FeedForwardDim, shape.DModel));
        report.Add("up", weights.UpMatrix.AsMatrix(shape.FeedForwardDim, shape.DModel));
        report.Add("down", weights.DownMatrix.AsMatrix(shape.DModel, shape.FeedForwardDim));
        return report;
    }

    /// <summary>Quantises the matrix of one product.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="shape">The shape of the product that they are for.</param>
    /// <param name="formats">The formats; none for all but float32.</param>
    /// <exception cref="ArgumentOutOfRangeException">A format is not defined.</exception>
    /// <exception cref="ArgumentException">The weights have another shape.</exception>
    public static QuantizationReport Of(LinearWeights weights, LinearShape shape, params ReadOnlySpan<WeightFormat> formats)
    {
        ArgumentNullException.ThrowIfNull(shape);
        LinearChecks.ValidateWeights(shape, weights);
        var report = new QuantizationReport(formats);
        report.Add("weight", weights.Projection.Weight.AsMatrix(shape.Outputs, shape.Inputs));
        return report;
    }

    /// <summary>The report as a table: a line for each matrix and format, and the sum of each format. Errors are relative, in per cent.</summary>
    public override string ToString()
    {
        int width = Math.Min(LongestName, errors.Select(error => error.Tensor.Length).Append("all matrices".Length).Max());
        var table = new StringBuilder();
        Line("tensor", "format", "bytes", "error %", "largest error");
        string previous = "";
        foreach (QuantizationError error in errors)
        {
            Line(error.Tensor == previous ? "" : error.Tensor, $"{error.Format}", Bytes(error.Bytes), Percent(error.RelativeError), Number(error.LargestError));
            previous = error.Tensor;
        }

        for (int index = 0; index < totals.Length; index++)
        {
            (WeightFormat format, long bytes, double squares) = totals[index];
            Line(index == 0 ? "all matrices" : "", $"{format}", Bytes(bytes), Percent(Relative(squares, weightSquares)), "");
        }

        return table.ToString();

        void Line(string tensor, string format, string bytes, string error, string largest)
        {
            // Of long names the end tells most.
            string name = tensor.Length <= width ? tensor : "…" + tensor[^(width - 1)..];
            table.Append($"{name.PadRight(width)}  {format,-10}  {bytes,15}  {error,11}  {largest}".TrimEnd()).Append('\n');
        }

        static string Bytes(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture);

        static string Percent(double error) => double.IsInfinity(error) ? "cannot hold" : (100 * error).ToString("F4", CultureInfo.InvariantCulture);

        static string Number(double error) => double.IsInfinity(error) ? "" : error.ToString("G3", CultureInfo.InvariantCulture);
    }

    private void Add(string prefix, AttentionWeights weights, AttentionShape shape)
    {
        if (!shape.HasProjections)
            return;
        Add(prefix + "query", weights.QueryProjection.Weight.AsMatrix(shape.QueryDim, shape.DModel));
        Add(prefix + "key", weights.KeyProjection.Weight.AsMatrix(shape.KeyDim, shape.MemoryDim));
        Add(prefix + "value", weights.ValueProjection.Weight.AsMatrix(shape.ValueDim, shape.ValueSourceDim));
        if (shape.ProjectsOutput)
            Add(prefix + "output", weights.OutputProjection.Weight.AsMatrix(shape.DModel, shape.JoinedDim));
        if (shape.OutputGate)
            Add(prefix + "output gate", weights.Learned.Gate.Weight.AsMatrix(shape.JoinedDim, shape.DModel));
    }

    private void Add(string name, WeightTensor matrix)
    {
        (int outputs, int inputs) = matrix.Shape!.Value;
        var (weights, rounded) = (new float[inputs], new float[inputs]);
        double matrixSquares = 0;
        for (int row = 0; row < outputs; row++)
        {
            matrix.ReadRow(row, weights);
            foreach (float weight in weights)
                matrixSquares += (double)weight * weight;
        }

        weightSquares += matrixSquares;
        foreach (ref (WeightFormat Format, long Bytes, double Squares) total in totals.AsSpan())
        {
            var blocks = new byte[WeightBlocks.RowBytes(total.Format, inputs)];
            (double squares, double largest) = (0, 0);
            for (int row = 0; row < outputs && double.IsFinite(squares); row++)
            {
                matrix.ReadRow(row, weights);
                if (matrix.Format != total.Format && WeightBlocks.FindOutside(total.Format, weights) >= 0)
                {
                    (squares, largest) = (double.PositiveInfinity, double.PositiveInfinity);
                    break;
                }

                matrix.CopyRow(total.Format, row, blocks);
                WeightBlocks.Dequantize(total.Format, blocks, rounded);
                for (int column = 0; column < inputs; column++)
                {
                    double difference = Math.Abs((double)rounded[column] - weights[column]);
                    squares += difference * difference;
                    largest = Math.Max(largest, difference);
                }
            }

            long bytes = (long)outputs * blocks.Length;
            errors.Add(new QuantizationError(name, total.Format, bytes, Relative(squares, matrixSquares), largest));
            total.Bytes += bytes;
            total.Squares += squares;
        }
    }

    private static double Relative(double squares, double weightSquares) => squares == 0 ? 0 : Math.Sqrt(squares / weightSquares);
}

/// <summary>What a format costs one matrix.</summary>
/// <param name="Tensor">The name of the matrix.</param>
/// <param name="Format">The format.</param>
/// <param name="Bytes">Bytes of the matrix in this format.</param>
/// <param name="RelativeError">
/// The root of the mean square of the differences, divided by that of the weights: √(Σ(q − w)² / Σw²). Infinite where the format cannot hold a weight.
/// </param>
/// <param name="LargestError">The largest |q − w|. Infinite where the format cannot hold a weight.</param>
public sealed record QuantizationError(string Tensor, WeightFormat Format, long Bytes, double RelativeError, double LargestError);
