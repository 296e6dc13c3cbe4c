namespace AttentionGen.Tests.Execution.Layers;

/// <summary>A generated layer without its type.</summary>
internal interface ILayerType
{
    string Name { get; }

    TransformerLayerShape Shape { get; }

    void Forward(in AttentionArguments arguments);

    AttentionCache CreateCache(int capacity, int batch);

    TransformerLayerWeights Weights { get; }
}

internal sealed class LayerType<TLayer> : ILayerType
    where TLayer : class, ITransformerLayer<TLayer>
{
    private readonly Lazy<TLayer> layer;

    public LayerType() => layer = new(() => TLayer.Create(Weights));

    public string Name => typeof(TLayer).Name;

    public TransformerLayerShape Shape => TLayer.Shape;

    public TransformerLayerWeights Weights { get; } = TransformerLayerWeights.Random(TLayer.Shape, 5);

    public void Forward(in AttentionArguments arguments) => layer.Value.Forward(in arguments);

    public AttentionCache CreateCache(int capacity, int batch) => layer.Value.CreateCache(capacity, batch);
}

/// <summary>One call of a layer: sequences of some lengths, ragged, padded to the longest, or all of one length.</summary>
internal sealed record LayerCase(ILayerType Type, int[] Lengths, float[] Input)
{
    public int Threads { get; init; } = 1;

    private AttentionShape Attention => Type.Shape.Attention;

    /// <summary>Whether each sequence takes the rows of the longest.</summary>
    public bool IsPadded => !Attention.Ragged;

    private int AllRows => IsPadded ? Lengths.Length * Lengths.Max() : Lengths.Sum();

    private float[] Probabilities => new float[Attention.Outputs == AttentionOutputs.None ? 0 : Lengths.Length * Attention.Heads * Lengths.Max() * Lengths.Max()];

    public static LayerCase Random(ILayerType type, int[] lengths, int seed)
    {
        var random = new Random(seed);
        int rows = type.Shape.Attention.Ragged ? lengths.Sum() : lengths.Length * lengths.Max();
        return new(type, lengths, [.. Enumerable.Range(0, rows * type.Shape.DModel).Select(_ => (float)((random.NextDouble() * 2) - 1))]);
    }

    public double[] Expect(out double[] probabilities)
    {
        ReferenceResult result = ReferenceLayer.Forward(Type.Shape, Type.Weights, Arguments(default, default, Offsets, KeyLengths));
        probabilities = result.Probabilities;
        return result.Output;
    }

    public (float[] Output, float[] Probabilities) Run()
    {
        float[] output = new float[AllRows * Type.Shape.DModel], probabilities = Probabilities;
        Type.Forward(Arguments(output, probabilities, Offsets, KeyLengths));
        return (output, probabilities);
    }

    /// <summary>The same call again and again, on the same arrays.</summary>
    public Action Prepare()
    {
        float[] output = new float[AllRows * Type.Shape.DModel], probabilities = Probabilities;
        int[] offsets = Offsets, lengths = KeyLengths;
        return () => Type.Forward(Arguments(output, probabilities, offsets, lengths));
    }

    /// <summary>One sequence of the batch, in a batch of its own.</summary>
    public LayerCase Alone(int sequence)
    {
        int width = Type.Shape.DModel, first = IsPadded ? sequence * Lengths.Max() : Lengths[..sequence].Sum();
        // Without key lengths, padding would be seen.
        int rows = IsPadded && !Attention.KeyLengths ? Lengths.Max() : Lengths[sequence];
        return new(Type, [rows], Input[(first * width)..((first + rows) * width)]);
    }

    /// <summary>Through a cache, in a batch of copies of the sequence: some rows first, then one after another, the last five together.</summary>
    public float[] RunInChunks(int first, int batch)
    {
        int width = Type.Shape.DModel, rows = Lengths[0];
        AttentionCache cache = Type.CreateCache(rows, batch);
        float[] all = new float[batch * rows * width];
        for (int row = 0; row < rows;)
        {
            int count = row == 0 && first > 0 ? first : rows - row <= 5 ? rows - row : 1;
            float[] input = [.. Enumerable.Range(0, batch).SelectMany(_ => Input[(row * width)..((row + count) * width)])], output = new float[input.Length];
            Type.Forward(new AttentionArguments
            {
                Input = input, Output = output, Cache = cache, Batch = batch,
                RowOffsets = Attention.Ragged ? [.. Enumerable.Range(0, batch + 1).Select(sequence => sequence * count)] : default,
            });
            for (int sequence = 0; sequence < batch; sequence++)
                output.AsSpan(sequence * count * width, count * width).CopyTo(all.AsSpan(((sequence * rows) + row) * width));
            row += count;
        }

        return all;
    }

    public override string ToString() => $"lengths {string.Join(' ', Lengths)}";

    private int[] Offsets => Attention.Ragged ? [0, .. Lengths.Select((_, sequence) => Lengths[..(sequence + 1)].Sum())] : [];

    private int[] KeyLengths => Attention.KeyLengths ? Lengths : [];

    private AttentionArguments Arguments(float[]? output, float[]? probabilities, int[] offsets, int[] lengths) => new()
    {
        Input = Input, Output = output, Probabilities = probabilities, RowOffsets = offsets, KeyLengths = lengths, Batch = Lengths.Length,
        Options = new() { MaxDegreeOfParallelism = Threads },
    };
}
