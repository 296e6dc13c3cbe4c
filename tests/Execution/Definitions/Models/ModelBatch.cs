namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>
/// Random sequences for a part of a model: padded on either side, ragged or of one length, as its class takes them. Padding is NaN, since nothing may read it.
/// </summary>
internal sealed class ModelBatch
{
    private readonly AttentionShape shape;
    private readonly int[] starts, lengths, memoryLengths, offsets;
    private readonly double[][][] sequences, memories;
    private double[][][]? expected;

    private ModelBatch(IModelPart part, int rows, int memoryRows)
    {
        shape = part.Shape;
        (starts, lengths) = shape.Ragged ? ([0, 0, 0], [rows, 1, 17])
            : shape.KeyStarts ? ([0, 13], [rows, rows - 13])
            : shape.KeyLengths ? ([0, 0], [rows, 17])
            : (new int[2], new[] { rows, rows });
        memoryLengths = part.MemoryLengths ? [memoryRows, 5] : [memoryRows, memoryRows];
        offsets = [.. lengths.Select((_, sequence) => lengths.Take(sequence).Sum()), lengths.Sum()];
        LongestRows = rows;
        // All but the first are small, so that the epsilon of a norm before them counts.
        sequences = [.. lengths.Select((length, sequence) =>
            Float64.Each(Definition.Rows(100 + sequence, length, shape.DModel).Rows, value => sequence == 0 ? value : value / 32))];
        memories = [.. lengths.Select((_, sequence) =>
            part.MemoryDim == 0 ? [] : Definition.Rows(200 + sequence, memoryLengths[sequence], part.MemoryDim).Rows)];
        Memory = [.. memories.SelectMany(memory => Padded(memory, 0, part.MemoryDim == 0 ? 0 : memoryRows, part.MemoryDim))];
        MemoryLengths = part.MemoryLengths ? memoryLengths : [];
        Input = Rows(0, rows);
    }

    public int Count => lengths.Length;

    public int Width => shape.DModel;

    public int LongestRows { get; }

    /// <summary>All rows, as a call takes them.</summary>
    public float[] Input { get; }

    public float[] Memory { get; }

    private int[] MemoryLengths { get; }

    public static ModelBatch For(IModelPart part, int rows, int memoryRows) => new(part, rows, memoryRows);

    /// <summary>The arguments of a call with some rows of each sequence; of a ragged batch, all of them.</summary>
    public AttentionArguments Arguments(int first, int end) => new()
    {
        Input = Rows(first, end),
        Batch = Count,
        RowOffsets = shape.Ragged ? offsets : [],
        KeyLengths = shape.KeyLengths ? lengths : [],
        KeyStarts = shape.KeyStarts ? starts : [],
        MemoryLengths = MemoryLengths,
    };

    /// <summary>Compares rows with the definition, from some row of each sequence on.</summary>
    public void AssertClose(Tensors tensors, Definition64 definition, int first, float[] output, string what)
    {
        expected ??= [.. sequences.Zip(memories, (rows, memory) => definition(tensors, rows, memory))];
        double allowed = 1e-5 * expected.Max(rows => rows.Max(row => row.Max(Math.Abs)));
        int rowsOfEach = output.Length / Width / Count;
        for (int sequence = 0; sequence < Count; sequence++)
        {
            int padded = shape.Ragged ? lengths[sequence] : rowsOfEach, at = shape.Ragged ? offsets[sequence] : sequence * rowsOfEach;
            for (int row = 0; row < padded; row++)
            {
                int own = first + row - starts[sequence];
                if (own < 0 || own >= lengths[sequence])
                    continue;
                for (int column = 0; column < Width; column++)
                {
                    double wanted = expected[sequence][own][column], found = output[((at + row) * Width) + column];
                    // Written so that NaN fails.
                    if (!(Math.Abs(wanted - found) <= allowed))
                        Assert.Fail($"{what}: sequence {sequence}, row {own}, column {column}: expected {wanted:R}, got {found:R}, allowed {allowed:E1} more.");
                }
            }
        }
    }

    private float[] Rows(int first, int end) => [.. sequences.SelectMany((rows, sequence) =>
        Padded(rows, starts[sequence], shape.Ragged ? rows.Length : LongestRows, Width, first, shape.Ragged ? rows.Length : end))];

    private static IEnumerable<float> Padded(double[][] rows, int start, int count, int width, int first = 0, int end = int.MaxValue) =>
        Enumerable.Range(first, Math.Min(end, count) - first).SelectMany(row =>
            row >= start && row - start < rows.Length ? rows[row - start].Select(value => (float)value) : Enumerable.Repeat(float.NaN, width));
}
