namespace AttentionGen.Tests.Support;

/// <summary>One call without cache: weights, inputs and key lengths, all from a seed.</summary>
internal sealed record AttentionCase
{
    private const int GuardFloats = 64;
    private const float Guard = 12345.678f;

    public required AttentionShape Shape { get; init; }

    public required AttentionWeights Weights { get; init; }

    public required int Batch { get; init; }

    public required int Rows { get; init; }

    /// <summary>Memory rows of each sequence; equal to <see cref="Rows"/> for self-attention.</summary>
    public required int Keys { get; init; }

    /// <summary>[batch, rows, DModel].</summary>
    public required float[] Input { get; init; }

    /// <summary>[batch, keys, MemoryDim], or empty for self-attention.</summary>
    public required float[] Memory { get; init; }

    /// <summary>[batch], or empty where the shape declares none.</summary>
    public required int[] KeyLengths { get; init; }

    /// <summary>Inputs uniform in ±1; key lengths, where declared, are none, part or all of the keys.</summary>
    public static AttentionCase Create(AttentionShape shape, int batch, int rows, int keys = -1, int seed = 1, AttentionWeights? weights = null)
    {
        if (!shape.IsCrossAttention)
            keys = rows;
        var random = new Random(seed);
        return new()
        {
            Shape = shape,
            Weights = weights ?? AttentionWeights.Random(shape, seed),
            Batch = batch,
            Rows = rows,
            Keys = keys,
            Input = Uniform(random, batch * rows * shape.DModel),
            Memory = shape.IsCrossAttention ? Uniform(random, batch * keys * shape.MemoryDim) : [],
            KeyLengths = shape.KeyLengths ? [.. Enumerable.Range(0, batch).Select(_ => Length(random, keys))] : [],
        };
    }

    public static float[] Uniform(Random random, int count)
    {
        var values = new float[count];
        for (int index = 0; index < count; index++)
            values[index] = (random.NextSingle() * 2) - 1;
        return values;
    }

    private static int Length(Random random, int keys) => random.Next(4) switch
    {
        0 => 0,
        1 => keys,
        _ => random.Next(keys + 1),
    };

    /// <summary>One sequence of the batch as a case of its own.</summary>
    public AttentionCase Single(int sequence) => this with
    {
        Batch = 1,
        Input = Slice(Input, sequence, Rows * Shape.DModel),
        Memory = Shape.IsCrossAttention ? Slice(Memory, sequence, Keys * Shape.MemoryDim) : [],
        KeyLengths = Shape.KeyLengths ? [KeyLengths[sequence]] : [],
    };

    /// <summary>The same call with only the first query rows of each sequence.</summary>
    public AttentionCase FirstRows(int rows) => this with
    {
        Rows = rows,
        Keys = Shape.IsCrossAttention ? Keys : rows,
        Input = FirstRows(Input, Batch, Rows, rows, Shape.DModel),
        KeyLengths = Shape.IsCrossAttention ? KeyLengths : [.. KeyLengths.Select(length => Math.Min(length, rows))],
    };

    /// <summary>The first rows of each sequence of [batch, rows, width].</summary>
    public static float[] FirstRows(float[] values, int batch, int rows, int first, int width)
    {
        var result = new float[batch * first * width];
        for (int sequence = 0; sequence < batch; sequence++)
            Array.Copy(values, sequence * rows * width, result, sequence * first * width, first * width);
        return result;
    }

    public static float[] Slice(float[] values, int index, int length) => values.AsSpan(index * length, length).ToArray();

    /// <summary>Runs the kernel; unwritten output and writes beside it are noticed.</summary>
    public float[] Run(IKernel kernel, int threads = 0)
    {
        int length = Batch * Rows * Shape.DModel;
        var buffer = new float[length + (2 * GuardFloats)];
        buffer.AsSpan().Fill(Guard);
        Span<float> output = buffer.AsSpan(GuardFloats, length);
        kernel.Forward(new AttentionArguments
        {
            Input = Input,
            Memory = Memory,
            Output = output,
            KeyLengths = KeyLengths,
            Batch = Batch,
            Options = new() { MaxDegreeOfParallelism = threads },
        });
        Assert.Equal(-1, buffer.AsSpan(0, GuardFloats).IndexOfAnyExcept(Guard));
        Assert.Equal(-1, buffer.AsSpan(GuardFloats + length).IndexOfAnyExcept(Guard));
        Assert.Equal(-1, output.IndexOf(Guard));
        return output.ToArray();
    }

    /// <summary>The same in float64.</summary>
    public double[] Reference() => ReferenceAttention.Forward(Shape, Weights, Input, Memory, KeyLengths, Batch);
}
