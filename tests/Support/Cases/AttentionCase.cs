using System.Runtime.CompilerServices;

namespace AttentionGen.Tests.Support;

/// <summary>One call: weights, inputs and everything that its shape declares.</summary>
internal sealed partial record AttentionCase
{
    public required AttentionShape Shape { get; init; }

    public required AttentionWeights Weights { get; init; }

    public required int Batch { get; init; }

    /// <summary>Query rows of each sequence; of a ragged batch, of the longest.</summary>
    public required int Rows { get; init; }

    /// <summary>
    /// Keys that each sequence brings along: memory rows, keys of a core, for self-attention <see cref="Rows"/>; of a ragged batch, those of the longest.
    /// </summary>
    public required int Keys { get; init; }

    /// <summary>Keys of each sequence that are in the cache before the call; empty for none.</summary>
    public int[] CachedKeys { get; init; } = [];

    public required float[] Input { get; init; }

    public float[] Memory { get; init; } = [];

    public float[] ValueInput { get; init; } = [];

    public float[] Key { get; init; } = [];

    public float[] Value { get; init; } = [];

    public int[] RowOffsets { get; init; } = [];

    public int[] KeyOffsets { get; init; } = [];

    public int[] KeyLengths { get; init; } = [];

    public int[] KeyStarts { get; init; } = [];

    public int[] PrefixLengths { get; init; } = [];

    public int[] Documents { get; init; } = [];

    public int[] Positions { get; init; } = [];

    public float[] Cosines { get; init; } = [];

    public float[] Sines { get; init; } = [];

    public bool[] BooleanMask { get; init; } = [];

    public float[] AdditiveMask { get; init; } = [];

    public float[] HeadMask { get; init; } = [];

    /// <summary>Keys that the masks have, where the shape declares that a call says so; otherwise 0.</summary>
    public int MaskLength { get; init; }

    /// <summary>What a forward with activations drops, and the reference.</summary>
    public Dropout Dropout { get; init; }

    /// <summary>Whether inputs lie between NaN and other values that no kernel may read.</summary>
    public bool IsSurrounded { get; init; }

    /// <summary>Where inputs lie; null for arrays.</summary>
    public IPlaces? Places { get; init; }

    /// <summary>What the user's methods compute.</summary>
    public ReferenceHooks? Hooks { get; init; }

    /// <summary>The layer around the attention, where it is one that runs: memory and key offsets are then those of its cross-attention.</summary>
    public LayerPart? Layer { get; init; }

    /// <summary>Whether the keys of a sequence are its rows.</summary>
    public bool KeysAreRows => Shape.HasProjections && !Shape.IsCrossAttention;

    public int RowsOf(int sequence) => Shape.Ragged ? RowOffsets[sequence + 1] - RowOffsets[sequence] : Rows;

    public int NewKeysOf(int sequence) =>
        KeysAreRows ? RowsOf(sequence) : Shape.Ragged && KeyOffsets.Length > 0 ? KeyOffsets[sequence + 1] - KeyOffsets[sequence] : Keys;

    public int CachedKeysOf(int sequence) => CachedKeys.Length == 0 ? 0 : CachedKeys[sequence];

    public int KeysOf(int sequence) => CachedKeysOf(sequence) + NewKeysOf(sequence);

    public int TotalRows => Sequences.Sum(RowsOf);

    private IEnumerable<int> Sequences => Enumerable.Range(0, Batch);

    private int Pairs => Sequences.Sum(sequence => RowsOf(sequence) * KeysOf(sequence));

    /// <summary>Floats of each result; 0 where it is not declared.</summary>
    public (int Output, int Probabilities, int Scores, int LogSumExp) ResultLengths
    {
        get
        {
            const AttentionOutputs Scores = AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores | AttentionOutputs.MaskedScores;
            AttentionOutputs outputs = Shape.Outputs;
            return (
                TotalRows * Shape.OutputDim,
                outputs.HasFlag(AttentionOutputs.Probabilities) ? Shape.Heads * Pairs : outputs.HasFlag(AttentionOutputs.AveragedProbabilities) ? Pairs : 0,
                (outputs & Scores) != 0 ? Shape.Heads * Pairs : 0,
                outputs.HasFlag(AttentionOutputs.LogSumExp) ? TotalRows * Shape.Heads : 0);
        }
    }

    /// <summary>Everything but the results' places.</summary>
    public AttentionArguments Arguments => new()
    {
        Input = Place(Input, float.NaN),
        Memory = Place(Memory, float.NaN),
        ValueInput = Place(ValueInput, float.NaN),
        Key = Place(Key, float.NaN),
        Value = Place(Value, float.NaN),
        RowOffsets = Place(RowOffsets, -1),
        KeyOffsets = Place(KeyOffsets, -1),
        KeyLengths = Place(KeyLengths, -1),
        KeyStarts = Place(KeyStarts, -1),
        PrefixLengths = Place(PrefixLengths, -1),
        Documents = Place(Documents, int.MinValue),
        Positions = Place(Positions, -1),
        Cosines = Place(Cosines, float.NaN),
        Sines = Place(Sines, float.NaN),
        BooleanMask = Place(BooleanMask, true),
        AdditiveMask = Place(AdditiveMask, float.NaN),
        HeadMask = Place(HeadMask, float.NaN),
        MemoryHeadMask = Place(Layer?.MemoryHeadMask ?? [], float.NaN),
        MaskLength = MaskLength,
        MemoryLengths = Place(Layer?.MemoryLengths ?? [], -1),
        Activations = Dropout == Dropout.None ? null : new SavedActivations(Shape, Layer?.Shape, 0, 0, 0) { Dropout = Dropout },
        Batch = Batch,
    };

    /// <summary>The values, where the call is surrounded between others that must not be read.</summary>
    private ReadOnlySpan<T> Place<T>(T[] values, T poison, [CallerArgumentExpression(nameof(values))] string name = "")
        where T : unmanaged
    {
        const int Margin = 64;
        if (Places is not null)
            return Places.Put(values, name);
        if (!IsSurrounded || values.Length == 0)
            return values;
        var all = new T[values.Length + (2 * Margin)];
        Array.Fill(all, poison);
        values.CopyTo(all, Margin);
        return all.AsSpan(Margin, values.Length);
    }

    /// <summary>The call for which a cache holds what the memory and the input of values were projected to.</summary>
    public AttentionCase WithoutMemory => this with { Memory = [], ValueInput = [], KeyOffsets = [] };

    /// <summary>The same, which knows how many keys are in the cache.</summary>
    public AttentionCase Projected => WithoutMemory with { Keys = 0, CachedKeys = [.. Sequences.Select(NewKeysOf)] };

    /// <summary>Projects the memory, and the input of values where there is one, into a cache.</summary>
    public void ProjectMemory(IKernel kernel, AttentionCache cache, in ForwardOptions options = default) =>
        kernel.ProjectMemory(Memory, ValueInput, cache, KeyOffsets, in options);

    /// <summary>Runs the kernel; unwritten results and writes beside them are noticed.</summary>
    public float[] Run(IRunnable kernel, int threads = 0) => RunAll(kernel, threads).Output;

    /// <summary>The same with all declared results, and a cache where one is given.</summary>
    public AttentionResult RunAll(IRunnable kernel, int threads = 0, AttentionCache? cache = null) =>
        RunAll(kernel, new ForwardOptions { MaxDegreeOfParallelism = threads }, cache);

    /// <summary>The same with any options.</summary>
    public AttentionResult RunAll(IRunnable kernel, ForwardOptions options, AttentionCache? cache)
    {
        (int outputs, int probabilities, int scores, int logSumExps) = ResultLengths;
        var output = new GuardedBuffer(outputs);
        var probability = new GuardedBuffer(probabilities);
        var score = new GuardedBuffer(scores);
        var logSumExp = new GuardedBuffer(logSumExps);
        kernel.Forward(Arguments with
        {
            Output = output.Span,
            Probabilities = probability.Span,
            Scores = score.Span,
            LogSumExp = logSumExp.Span,
            Cache = cache,
            Options = options,
        });
        return new(output.Check("output"), probability.Check("probabilities"), score.Check("scores"), logSumExp.Check("log-sum-exp"));
    }

    /// <summary>The output in float64.</summary>
    public double[] Reference() => ReferenceAll().Output;

    /// <summary>All results in float64.</summary>
    public ReferenceResult ReferenceAll(ReferenceCache? cache = null) => Layer is { } layer
        ? ReferenceLayer.Forward(layer.Shape, layer.Weights, Arguments, cache, Hooks)
        : ReferenceAttention.Forward(Shape, Weights, Arguments, cache, Hooks);

    /// <summary>Sizes and whatever decides what is seen, for messages.</summary>
    public string Describe()
    {
        string text = $"{Batch} × {Rows} rows, {Keys} keys";
        foreach (var (name, values) in ((string, int[])[])[("rows", RowOffsets), ("keys", KeyOffsets), ("cached", CachedKeys), ("lengths", KeyLengths),
            ("starts", KeyStarts), ("prefixes", PrefixLengths)])
            text += values.Length == 0 ? "" : $", {name} [{string.Join(", ", values)}]";
        return Shape.MaskLength ? $"{text}, masks of {MaskLength}" : text;
    }
}

/// <summary>Where the inputs of a call lie.</summary>
internal interface IPlaces
{
    /// <summary>A copy of an input, which nobody may write.</summary>
    ReadOnlySpan<T> Put<T>(T[] values, string name)
        where T : unmanaged;

    /// <summary>A place for results.</summary>
    Span<float> Space(int length, string name);
}

/// <summary>Arguments with their results' places.</summary>
internal static class ArgumentsExtensions
{
    public static AttentionArguments With(this AttentionArguments arguments, Span<float> output, AttentionCache? cache, ForwardOptions options) =>
        arguments with { Output = output, Cache = cache, Options = options };
}

/// <summary>What a call gives; what the shape does not declare is empty.</summary>
internal sealed record AttentionResult(float[] Output, float[] Probabilities, float[] Scores, float[] LogSumExp)
{
    /// <summary>Fails where any result differs from the reference by more than the tolerance.</summary>
    public double AssertClose(ReferenceResult expected, AttentionShape shape, string what) => AssertClose(expected, shape, what, Compare.ToleranceOf(shape));

    /// <summary>The same with any tolerance.</summary>
    public double AssertClose(ReferenceResult expected, AttentionShape shape, string what, double tolerance) => new[]
    {
        Compare.Close(expected.Output, Output, Math.Max(1, shape.OutputDim), what, tolerance),
        Compare.Close(expected.Probabilities, Probabilities, 1, what + ", probabilities", tolerance),
        Compare.Close(expected.Scores, Scores, 1, what + ", scores", tolerance),
        Compare.Close(expected.LogSumExp, LogSumExp, shape.Heads, what + ", log-sum-exp", tolerance),
    }.Max();

    /// <summary>The results of a batch from those of its sequences.</summary>
    public static AttentionResult Join(AttentionResult[] sequences) => new(
        [.. sequences.SelectMany(one => one.Output)],
        [.. sequences.SelectMany(one => one.Probabilities)],
        [.. sequences.SelectMany(one => one.Scores)],
        [.. sequences.SelectMany(one => one.LogSumExp)]);

    /// <summary>Fails where any bit of any result differs.</summary>
    public void AssertSameBits(AttentionResult actual, string what)
    {
        Compare.SameBits(Output, actual.Output, 1, what);
        Compare.SameBits(Probabilities, actual.Probabilities, 1, what + ", probabilities");
        Compare.SameBits(Scores, actual.Scores, 1, what + ", scores");
        Compare.SameBits(LogSumExp, actual.LogSumExp, 1, what + ", log-sum-exp");
    }
}

/// <summary>A place for results with guards around it.</summary>
internal sealed class GuardedBuffer
{
    private const int GuardFloats = 64;
    private const float Guard = 12345.678f;

    private readonly float[] buffer;

    public GuardedBuffer(int length)
    {
        buffer = new float[length + (2 * GuardFloats)];
        buffer.AsSpan().Fill(Guard);
    }

    public Span<float> Span => buffer.AsSpan(GuardFloats, buffer.Length - (2 * GuardFloats));

    /// <summary>The results; fails where one was not written, or something beside them was.</summary>
    public float[] Check(string name)
    {
        bool inside = buffer.AsSpan(0, GuardFloats).IndexOfAnyExcept(Guard) < 0 && buffer.AsSpan(buffer.Length - GuardFloats).IndexOfAnyExcept(Guard) < 0;
        Assert.True(inside, $"Something beside {name} was written.");
        int unwritten = Span.IndexOf(Guard);
        Assert.True(unwritten < 0, $"Element {unwritten} of {Span.Length} of {name} was not written.");
        return Span.ToArray();
    }
}
