using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>
/// What a configuration declares must be there and fit; what it does not declare must not be there; nothing that is written may overlap anything.
/// </summary>
public sealed class DeclaredArgumentTests
{
    private const int Heads = 2, Batch = 2, Rows = 3, Keys = 5;

    /// <summary>Cross-attention, so that rows and keys differ.</summary>
    private static readonly AttentionShape Cross = TestNumbers.Shape(heads: Heads, headDim: 4, dModel: 8, memoryDim: 6);
    private static readonly AttentionShape Core = TestNumbers.Shape(
        heads: Heads, headDim: 4, dModel: 0, kvHeads: 1) with { HasProjections = false, ValueHeadDim = 3 };

    private delegate AttentionArguments Change(AttentionArguments arguments);

    public static TheoryData<string, int> IntegerArguments =>
        new() { { "keyStarts", Batch }, { "keyLengths", Batch }, { "prefixLengths", Batch }, { "documents", Batch * Keys }, { "positions", Batch * Rows } };

    [Theory]
    [MemberData(nameof(IntegerArguments))]
    public void Integers_are_required_where_declared_and_refused_where_not(string argument, int length)
    {
        AttentionShape declaring = Declare(argument);
        Validate(declaring, Arguments(argument, new int[length]));
        Refused<ArgumentException>(
            argument,
            $"{argument}.Length is {length}; expected 0, because the configuration does not declare",
            () => Validate(Cross, Arguments(argument, new int[length])));
        Refused<ArgumentException>(argument, $"{argument}.Length is 0; expected", () => Validate(declaring, Arguments(argument, [])));
        Refused<ArgumentException>(
            argument, $"{argument}.Length is {length + 1}; expected", () => Validate(declaring, Arguments(argument, new int[length + 1])));
        int[] negative = new int[length];
        negative[0] = -1;
        // Documents are only compared with each other.
        if (argument != "documents")
            Refused<ArgumentOutOfRangeException>(argument, $"{argument}[0] is -1; expected 0", () => Validate(declaring, Arguments(argument, negative)));
    }

    [Fact]
    public void Values_out_of_range()
    {
        foreach (string argument in new[] { "keyStarts", "keyLengths", "prefixLengths" })
        {
            AttentionShape shape = Declare(argument);
            Validate(shape, Arguments(argument, [0, Keys]));
            Refused<ArgumentOutOfRangeException>(
                argument, $"{argument}[1] is 6; expected 0 to 5, the keys of each sequence", () => Validate(shape, Arguments(argument, [0, Keys + 1])));
            Refused<ArgumentException>(
                argument, $"{argument}.Length is 1; expected one for each sequence, batch = 2", () => Validate(shape, Arguments(argument, [0])));
        }

        AttentionShape documents = Declare("documents");
        Validate(documents, Arguments("documents", [0, 0, 1, 7, 7, -3, -3, 0, 0, 1]));
        Validate(documents, Arguments("documents", [1, 1, 2, 0, 0, 9, int.MinValue, 8, int.MaxValue, 7]));
        Refused<ArgumentOutOfRangeException>(
            "documents",
            "documents[8] is 1 again; expected keys of one document to be neighbours",
            () => Validate(documents, Arguments("documents", [0, 0, 0, 0, 0, 0, 1, 2, 1, 1])));
        Refused<ArgumentException>(
            "documents", "documents.Length is 5; expected batch · keys = 2 · 5 = 10", () => Validate(documents, Arguments("documents", new int[5])));
        AttentionShape positions = Declare("positions");
        Refused<ArgumentOutOfRangeException>(
            "positions", "positions[4] is -7; expected 0 or more", () => Validate(positions, Arguments("positions", [1, 0, 9, 9, -7, 0])));
        Refused<ArgumentException>(
            "positions", "positions.Length is 3; expected batch · rows = 2 · 3 = 6", () => Validate(positions, Arguments("positions", new int[3])));
    }

    [Theory]
    [InlineData(MaskAxes.Key, Keys, "keys = 5")]
    [InlineData(MaskAxes.QueryKey, Rows * Keys, "rows · keys = 3 · 5 = 15")]
    [InlineData(MaskAxes.BatchKey, Batch * Keys, "batch · keys = 2 · 5 = 10")]
    [InlineData(MaskAxes.BatchQueryKey, Batch * Rows * Keys, "batch · rows · keys = 2 · 3 · 5 = 30")]
    [InlineData(MaskAxes.HeadQueryKey, Heads * Rows * Keys, "Heads · rows · keys = 2 · 3 · 5 = 30")]
    [InlineData(MaskAxes.BatchHeadQueryKey, Batch * Heads * Rows * Keys, "batch · Heads · rows · keys = 2 · 2 · 3 · 5 = 60")]
    public void Masks_have_the_declared_axes(MaskAxes axes, int length, string expected)
    {
        AttentionShape booleans = Cross with { BooleanMask = axes }, addends = Cross with { AdditiveMask = axes };
        Validate(booleans, arguments => With(arguments, booleanMask: new bool[length]));
        Validate(addends, arguments => With(arguments, additiveMask: new float[length]));
        Refused<ArgumentException>(
            "booleanMask",
            $"booleanMask.Length is {length - 1}; expected {expected}.",
            () => Validate(booleans, arguments => With(arguments, booleanMask: new bool[length - 1])));
        Refused<ArgumentException>(
            "additiveMask",
            $"additiveMask.Length is {length + 1}; expected {expected}.",
            () => Validate(addends, arguments => With(arguments, additiveMask: new float[length + 1])));
        Refused<ArgumentException>(
            "booleanMask",
            $"booleanMask.Length is {length}; expected 0, because the configuration does not declare BooleanMask",
            () => Validate(Cross, arguments => With(arguments, booleanMask: new bool[length])));
        Refused<ArgumentException>(
            "additiveMask",
            "expected 0, because the configuration does not declare AdditiveMask",
            () => Validate(Cross, arguments => With(arguments, additiveMask: new float[length])));
    }

    [Fact]
    public void Factors_of_heads_are_one_for_each()
    {
        AttentionShape shape = Cross with { HeadMask = true };
        Validate(shape, arguments => WithFactors(arguments, Heads, 0));
        Refused<ArgumentException>("headMask", "headMask.Length is 0; expected Heads = 2", () => Validate(shape, arguments => arguments));
        Refused<ArgumentException>("headMask", "headMask.Length is 3; expected Heads = 2", () => Validate(shape, arguments => WithFactors(arguments, 3, 0)));
        Refused<ArgumentException>(
            "headMask",
            "headMask.Length is 2; expected 0, because the configuration does not declare HeadMask",
            () => Validate(Cross, arguments => WithFactors(arguments, Heads, 0)));
        Refused<ArgumentException>(
            "memoryHeadMask",
            "memoryHeadMask.Length is 2; expected 0, because only a layer with a memory has heads of a cross-attention",
            () => Validate(shape, arguments => WithFactors(arguments, Heads, Heads)));

        static AttentionArguments WithFactors(AttentionArguments arguments, int heads, int memoryHeads) => new()
        {
            Input = arguments.Input, Memory = arguments.Memory, Output = arguments.Output, Batch = arguments.Batch, HeadMask = new float[heads],
            MemoryHeadMask = new float[memoryHeads],
        };
    }

    [Theory]
    [InlineData("probabilities", AttentionOutputs.Probabilities, Batch * Heads * Rows * Keys, "batch · Heads · rows · keys")]
    [InlineData("probabilities", AttentionOutputs.AveragedProbabilities, Batch * Rows * Keys, "batch · rows · keys")]
    [InlineData("scores", AttentionOutputs.ScaledScores, Batch * Heads * Rows * Keys, "batch · Heads · rows · keys")]
    [InlineData("scores", AttentionOutputs.CappedScores, Batch * Heads * Rows * Keys, "batch · Heads · rows · keys")]
    [InlineData("scores", AttentionOutputs.MaskedScores, Batch * Heads * Rows * Keys, "batch · Heads · rows · keys")]
    [InlineData("logSumExp", AttentionOutputs.LogSumExp, Batch * Rows * Heads, "batch · Heads · rows")]
    public void Outputs_have_the_declared_lengths_and_memory_of_their_own(string argument, AttentionOutputs outputs, int length, string axes)
    {
        AttentionShape shape = Cross with { Outputs = outputs };
        Validate(shape, arguments => WithOutput(arguments, argument, new float[length]));
        Refused<ArgumentException>(
            argument,
            $"{argument}.Length is {length - 1}; expected {axes} =",
            () => Validate(shape, arguments => WithOutput(arguments, argument, new float[length - 1])));
        Validate(shape, arguments => WithOutput(arguments, argument, []));
        Refused<ArgumentException>(
            argument,
            $"{argument}.Length is {length}; expected 0, because the configuration does not declare",
            () => Validate(Cross, arguments => WithOutput(arguments, argument, new float[length])));

        float[] shared = new float[200];
        Refused<ArgumentException>(argument, $"{argument} overlaps input; expected memory of its own, because input is still read while {argument} is written",
            () => KernelChecks.Validate(
            shape, WithOutput(new() { Input = shared.AsSpan(length - 1, Batch * Rows * 8), Memory = new float[Batch * Keys * 6],
                Output = new float[Batch * Rows * 8], Batch = Batch }, argument, shared.AsSpan(0, length))));
        Refused<ArgumentException>(argument, $"{argument} overlaps output; expected memory of its own, because both are written", () => KernelChecks.Validate(
            shape, WithOutput(new() { Input = new float[Batch * Rows * 8], Memory = new float[Batch * Keys * 6],
                Output = shared.AsSpan(length - 1, Batch * Rows * 8), Batch = Batch }, argument, shared.AsSpan(0, length))));
    }

    [Fact]
    public void Output_must_not_overlap_masks_of_other_elements()
    {
        AttentionShape shape = Cross with { BooleanMask = MaskAxes.BatchHeadQueryKey, KeyLengths = true };
        float[] buffer = new float[100];
        // 60 flags: from byte 21 on they end at byte 81, and output begins at byte 80.
        Refused<ArgumentException>(
            "output", "output overlaps booleanMask", () => KernelChecks.Validate(shape, Overlapping(buffer, maskByte: 21, lengthsAt: 0)));
        Refused<ArgumentException>("output", "output overlaps keyLengths", () => KernelChecks.Validate(shape, Overlapping(buffer, maskByte: 8, lengthsAt: 19)));
        KernelChecks.Validate(shape, Overlapping(buffer, maskByte: 20, lengthsAt: 0));
        KernelChecks.Validate(shape, Overlapping(buffer, maskByte: 20, lengthsAt: 18));

        static AttentionArguments Overlapping(float[] buffer, int maskByte, int lengthsAt) => new()
        {
            Input = new float[Batch * Rows * 8],
            Memory = new float[Batch * Keys * 6],
            Output = buffer.AsSpan(20, Batch * Rows * 8),
            KeyLengths = MemoryMarshal.Cast<float, int>(buffer.AsSpan(lengthsAt, Batch)),
            BooleanMask = MemoryMarshal.Cast<byte, bool>(MemoryMarshal.AsBytes(buffer.AsSpan()).Slice(maskByte, 60)),
            Batch = Batch,
        };
    }

    [Fact]
    public void Kernels_without_projections_take_queries_keys_and_values()
    {
        Assert.Equal(new ForwardDimensions(2, 3, 5, 0), ValidateCore(query: 48, key: 40, value: 30, output: 36));
        Assert.Equal(new ForwardDimensions(0, 0, 5, 0), ValidateCore(query: 0, key: 40, value: 30, output: 0));
        Assert.Equal(new ForwardDimensions(2, 3, 0, 0), ValidateCore(query: 48, key: 0, value: 0, output: 36));
        Refused<ArgumentException>(
            "query", "query.Length is 47; expected a multiple of batch · Heads · HeadDim = 2 · 8 = 16", () => ValidateCore(47, 40, 30, 36));
        Refused<ArgumentException>("key", "key.Length is 41; expected a multiple of batch · KvHeads · HeadDim = 2 · 4 = 8", () => ValidateCore(48, 41, 30, 36));
        Refused<ArgumentException>(
            "value",
            "value.Length is 36; expected batch · keys · KvHeads · ValueHeadDim = 2 · 5 · 3 = 30, for as many keys as key has",
            () => ValidateCore(48, 40, 36, 36));
        Refused<ArgumentException>(
            "output", "output.Length is 48; expected rows of all sequences · Heads · ValueHeadDim = 6 · 6 = 36", () => ValidateCore(48, 40, 30, 48));
        Refused<ArgumentException>("key", "key.Length is 4; expected 0, because this kernel projects keys and values itself", () => KernelChecks.Validate(
            Cross, new AttentionArguments { Input = new float[8], Memory = new float[6], Key = new float[4], Output = new float[8] }));
        Refused<ArgumentException>(
            "query", "query has 3 rows for each sequence; expected SequenceLength = 4", () => ValidateCore(48, 40, 30, 36, Core with { SequenceLength = 4 }));
        Refused<ArgumentException>(
            "key",
            "key has 5 keys for a sequence; expected 3, its rows of query, because positions are given for rows",
            () => ValidateCore(48, 40, 30, 36, Core with { Positions = true }));
        Refused<ArgumentException>("key", "key has 2 keys for a sequence; expected 1, its rows of query, because positions are given for rows",
            () => KernelChecks.Validate(
            Core with { Positions = true, Ragged = true },
            new AttentionArguments { Input = new float[24], Key = new float[12], Value = new float[9], Output = new float[18], RowOffsets = new[] { 0, 1, 3 },
                KeyOffsets = new[] { 0, 2, 3 }, Positions = new int[3], Batch = 2 }));
        Refused<ArgumentException>("output", "output overlaps value", () =>
        {
            float[] shared = new float[36];
            KernelChecks.Validate(
                Core, new AttentionArguments { Input = new float[48], Key = new float[40], Value = shared.AsSpan(0, 30), Output = shared, Batch = 2 });
        });
    }

    [Fact]
    public void New_keys_of_kernels_without_projections_must_fit_the_cache()
    {
        var cache = new AttentionCache(Core, capacity: 7, batch: 2);
        cache.Commit(3);
        Assert.Equal(new ForwardDimensions(2, 3, 7, 3), ValidateCore(48, 32, 24, 36, cache: cache));
        string message = Assert.Throws<InvalidOperationException>(() => ValidateCore(48, 40, 30, 36, cache: cache)).Message;
        Assert.Equal("cache is too small: it holds 3 of at most 7 keys, and key has 5 more; expected at most 4.", message);
    }

    private static ForwardDimensions ValidateCore(int query, int key, int value, int output, AttentionShape? shape = null, AttentionCache? cache = null) =>
        KernelChecks.Validate(shape ?? Core, new AttentionArguments { Input = new float[query], Key = new float[key], Value = new float[value],
            Output = new float[output], Cache = cache, Batch = 2 });

    private static AttentionShape Declare(string argument) => argument switch
    {
        "keyStarts" => Cross with { KeyStarts = true },
        "keyLengths" => Cross with { KeyLengths = true },
        "prefixLengths" => Cross with { PrefixLengths = true },
        "documents" => Cross with { Documents = true },
        _ => Cross with { Positions = true },
    };

    private static Change Arguments(string argument, int[] values) => arguments => new()
    {
        Input = arguments.Input,
        Memory = arguments.Memory,
        Output = arguments.Output,
        Batch = arguments.Batch,
        KeyStarts = argument == "keyStarts" ? values : default,
        KeyLengths = argument == "keyLengths" ? values : default,
        PrefixLengths = argument == "prefixLengths" ? values : default,
        Documents = argument == "documents" ? values : default,
        Positions = argument == "positions" ? values : default,
    };

    private static AttentionArguments With(AttentionArguments arguments, bool[]? booleanMask = null, float[]? additiveMask = null) => new()
    {
        Input = arguments.Input, Memory = arguments.Memory, Output = arguments.Output, Batch = arguments.Batch, BooleanMask = booleanMask,
        AdditiveMask = additiveMask,
    };

    private static AttentionArguments WithOutput(AttentionArguments arguments, string argument, Span<float> values) => new()
    {
        Input = arguments.Input,
        Memory = arguments.Memory,
        Output = arguments.Output,
        Batch = arguments.Batch,
        Probabilities = argument == "probabilities" ? values : default,
        Scores = argument == "scores" ? values : default,
        LogSumExp = argument == "logSumExp" ? values : default,
    };

    private static void Validate(AttentionShape shape, Change change) => KernelChecks.Validate(shape, change(new()
    {
        Input = new float[Batch * Rows * 8], Memory = new float[Batch * Keys * 6], Output = new float[Batch * Rows * 8], Batch = Batch,
    }));

    private static void Refused<TException>(string argument, string message, Action action)
        where TException : ArgumentException
    {
        TException exception = Assert.Throws<TException>(argument, action);
        Assert.Contains(message, exception.Message);
    }
}
