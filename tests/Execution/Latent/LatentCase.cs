using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Latent;

/// <summary>Sequences of random rows for a block of latent attention, and what the reference makes of them.</summary>
internal sealed class LatentCase
{
    private readonly LatentAttentionShape shape;

    /// <summary>Sequences of these lengths.</summary>
    public LatentCase(ILatentType type, int[] lengths, int seed)
    {
        shape = type.Shape;
        Lengths = lengths;
        Weights = LatentAttentionWeights.Random(shape, seed);
        Block = type.Create(Weights);
        var random = new Random(seed);
        Sequences = [.. lengths.Select(rows => AttentionCase.Uniform(random, rows * shape.DModel))];
    }

    public LatentAttentionWeights Weights { get; }

    public ILatentObject Block { get; }

    public int[] Lengths { get; }

    /// <summary>[rows, DModel] of each sequence.</summary>
    public float[][] Sequences { get; }

    /// <summary>What the reference gives for each sequence.</summary>
    public double[][] Expected() => [.. Sequences.Select(rows => ReferenceLatentAttention.Forward(shape, Weights, rows))];

    /// <summary>The rows of some chunks, [batch, rows, DModel], or one sequence after the other.</summary>
    public float[] Rows(int first, int end) =>
        [.. Sequences.SelectMany((rows, sequence) => rows[(Clip(first, sequence) * shape.DModel)..(Clip(end, sequence) * shape.DModel)])];

    /// <summary>Where sequences begin in a chunk.</summary>
    public int[] Offsets(int first, int end)
    {
        var offsets = new int[Lengths.Length + 1];
        for (int sequence = 0; sequence < Lengths.Length; sequence++)
            offsets[sequence + 1] = offsets[sequence] + Clip(end, sequence) - Clip(first, sequence);
        return offsets;
    }

    /// <summary>All rows of all sequences, whose outputs lie one behind the other, chunk by chunk.</summary>
    /// <param name="ends">Where chunks end.</param>
    /// <param name="form">How each chunk computes, by its number.</param>
    /// <param name="cache">What chunks are appended to, or null for one chunk.</param>
    /// <param name="threads">Threads of a call.</param>
    /// <returns>[rows, DModel] of each sequence.</returns>
    public float[][] Run(int[] ends, Func<int, LatentForm> form, AttentionCache? cache, int threads = 1)
    {
        List<float>[] outputs = [.. Lengths.Select(_ => new List<float>())];
        int first = 0;
        for (int chunk = 0; chunk < ends.Length; chunk++)
        {
            int[] offsets = Offsets(first, ends[chunk]);
            float[] input = Rows(first, ends[chunk]), output = new float[input.Length];
            Block.Forward(new LatentAttentionArguments
            {
                Input = input,
                Output = output,
                Cache = cache,
                Form = form(chunk),
                RowOffsets = shape.Attention.Ragged ? offsets : default,
                Batch = Lengths.Length,
                Options = new() { MaxDegreeOfParallelism = threads },
            });
            for (int sequence = 0; sequence < Lengths.Length; sequence++)
                outputs[sequence].AddRange(output[(offsets[sequence] * shape.DModel)..(offsets[sequence + 1] * shape.DModel)]);
            first = ends[chunk];
        }

        return [.. outputs.Select(output => output.ToArray())];
    }

    private int Clip(int row, int sequence) => Math.Min(row, Lengths[sequence]);
}
