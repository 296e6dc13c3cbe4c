namespace AttentionGen.Tests.Execution.Layers;

/// <summary>A generated layer without its type.</summary>
internal interface ILayerType
{
    string Name { get; }

    TransformerLayerShape Shape { get; }

    void Forward(in AttentionArguments arguments);

    AttentionCache CreateCache(int capacity, int batch);

    /// <summary>A cache that holds a memory; for layers with cross-attention.</summary>
    AttentionCache CreateCache(int capacity, int batch, float[] memory, int[] memoryOffsets);

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

    public AttentionCache CreateCache(int capacity, int batch, float[] memory, int[] memoryOffsets)
    {
        var decoder = (IDecoderLayer)layer.Value;
        AttentionCache cache = decoder.CreateCache(capacity, Math.Max(1, memory.Length / Shape.MemoryDim), batch);
        decoder.ProjectMemory(memory, cache, memoryOffsets);
        return cache;
    }
}

/// <summary>One call of a layer: sequences of some lengths, ragged, padded to the longest, or all of one length.</summary>
internal sealed record LayerCase(ILayerType Type, int[] Lengths, float[] Input)
{
    public int Threads { get; init; } = 1;

    /// <summary>Memory rows of each sequence, which the cross-attention sees; empty for a layer without.</summary>
    public int[] MemoryRows { get; init; } = [];

    /// <summary>All memory rows: where no lengths are declared those that are seen, otherwise padded by numbers that no result may depend on.</summary>
    public float[] Memory { get; init; } = [];

    /// <summary>How many memory rows the n-th sequence has: none, less than a panel, more than a key block.</summary>
    private static readonly int[] SomeMemoryRows = [17, 0, 300, 5, 16];

    private bool HasPaddedMemory => Type.Shape.MemoryLengths && IsPadded;

    private AttentionShape Attention => Type.Shape.Attention;

    /// <summary>Whether each sequence takes the rows of the longest.</summary>
    public bool IsPadded => !Attention.Ragged;

    private int AllRows => IsPadded ? Lengths.Length * Lengths.Max() : Lengths.Sum();

    private float[] Probabilities =>
        new float[Attention.Outputs == AttentionOutputs.None ? 0 : Lengths.Length * Attention.Heads * Lengths.Max() * Lengths.Max()];

    public static LayerCase Random(ILayerType type, int[] lengths, int seed)
    {
        var random = new Random(seed);
        int rows = type.Shape.Attention.Ragged ? lengths.Sum() : lengths.Length * lengths.Max();
        var call = new LayerCase(type, lengths, Numbers(rows * type.Shape.DModel));
        if (type.Shape.MemoryDim == 0)
            return call;
        bool areEqual = !type.Shape.MemoryLengths && !type.Shape.Attention.Ragged;
        int[] memoryRows = [.. lengths.Select((_, sequence) => areEqual ? 21 : SomeMemoryRows[sequence % SomeMemoryRows.Length])];
        float[][] memories = [.. memoryRows.Select(count => Numbers(count * type.Shape.MemoryDim))];
        return call with { MemoryRows = memoryRows, Memory = Pad(type, memories) };

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }

    /// <summary>Memories of a batch one after another; where they have lengths, each padded to the longest by NaN.</summary>
    private static float[] Pad(ILayerType type, float[][] memories) => type.Shape.MemoryLengths && !type.Shape.Attention.Ragged
        ? [.. memories.SelectMany(rows => rows.Concat(Enumerable.Repeat(float.NaN, memories.Max(each => each.Length) - rows.Length)))]
        : [.. memories.SelectMany(rows => rows)];

    private float[] MemoryOf(int sequence)
    {
        int width = Type.Shape.MemoryDim, first = HasPaddedMemory ? sequence * MemoryRows.Max() : MemoryRows[..sequence].Sum();
        return Memory[(first * width)..((first + MemoryRows[sequence]) * width)];
    }

    /// <summary>The same call whose memory was projected into a cache before; another memory is in it first.</summary>
    public float[] RunOnProjectedMemory()
    {
        var output = new float[AllRows * Type.Shape.DModel];
        AttentionCache cache = Type.CreateCache(Math.Max(1, Lengths.Max()), Lengths.Length, Memory, MemoryOffsets);
        AttentionArguments arguments = Arguments(output, Probabilities, Offsets, KeyLengths);
        Type.Forward(arguments with { Cache = cache, Memory = default, KeyOffsets = default });
        return output;
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
        int[] offsets = Offsets, lengths = KeyLengths, memoryOffsets = MemoryOffsets;
        return () => Type.Forward(Arguments(output, probabilities, offsets, lengths, memoryOffsets));
    }

    /// <summary>One sequence of the batch, in a batch of its own.</summary>
    public LayerCase Alone(int sequence)
    {
        int width = Type.Shape.DModel, first = IsPadded ? sequence * Lengths.Max() : Lengths[..sequence].Sum();
        // Without key lengths, padding would be seen.
        int rows = IsPadded && !Attention.KeyLengths ? Lengths.Max() : Lengths[sequence];
        var alone = new LayerCase(Type, [rows], Input[(first * width)..((first + rows) * width)]);
        return MemoryRows.Length == 0 ? alone : alone with { MemoryRows = [MemoryRows[sequence]], Memory = MemoryOf(sequence) };
    }

    /// <summary>Through a cache, in a batch of copies of the sequence: some rows first, then one after another, the last five together.</summary>
    public float[] RunInChunks(int first, int batch)
    {
        int width = Type.Shape.DModel, rows = Lengths[0];
        bool isDecoder = Type.Shape.MemoryDim > 0;
        AttentionCache cache = !isDecoder ? Type.CreateCache(rows, batch) : Type.CreateCache(
            rows, batch, [.. Enumerable.Range(0, batch).SelectMany(_ => Memory)],
            Attention.Ragged ? [.. Enumerable.Range(0, batch + 1).Select(sequence => sequence * MemoryRows[0])] : []);
        int[] memoryLengths = Type.Shape.MemoryLengths ? [.. Enumerable.Repeat(MemoryRows[0], batch)] : [];
        float[] all = new float[batch * rows * width];
        for (int row = 0; row < rows;)
        {
            int count = row == 0 && first > 0 ? first : rows - row <= 5 ? rows - row : 1;
            float[] input = [.. Enumerable.Range(0, batch).SelectMany(_ => Input[(row * width)..((row + count) * width)])], output = new float[input.Length];
            Type.Forward(new AttentionArguments
            {
                Input = input, Output = output, Cache = cache, Batch = batch, MemoryLengths = memoryLengths,
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

    private int[] MemoryOffsets =>
        Attention.Ragged && MemoryRows.Length > 0 ? [0, .. MemoryRows.Select((_, sequence) => MemoryRows[..(sequence + 1)].Sum())] : [];

    private AttentionArguments Arguments(float[]? output, float[]? probabilities, int[] offsets, int[] lengths) =>
        Arguments(output, probabilities, offsets, lengths, MemoryOffsets);

    private AttentionArguments Arguments(float[]? output, float[]? probabilities, int[] offsets, int[] lengths, int[] memoryOffsets) => new()
    {
        Input = Input, Output = output, Probabilities = probabilities, RowOffsets = offsets, KeyLengths = lengths, Batch = Lengths.Length,
        Memory = Memory, KeyOffsets = memoryOffsets, MemoryLengths = Type.Shape.MemoryLengths ? MemoryRows : [],
        Options = new() { MaxDegreeOfParallelism = Threads },
    };
}
