using System.Diagnostics;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Offsets of ragged batches: what they mean, and every refusal.</summary>
public sealed class RaggedCheckTests
{
    private static readonly AttentionShape Self = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 8) with { Ragged = true };
    private static readonly AttentionShape Causal = Self with { Causal = true };
    private static readonly AttentionShape Cross = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 8, memoryDim: 6) with { Ragged = true };
    private static readonly AttentionShape Core = Causal with { HasProjections = false, DModel = 0, MemoryDim = 0 };

    private static ForwardDimensions Validate(
        AttentionShape shape, int rows, int[] rowOffsets, int[]? keyOffsets =
            null, int keys = 0, AttentionCache? cache = null, int[]? keyLengths = null, int[]? documents = null,
        int logSumExp = 0, int batch = -1) => KernelChecks.Validate(
        shape,
        new AttentionArguments
        {
            Input = new float[rows * 8],
            Output = new float[rows * 8],
            Memory = new float[shape.IsCrossAttention ? keys * 6 : 0],
            Key = new float[shape.HasProjections ? 0 : keys * 8],
            Value = new float[shape.HasProjections ? 0 : keys * 8],
            RowOffsets = rowOffsets,
            KeyOffsets = keyOffsets ?? [],
            Cache = cache,
            KeyLengths = keyLengths ?? [],
            Documents = documents ?? [],
            LogSumExp = new float[logSumExp],
            Batch = batch < 0 ? rowOffsets.Length - 1 : batch,
        });

    [Fact]
    public void Sizes_are_those_of_the_longest_sequence()
    {
        Assert.Equal(new ForwardDimensions(3, 4, 4, 0), Validate(Self, 5, [0, 1, 5, 5]));
        Assert.Equal(new ForwardDimensions(0, 0, 0, 0), Validate(Self, 0, [0]));
        Assert.Equal(new ForwardDimensions(2, 3, 7, 0), Validate(Cross, 4, [0, 3, 4], [0, 0, 7], keys: 7));
        Assert.Equal(new ForwardDimensions(2, 3, 5, 0), Validate(Core, 4, [0, 3, 4], [0, 5, 7], keys: 7));
        var cache = new AttentionCache(Causal, 9, 2);
        cache.CommitNewKeys([0, 2, 9]);
        Assert.Equal([2, 7], cache.Lengths.ToArray());
        Assert.Equal(new ForwardDimensions(2, 3, 8, 0), Validate(Causal, 4, [0, 3, 4], cache: cache));
        Assert.Equal(
            new ForwardDimensions(2, 3, 4, 0),
            Validate(Self with { KeyLengths = true, Documents = true }, 7, [0, 3, 7], keyLengths: [3, 0], documents: [5, 5, 9, 0, 0, 1, 1]) with { Rows = 3 });
    }

    [Fact]
    public void A_sequence_is_given_what_it_would_have_alone()
    {
        AttentionShape shape = Causal with
        {
            KeyLengths = true, Documents = true, Positions = true, Outputs = AttentionOutputs.LogSumExp,
        };
        var cache = new AttentionCache(shape, 20, 3);
        cache.CommitNewKeys([0, 2, 2, 5]);
        // Rows 1, 4, 2; keys 3, 4, 5.
        int[] documents = [.. Enumerable.Range(0, 12)];
        float[] input = TestNumbers.Counting(7 * 8);
        var arguments = new AttentionArguments
        {
            Input = input, Output = new float[7 * 8], RowOffsets = [0, 1, 5, 7], Cache = cache, Batch = 3, KeyLengths = [3, 0, 5], Documents = documents,
            Positions = [0, 1, 2, 3, 4, 5, 6], LogSumExp = new float[14], DocumentOffsets = new int[4],
        };
        KernelChecks.Validate(shape, in arguments);
        RaggedBatch.FindDocuments(shape, in arguments);
        Assert.Equal([0, 3, 7, 12], arguments.DocumentOffsets.ToArray());
        AttentionArguments one = RaggedBatch.Slice(shape, in arguments, 2, out ForwardDimensions dimensions);
        Assert.Equal(new ForwardDimensions(1, 2, 5, 3), dimensions);
        Assert.Equal(1, one.Batch);
        Assert.Equal(input[(5 * 8)..], one.Input.ToArray());
        Assert.Equal(16, one.Output.Length);
        Assert.Equal([5], one.KeyLengths.ToArray());
        Assert.Equal([7, 8, 9, 10, 11], one.Documents.ToArray());
        Assert.Equal([5, 6], one.Positions.ToArray());
        Assert.Equal(4, one.LogSumExp.Length);
        Assert.True(one.RowOffsets.IsEmpty && one.KeyOffsets.IsEmpty);
        Assert.Same(cache, one.Cache);

        // No sequence adds up those before it: a batch would take quadratic time.
        AttentionArguments others = arguments with { RowOffsets = [99, -99, 5, 7] };
        Assert.Equal([7, 8, 9, 10, 11], RaggedBatch.Slice(shape, in others, 2, out _).Documents.ToArray());
    }

    [Fact]
    public void A_batch_of_no_sequences_has_no_values_for_any()
    {
        ArgumentException tooMany = Assert.Throws<ArgumentException>(() => Validate(Self with { KeyLengths = true }, 0, [0], keyLengths: [0]));
        Assert.Equal("keyLengths", tooMany.ParamName);
        Assert.Contains("keyLengths.Length is 1; expected one for each sequence, batch = 0", tooMany.Message);
        ArgumentException undeclared = Assert.Throws<ArgumentException>(() => Validate(Self, 0, [0], keyLengths: [0]));
        Assert.Equal("keyLengths", undeclared.ParamName);
    }

    [Fact]
    public void Offsets_are_checked()
    {
        Refused<ArgumentException>("rowOffsets", "rowOffsets.Length is 2; expected batch + 1 = 3", () => Validate(Self, 3, [0, 3], batch: 2));
        Refused<ArgumentException>("rowOffsets", "rowOffsets.Length is 0; expected batch + 1 = 2", () => Validate(Self, 3, [], batch: 1));
        Refused<ArgumentOutOfRangeException>("rowOffsets", "rowOffsets[0] is 1; expected 0", () => Validate(Self, 3, [1, 3]));
        Refused<ArgumentOutOfRangeException>("rowOffsets", "rowOffsets[0] is -2147483648; expected 0", () => Validate(Self, 3, [int.MinValue, 3]));
        Refused<ArgumentOutOfRangeException>(
            "rowOffsets", "rowOffsets[2] is 1; expected 2 or more, because offsets never decrease", () => Validate(Self, 3, [0, 2, 1, 3]));
        Refused<ArgumentOutOfRangeException>("rowOffsets", "rowOffsets[2] is 4; expected 3, the rows of input", () => Validate(Self, 3, [0, 2, 4]));
        Refused<ArgumentException>(
            "keyOffsets", "keyOffsets.Length is 3; expected 0, because keys come from the rows themselves", () => Validate(Self, 3, [0, 2, 3], [0, 2, 3]));
        Refused<ArgumentOutOfRangeException>(
            "memoryOffsets", "memoryOffsets[2] is 4; expected 5, the rows of memory", () => Validate(Cross, 3, [0, 2, 3], [0, 2, 4], keys: 5));
        Refused<ArgumentOutOfRangeException>("keyOffsets", "keyOffsets[2] is 4; expected 5, the keys", () => Validate(Core, 3, [0, 2, 3], [0, 2, 4], keys: 5));
        var memory = new AttentionCache(Cross, 5, 2);
        Assert.Throws<InvalidOperationException>(() => Validate(Cross, 3, [0, 2, 3], cache: memory));
        memory.Commit(0);
        Refused<ArgumentException>(
            "memoryOffsets", "expected 0, because the cache holds the projected memory", () => Validate(Cross, 3, [0, 2, 3], [0, 0, 0], cache: memory));
        AttentionShape even = Self with { Ragged = false };
        Refused<ArgumentException>(
            "rowOffsets", "rowOffsets.Length is 2; expected 0, because the configuration does not declare Ragged", () => Validate(even, 3, [0, 3]));
    }

    [Fact]
    public void What_depends_on_a_sequence_is_checked_by_it()
    {
        AttentionShape lengths = Self with { KeyLengths = true };
        Refused<ArgumentOutOfRangeException>(
            "keyLengths", "keyLengths[1] is 2; expected 0 to 1, the keys of sequence 1", () => Validate(lengths, 4, [0, 3, 4], keyLengths: [3, 2]));
        Refused<ArgumentException>(
            "keyLengths", "keyLengths.Length is 1; expected one for each sequence, batch = 2", () => Validate(lengths, 4, [0, 3, 4], keyLengths: [3]));
        Refused<ArgumentException>("keyLengths", "does not declare KeyLengths", () => Validate(Self, 4, [0, 3, 4], keyLengths: [3, 1]));
        AttentionShape documents = Self with { Documents = true };
        Refused<ArgumentOutOfRangeException>(
            "documents",
            "documents[2] is 0 again; expected keys of one document to be neighbours",
            () => Validate(documents, 4, [0, 3, 4], documents: [0, 1, 0, 0]));
        Validate(documents, 4, [0, 3, 4], documents: [0, 1, 1, 0]);
        Validate(documents, 4, [0, 3, 4], documents: [2, 1, 0, 7]);
        Refused<ArgumentException>(
            "documents", "documents.Length is 3; expected 4, the keys of all sequences", () => Validate(documents, 4, [0, 3, 4], documents: [0, 1, 1]));
        Refused<ArgumentException>(
            "logSumExp", "logSumExp.Length is 7; expected 8", () => Validate(Self with { Outputs = AttentionOutputs.LogSumExp }, 4, [0, 3, 4], logSumExp: 7));
        var cache = new AttentionCache(Causal, 9, 2);
        cache.CommitNewKeys([0, 2, 9]);
        string message = Assert.Throws<InvalidOperationException>(() => Validate(Causal, 4, [0, 1, 4], cache: cache)).Message;
        Assert.Contains("cache is too small: its sequence 1 holds 7 of at most 9 keys, and input has 3 more; expected at most 2.", message);
        var even = new AttentionCache(Causal with { Ragged = false }, 9, 2);
        even.CommitNewKeys([0, 2, 9]);
        message = Assert.Throws<InvalidOperationException>(
            () => KernelChecks.Validate(even.Shape, new AttentionArguments { Input = new float[16], Output = new float[16], Cache = even, Batch = 2 })).Message;
        Assert.Contains("sequence 0 holds 2 keys and sequence 1 holds 7; expected equal lengths, because the configuration does not declare Ragged", message);
    }

    /// <summary>No configuration declares them beside a ragged batch, so whoever gives one is told so, whatever the shape says.</summary>
    [Fact]
    public void What_has_keys_as_an_axis_is_refused()
    {
        const AttentionOutputs Outputs = AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores;
        foreach (AttentionShape shape in (AttentionShape[])[Self,
            Self with { BooleanMask = MaskAxes.BatchKey, AdditiveMask = MaskAxes.BatchHeadQueryKey, Outputs = Outputs }])
        {
            Refused<ArgumentException>(
                "booleanMask", "does not declare BooleanMask", () => KernelChecks.Validate(shape, Call() with { BooleanMask = new bool[4] }));
            Refused<ArgumentException>(
                "additiveMask", "does not declare AdditiveMask", () => KernelChecks.Validate(shape, Call() with { AdditiveMask = new float[20] }));
            Refused<ArgumentException>(
                "probabilities",
                "does not declare probabilities in Outputs",
                () => KernelChecks.Validate(shape, Call() with { Probabilities = new float[20] }));
            Refused<ArgumentException>(
                "scores", "does not declare scores in Outputs", () => KernelChecks.Validate(shape, Call() with { Scores = new float[20] }));
        }

        // Three rows of three keys and one of one.
        static AttentionArguments Call() => new() { Input = new float[4 * 8], Output = new float[4 * 8], RowOffsets = [0, 3, 4], Batch = 2 };
    }

    [Fact]
    public void Memories_are_checked()
    {
        var cache = new AttentionCache(Cross, 5, 2);
        Assert.Equal(new ForwardDimensions(2, 0, 5, 0), KernelChecks.ValidateMemory(Cross, new float[7 * 6], cache, [0, 2, 7], default));
        Refused<ArgumentException>(
            "memoryOffsets",
            "memoryOffsets.Length is 2; expected batch + 1 = 3",
            () => KernelChecks.ValidateMemory(Cross, new float[7 * 6], cache, [0, 7], default));
        Refused<ArgumentOutOfRangeException>(
            "memoryOffsets",
            "memoryOffsets[2] is 6; expected 7, the rows of memory",
            () => KernelChecks.ValidateMemory(Cross, new float[7 * 6], cache, [0, 2, 6], default));
        string message = Assert.Throws<InvalidOperationException>(
            () => KernelChecks.ValidateMemory(Cross, new float[7 * 6], cache, [0, 1, 7], default)).Message;
        Assert.Contains("cache is too small: its sequence 1 holds 0 of at most 5 keys, and memory has 6 more; expected at most 5.", message);
    }

    [Fact]
    public void Checks_and_slices_allocate_nothing()
    {
        var cache = new AttentionCache(Causal, 50, 3);
        float[] input = new float[7 * 8], output = new float[7 * 8];
        int[] offsets = [0, 1, 5, 7];
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            var arguments = new AttentionArguments { Input = input, Output = output, RowOffsets = offsets, Cache = cache, Batch = 3 };
            KernelChecks.Validate(Causal, in arguments);
            RaggedBatch.Slice(Causal, in arguments, 1, out _);
        }
    }

    /// <summary>Documents of a batch are counted once for a call: counted again for each sequence, so many sequences would take half a minute.</summary>
    [Fact]
    public void Documents_of_very_many_sequences_are_found_in_linear_time()
    {
        const int batch = 200_000;
        AttentionShape shape = TestNumbers.Shape(heads: 1, headDim: 1, dModel: 1) with { Ragged = true, Documents = true };
        var arguments = new AttentionArguments
        {
            Input = new float[batch], Output = new float[batch], Batch = batch, RowOffsets = Enumerable.Range(0, batch + 1).ToArray(),
            Documents = Enumerable.Range(0, batch).ToArray(), DocumentOffsets = new int[batch + 1],
        };
        var watch = Stopwatch.StartNew();
        KernelChecks.Validate(shape, in arguments);
        RaggedBatch.FindDocuments(shape, in arguments);
        for (int sequence = 0; sequence < batch; sequence++)
            Assert.Equal(sequence, RaggedBatch.Slice(shape, in arguments, sequence, out _).Documents[0]);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
    }

    private static void Refused<TException>(string argument, string message, Action action)
        where TException : ArgumentException =>
        Assert.Contains(message, Assert.Throws<TException>(argument, action).Message);
}
