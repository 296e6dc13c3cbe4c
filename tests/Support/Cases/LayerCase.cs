namespace AttentionGen.Tests.Support;

/// <summary>One call of a layer: sequences of some lengths, ragged, padded to the longest, or all of one length.</summary>
internal sealed record LayerCase(ILayerType Type, int[] Lengths, float[] Input)
{
    public int Threads { get; init; } = 1;

    /// <summary>The layer that runs, where it is another than that of the type.</summary>
    public ILayer? Layer { get; init; }

    /// <summary>Where inputs and results lie, or null for arrays.</summary>
    public IPlaces? Places { get; init; }

    /// <summary>Memory rows of each sequence, which the cross-attention sees; empty for a layer without.</summary>
    public int[] MemoryRows { get; init; } = [];

    /// <summary>All memory rows: where no lengths are declared those that are seen, otherwise padded by numbers that no result may depend on.</summary>
    public float[] Memory { get; init; } = [];

    /// <summary>How many memory rows the n-th sequence has: none, less than a panel, more than a key block.</summary>
    private static readonly int[] SomeMemoryRows = [17, 0, 300, 5, 16];

    /// <summary>[Heads] each, where declared: factors of the heads, and of those of the cross-attention.</summary>
    private float[] HeadMask { get; } = Factors(Type, isDeclared: true, seed: 3);

    private float[] MemoryHeadMask { get; } = Factors(Type, isDeclared: Type.Shape.MemoryDim > 0, seed: 4);

    private static float[] Factors(ILayerType type, bool isDeclared, int seed) =>
        isDeclared && type.Shape.Attention.HeadMask ? AttentionCase.HeadFactors(new Random(seed), type.Shape.Attention.Heads) : [];

    private bool HasPaddedMemory => Type.Shape.MemoryLengths && IsPadded;

    private AttentionShape Attention => Type.Shape.Attention;

    private ILayer Running => Layer ?? Type.Layer;

    /// <summary>Whether each sequence takes the rows of the longest.</summary>
    public bool IsPadded => !Attention.Ragged;

    private int AllRows => IsPadded ? Lengths.Length * Lengths.Max() : Lengths.Sum();

    private int CountOfProbabilities =>
        (Attention.Outputs & AttentionOutputs.Probabilities) == 0 ? 0 : Lengths.Length * Attention.Heads * Lengths.Max() * Lengths.Max();

    /// <summary>Lengths that a layer can take: any where it is ragged or padded, otherwise equal ones.</summary>
    public static int[] Fit(ILayerType type, int[] lengths)
    {
        AttentionShape attention = type.Shape.Attention;
        return attention.SequenceLength > 0 ? [.. lengths.Select(_ => attention.SequenceLength)]
            : attention.Ragged || attention.KeyLengths ? lengths
            : [.. lengths.Select(_ => lengths.Max())];
    }

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
        Span<float> output = Space(AllRows * Type.Shape.DModel, "Output");
        AttentionCache cache = CacheOfMemory(Math.Max(1, Lengths.Max()), Lengths.Length, [.. Memory.Select(value => 1 - value)], MemoryOffsets);
        ProjectMemory(Memory, cache, MemoryOffsets);
        Forward(Arguments(output, Space(CountOfProbabilities, "Probabilities")) with { Cache = cache, Memory = default, KeyOffsets = default });
        return output.ToArray();
    }

    public double[] Expect(out double[] probabilities)
    {
        ReferenceResult result = ReferenceLayer.Forward(Type.Shape, Type.Weights, Arguments(default, default));
        probabilities = result.Probabilities;
        return result.Output;
    }

    public (float[] Output, float[] Probabilities) Run()
    {
        Span<float> output = Space(AllRows * Type.Shape.DModel, "Output"), probabilities = Space(CountOfProbabilities, "Probabilities");
        Forward(Arguments(output, probabilities));
        return (output.ToArray(), probabilities.ToArray());
    }

    /// <summary>The same call again and again, on the same arrays.</summary>
    public Action Prepare()
    {
        float[] output = new float[AllRows * Type.Shape.DModel], probabilities = new float[CountOfProbabilities];
        int[] offsets = Offsets, lengths = KeyLengths, memoryOffsets = MemoryOffsets;
        ILayer layer = Running;
        return () => layer.Forward(Arguments(output, probabilities, offsets, lengths, memoryOffsets));
    }

    /// <summary>One sequence of the batch, in a batch of its own.</summary>
    public LayerCase Alone(int sequence)
    {
        int width = Type.Shape.DModel, first = IsPadded ? sequence * Lengths.Max() : Lengths[..sequence].Sum();
        // Without key lengths, padding would be seen.
        int rows = IsPadded && !Attention.KeyLengths ? Lengths.Max() : Lengths[sequence];
        var alone = new LayerCase(Type, [rows], Input[(first * width)..((first + rows) * width)]) { Layer = Layer };
        return MemoryRows.Length == 0 ? alone : alone with { MemoryRows = [MemoryRows[sequence]], Memory = MemoryOf(sequence) };
    }

    /// <summary>Through a cache, in a batch of copies of the sequence: some rows first, then one after another, the last five together.</summary>
    public float[] RunInChunks(int first, int batch)
    {
        int width = Type.Shape.DModel, rows = Lengths[0];
        bool isDecoder = Type.Shape.MemoryDim > 0;
        AttentionCache cache = !isDecoder ? Running.CreateCache(rows, batch) : CacheOfMemory(
            rows, batch, [.. Enumerable.Range(0, batch).SelectMany(_ => Memory)],
            Attention.Ragged ? [.. Enumerable.Range(0, batch + 1).Select(sequence => sequence * MemoryRows[0])] : []);
        int[] memoryLengths = Type.Shape.MemoryLengths ? [.. Enumerable.Repeat(MemoryRows[0], batch)] : [];
        float[] all = new float[batch * rows * width];
        for (int row = 0; row < rows;)
        {
            int count = row == 0 && first > 0 ? first : rows - row <= 5 ? rows - row : 1;
            float[] input = [.. Enumerable.Range(0, batch).SelectMany(_ => Input[(row * width)..((row + count) * width)])];
            Span<float> output = Space(input.Length, "Output");
            Forward(new AttentionArguments
            {
                Input = Place(input, "Input"), Output = output, Cache = cache, Batch = batch, MemoryLengths = Place(memoryLengths, "MemoryLengths"),
                HeadMask = Place(HeadMask, "HeadMask"), MemoryHeadMask = Place(MemoryHeadMask, "MemoryHeadMask"),
                RowOffsets = Place<int>(Attention.Ragged ? [.. Enumerable.Range(0, batch + 1).Select(sequence => sequence * count)] : [], "RowOffsets"),
                Options = new() { MaxDegreeOfParallelism = Threads },
            });
            for (int sequence = 0; sequence < batch; sequence++)
                output.Slice(sequence * count * width, count * width).CopyTo(all.AsSpan(((sequence * rows) + row) * width));
            row += count;
        }

        return all;
    }

    /// <summary>A cache that holds a memory.</summary>
    private AttentionCache CacheOfMemory(int capacity, int batch, float[] memory, int[] memoryOffsets)
    {
        AttentionCache cache = Running.CreateCache(capacity, Math.Max(1, memory.Length / Type.Shape.MemoryDim), batch);
        ProjectMemory(memory, cache, memoryOffsets);
        return cache;
    }

    private void ProjectMemory(float[] memory, AttentionCache cache, int[] memoryOffsets) => Running.ProjectMemory(
        Place(memory, "Memory"), cache, Place(memoryOffsets, "MemoryOffsets"), new() { MaxDegreeOfParallelism = Threads });

    private void Forward(in AttentionArguments arguments)
    {
        Running.Forward(in arguments);
        // The next call finds no scratch of this one.
        if (Places is not null)
            AttentionScratch.Trim();
    }

    private ReadOnlySpan<T> Place<T>(T[] values, string name)
        where T : unmanaged => Places is null ? values : Places.Put(values, name);

    private Span<float> Space(int length, string name) => Places is null ? new float[length] : Places.Space(length, name);

    public override string ToString() => $"lengths {string.Join(' ', Lengths)}";

    private int[] Offsets => Attention.Ragged ? [0, .. Lengths.Select((_, sequence) => Lengths[..(sequence + 1)].Sum())] : [];

    private int[] KeyLengths => Attention.KeyLengths ? Lengths : [];

    private int[] MemoryOffsets =>
        Attention.Ragged && MemoryRows.Length > 0 ? [0, .. MemoryRows.Select((_, sequence) => MemoryRows[..(sequence + 1)].Sum())] : [];

    private AttentionArguments Arguments(Span<float> output, Span<float> probabilities) =>
        Arguments(output, probabilities, Offsets, KeyLengths, MemoryOffsets);

    private AttentionArguments Arguments(Span<float> output, Span<float> probabilities, int[] offsets, int[] lengths, int[] memoryOffsets) => new()
    {
        Input = Place(Input, "Input"), Output = output, Probabilities = probabilities, RowOffsets = Place(offsets, "RowOffsets"),
        KeyLengths = Place(lengths, "KeyLengths"), Batch = Lengths.Length,
        HeadMask = Place(HeadMask, "HeadMask"), MemoryHeadMask = Place(MemoryHeadMask, "MemoryHeadMask"),
        Memory = Place(Memory, "Memory"), KeyOffsets = Place(memoryOffsets, "MemoryOffsets"),
        MemoryLengths = Place(Type.Shape.MemoryLengths ? MemoryRows : [], "MemoryLengths"), Options = new() { MaxDegreeOfParallelism = Threads },
    };
}
