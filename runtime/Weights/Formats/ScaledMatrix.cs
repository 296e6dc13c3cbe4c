namespace AttentionGen;

/// <summary>
/// Matrices of 8 bits whose scales stand beside them, as Hugging Face's quantised models have them: <c>X.weight</c> of I8, F8_E4M3 or F8_E5M2, and
/// <c>X.weight_scale</c> or <c>X.weight_scale_inv</c>, by which weights are multiplied under either name. There is one scale for the whole matrix, one for
/// each output, or one for each block of 128 outputs and 128 inputs.
/// </summary>
internal static class ScaledMatrix
{
    private const int BlockSize = 128;
    private const string Weight = "weight", InputScale = "input_scale";

    private static readonly string[] Ends = ["_scale", "_scale_inv"];

    /// <summary>The tensor of a matrix' scales, or null where it has none.</summary>
    public static string? FindScale(TensorFile file, string name) =>
        Array.Find(Ends, end => file.Contains(name + end)) is { } end && file.GetInfo(name).DType is "I8" or "F8_E4M3" or "F8_E5M2" ? name + end : null;

    /// <summary>Whether a tensor has the scales of another one of the same file.</summary>
    public static bool IsScale(TensorFile file, string name) => Array.Exists(
        Ends, end => name.EndsWith(end, StringComparison.Ordinal) && file.Contains(name[..^end.Length]) && FindScale(file, name[..^end.Length]) == name);

    /// <summary>
    /// Whether a tensor belongs to a scaled matrix: it has its scales, or the scale that its maker's programs quantise inputs with, which weights do not
    /// need.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The tensor.</param>
    /// <param name="known">The names of matrices.</param>
    public static bool Owns(TensorFile file, string name, HashSet<string> known)
    {
        if (name.EndsWith(InputScale, StringComparison.Ordinal) && name[..^InputScale.Length] + Weight is var matrix && known.Contains(matrix))
            return file.Contains(matrix) && FindScale(file, matrix) is not null;
        return IsScale(file, name) && Array.Exists(Ends, end => name.EndsWith(end, StringComparison.Ordinal) && known.Contains(name[..^end.Length]));
    }

    /// <summary>Reads a scaled matrix: as it is where integers have a scale for each output, otherwise as float32.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">A matrix that has scales.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="InvalidDataException">The scales have another shape than one of the three.</exception>
    /// <exception cref="NotSupportedException">The matrix has more elements than an array can hold.</exception>
    public static WeightTensor Read(TensorFile file, string name, string source)
    {
        TensorInfo info = file.GetInfo(name);
        (int outputs, int inputs) = ((int)info.Shape[0], (int)info.Shape[1]);
        string scaleName = FindScale(file, name)!;
        (int rowsOfScale, int columnsOfScale) = Extent(file, info, file.GetInfo(scaleName), outputs, inputs);
        float[] scales = file.ReadFloat32(scaleName);
        if (info.ElementCount + (4L * outputs) > Array.MaxLength)
            throw new NotSupportedException($"'{file.Path}': tensor '{name}' has {info.ElementCount} elements; an array holds at most {Array.MaxLength}.");
        if (info.DType == "I8")
        {
            var stored = new byte[info.ElementCount];
            file.ReadStored(name, stored);
            // −128 has no place in a symmetric format.
            return columnsOfScale == inputs && !stored.AsSpan().Contains((byte)0x80)
                ? Int8(stored, scales, rowsOfScale, outputs, inputs, source)
                : Scaled(Array.ConvertAll(stored, value => (float)(sbyte)value));
        }

        return Scaled(file.ReadFloat32(name));

        WeightTensor Scaled(float[] values)
        {
            int scalesOfRow = (inputs + columnsOfScale - 1) / columnsOfScale;
            for (int row = 0; row < outputs; row++)
            {
                Span<float> weights = values.AsSpan(row * inputs, inputs);
                for (int column = 0; column < inputs; column++)
                    weights[column] *= scales[(row / rowsOfScale * scalesOfRow) + (column / columnsOfScale)];
            }

            return new WeightTensor(values, (outputs, inputs), source);
        }
    }

    private static WeightTensor Int8(byte[] stored, float[] scales, int rowsOfScale, int outputs, int inputs, string source)
    {
        int rowBytes = WeightBlocks.RowBytes(WeightFormat.Int8, inputs);
        var rows = new byte[outputs * rowBytes];
        for (int row = 0; row < outputs; row++)
        {
            Span<byte> destination = rows.AsSpan(row * rowBytes, rowBytes);
            BitConverter.TryWriteBytes(destination, scales[row / rowsOfScale]);
            stored.AsSpan(row * inputs, inputs).CopyTo(destination[Int8Row.ScaleBytes..]);
        }

        return new WeightTensor(WeightFormat.Int8, rows, (outputs, inputs), source);
    }

    /// <summary>How many outputs and how many inputs have one scale.</summary>
    private static (int Rows, int Columns) Extent(TensorFile file, TensorInfo matrix, TensorInfo scale, int outputs, int inputs)
    {
        (long rowBlocks, long columnBlocks) = (Blocks(outputs), Blocks(inputs));
        return scale.Shape switch
        {
            [] or [1] => (outputs, inputs),
            [var all] when all == outputs => (1, inputs),
            [var all, 1] when all == outputs => (1, inputs),
            [1, 1] => (outputs, inputs),
            [var rows, var columns] when (rows, columns) == (rowBlocks, columnBlocks) => (BlockSize, BlockSize),
            _ => throw new InvalidDataException(
                $"'{file.Path}': tensor '{scale.Name}' has shape {scale.ShapeText}; expected the scales of '{matrix.Name}' {matrix.ShapeText}: one, "
                    + $"[{outputs}], [{outputs}, 1], or [{rowBlocks}, {columnBlocks}] for blocks of {BlockSize}."),
        };

        static long Blocks(int count) => ((long)count + BlockSize - 1) / BlockSize;
    }
}
