namespace AttentionGen.Tests.Execution.Definitions;

/// <summary>
/// Attention whose keys and values have inputs of their own, as PyTorch's module and DETR define it, with weights read from files of PyTorch's names and
/// shapes.
/// </summary>
public sealed class ValueInputTests
{
    private const string Prefix = "model.layers.0.self_attn";

    /// <summary>
    /// <c>nn.MultiheadAttention(24, 4, kdim=18, vdim=30, batch_first=True)</c>: query, key and value have widths of their own, and one bias holds those of
    /// all three projections. Two sequences, one of which has padding (<c>key_padding_mask</c>).
    /// </summary>
    [Fact]
    public void Keys_and_values_come_from_inputs_of_other_widths_as_in_PyTorch()
    {
        const int Width = 24, KeyWidth = 18, ValueWidth = 30, Rows = 5, Keys = 37, Batch = 2;
        int[] lengths = [Keys, 20];
        (float[] queryWeight, _) = Definition.Rows(1, Width, Width);
        (float[] keyWeight, _) = Definition.Rows(2, Width, KeyWidth);
        (float[] valueWeight, _) = Definition.Rows(3, Width, ValueWidth);
        (float[] bias, _) = Definition.Rows(4, 3, Width);
        (float[] outputWeight, _) = Definition.Rows(5, Width, Width);
        (float[] outputBias, _) = Definition.Rows(6, 1, Width);
        AttentionWeights weights = Definition.Load(
            AttentionTensorNames.PyTorch(Prefix), ("q_proj_weight", [Width, Width], queryWeight), ("k_proj_weight", [Width, KeyWidth], keyWeight),
            ("v_proj_weight", [Width, ValueWidth], valueWeight), ("in_proj_bias", [3 * Width], bias), ("out_proj.weight", [Width, Width], outputWeight),
            ("out_proj.bias", [Width], outputBias));

        (float[] query, double[][] queries) = Definition.Rows(7, Batch * Rows, Width);
        (float[] key, double[][] keys) = Definition.Rows(8, Batch * Keys, KeyWidth);
        (float[] value, double[][] values) = Definition.Rows(9, Batch * Keys, ValueWidth);
        double[][] projectedKeys = [.. keys.Select(row => Definition.Linear(keyWeight, row, bias.AsSpan(Width, Width)))];
        double[][] projectedValues = [.. values.Select(row => Definition.Linear(valueWeight, row, bias.AsSpan(2 * Width, Width)))];
        double[] Row(int row)
        {
            int first = row / Rows * Keys, seen = lengths[row / Rows];
            return Definition.Linear(
                outputWeight,
                Heads(
                    4, Definition.Linear(queryWeight, queries[row], bias.AsSpan(0, Width)), projectedKeys[first..(first + seen)],
                    projectedValues[first..(first + seen)]),
                outputBias);
        }

        double[][] expected = [.. Enumerable.Range(0, Batch * Rows).Select(Row)];
        var attention = new TorchWidths(weights);
        var actual = new float[query.Length];
        attention.Forward(query, key, value, actual, lengths, Batch);
        Definition.AssertClose(expected, actual);

        // Decoding reads the memory, which is projected once, row after row.
        AttentionCache cache = attention.CreateCache(Keys, Batch);
        attention.ProjectMemory(key, value, cache);
        for (int row = 0; row < Rows; row++)
        {
            float[] step = [.. Enumerable.Range(0, Batch).SelectMany(sequence => query.Skip(((sequence * Rows) + row) * Width).Take(Width))];
            var output = new float[Batch * Width];
            attention.Forward(step, output, cache, lengths);
            Definition.AssertClose(Enumerable.Range(0, Batch).Select(sequence => expected[(sequence * Rows) + row]), output);
        }
    }

    /// <summary>
    /// The encoder's self-attention of DETR (Carion et al. 2020, appendix A): <c>q = k = x + positions, v = x</c>, with the packed matrix of
    /// <c>nn.MultiheadAttention</c>.
    /// </summary>
    [Fact]
    public void Positions_are_added_to_queries_and_keys_alone_as_in_the_encoder_of_DETR()
    {
        const int Width = 32, Rows = 290;
        (AttentionWeights weights, float[] packed, float[] bias, float[] outputWeight, float[] outputBias) = Packed(Width);
        (float[] source, _) = Definition.Rows(10, Rows, Width);
        (float[] positions, _) = Definition.Rows(11, Rows, Width);
        float[] placed = [.. source.Zip(positions, (value, position) => value + position)];
        var actual = new float[source.Length];
        new DetrAttention(weights).Forward(placed, placed, source, actual);
        Definition.AssertClose(Detr(Width, placed, placed, source, packed, bias, outputWeight, outputBias), actual);
    }

    /// <summary>
    /// The decoder's cross-attention of DETR: <c>q = queries + object queries, k = memory + positions, v = memory</c>, of images whose features differ in
    /// number.
    /// </summary>
    [Fact]
    public void Object_queries_attend_to_placed_features_as_in_the_decoder_of_DETR()
    {
        const int Width = 32, Queries = 9;
        int[] rowOffsets = [0, Queries, 2 * Queries], memoryOffsets = [0, 35, 61];
        (AttentionWeights weights, float[] packed, float[] bias, float[] outputWeight, float[] outputBias) = Packed(Width);
        (float[] queries, _) = Definition.Rows(12, 2 * Queries, Width);
        (float[] memory, _) = Definition.Rows(13, memoryOffsets[^1], Width);
        (float[] positions, _) = Definition.Rows(14, memoryOffsets[^1], Width);
        float[] placed = [.. memory.Zip(positions, (value, position) => value + position)];
        var actual = new float[queries.Length];
        new RaggedDetrAttention(weights).Forward(queries, placed, memory, actual, rowOffsets, memoryOffsets);
        Definition.AssertClose(
            Enumerable.Range(0, 2).SelectMany(image => Detr(
                Width, Part(queries, rowOffsets, image), Part(placed, memoryOffsets, image), Part(memory, memoryOffsets, image), packed, bias, outputWeight,
                outputBias)),
            actual);

        static float[] Part(float[] all, int[] offsets, int image) => all[(offsets[image] * Width)..(offsets[image + 1] * Width)];
    }

    private static (AttentionWeights Weights, float[] Packed, float[] Bias, float[] Output, float[] OutputBias) Packed(int width)
    {
        (float[] packed, _) = Definition.Rows(1, 3 * width, width);
        (float[] bias, _) = Definition.Rows(2, 3, width);
        (float[] output, _) = Definition.Rows(3, width, width);
        (float[] outputBias, _) = Definition.Rows(4, 1, width);
        AttentionWeights weights = Definition.Load(
            AttentionTensorNames.PyTorch(Prefix), ("in_proj_weight", [3 * width, width], packed), ("in_proj_bias", [3 * width], bias),
            ("out_proj.weight", [width, width], output), ("out_proj.bias", [width], outputBias));
        return (weights, packed, bias, output, outputBias);
    }

    /// <summary>The rows of one image, eight heads.</summary>
    private static IEnumerable<double[]> Detr(
        int width, float[] query, float[] key, float[] value, float[] packed, float[] bias, float[] outputWeight, float[] outputBias)
    {
        double[][] Projected(float[] given, int part) =>
        [
            .. given.Chunk(width).Select(row => Definition.Linear(
                packed.AsSpan(part * width * width, width * width), [.. row.Select(element => (double)element)], bias.AsSpan(part * width, width))),
        ];
        double[][] keys = Projected(key, 1), values = Projected(value, 2);
        return Projected(query, 0).Select(row => Definition.Linear(outputWeight, Heads(8, row, keys, values), outputBias));
    }

    private static double[] Heads(int heads, double[] query, double[][] keys, double[][] values)
    {
        int width = query.Length / heads;
        return
        [
            .. Enumerable.Range(0, heads).SelectMany(head => Definition.Attend(
                Definition.Head(query, head, width), [.. keys.Select(key => Definition.Head(key, head, width))],
                [.. values.Select(value => Definition.Head(value, head, width))], 1 / Math.Sqrt(width))),
        ];
    }
}

[AttentionConfig(Heads = 4, DModel = 24, MemoryDim = 18, ValueInputDim = 30, KeyLengths = true)]
internal sealed partial class TorchWidths;

[AttentionConfig(Heads = 8, DModel = 32, MemoryDim = 32, ValueInputDim = 32)]
internal sealed partial class DetrAttention;

[AttentionConfig(Heads = 8, DModel = 32, MemoryDim = 32, ValueInputDim = 32, Ragged = true)]
internal sealed partial class RaggedDetrAttention;
