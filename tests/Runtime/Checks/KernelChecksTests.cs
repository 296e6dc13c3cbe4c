using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Every refusal names the argument, its value, and what was expected.</summary>
public sealed class KernelChecksTests
{
    private static readonly AttentionShape Self = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 8);
    private static readonly AttentionShape Causal = Self with { Causal = true };
    private static readonly AttentionShape Cross = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 8, memoryDim: 6);

    [Fact]
    public void Sizes_follow_from_lengths()
    {
        Assert.Equal(new ForwardDimensions(1, 3, 3, 0), Validate(Self, 24));
        Assert.Equal(new ForwardDimensions(3, 1, 1, 0), Validate(Self, 24, batch: 3));
        // Without a row there is no sequence to go through, however many there are said to be.
        Assert.Equal(new ForwardDimensions(0, 0, 0, 0), Validate(Self, 0, batch: int.MaxValue));
        Assert.Equal(new ForwardDimensions(0, 0, 0, 0), Validate(Self, 0, batch: 0));
        Assert.Equal(new ForwardDimensions(2, 2, 3, 0), Validate(Cross, 32, batch: 2, memory: 36));
        Assert.Equal(new ForwardDimensions(2, 2, 0, 0), Validate(Cross, 32, batch: 2));
        Assert.Equal(new ForwardDimensions(1, 3, 3, 0), Validate(Self with { SequenceLength = 3 }, 24));
        Assert.Equal(new ForwardDimensions(0, 0, 0, 0), Validate(Self with { SequenceLength = 3 }, 0, batch: 0));
        Assert.Equal(new ForwardDimensions(2, 1, 1, 0), Validate(Self with { KeyLengths = true }, 16, batch: 2, keyLengths: [0, 1]));
    }

    [Fact]
    public void Sizes_follow_from_the_cache()
    {
        var cache = new AttentionCache(Causal, 5, 2);
        Assert.Equal(new ForwardDimensions(2, 5, 5, 0), Validate(Causal, 80, batch: 2, cache: cache));
        cache.Commit(3);
        Assert.Equal(new ForwardDimensions(2, 2, 5, 3), Validate(Causal, 32, batch: 2, cache: cache));
        Assert.Equal(new ForwardDimensions(2, 0, 3, 3), Validate(Causal, 0, batch: 2, cache: cache));
        AttentionShape lengths = Causal with { KeyLengths = true };
        var other = new AttentionCache(lengths with { }, 5, 2);
        other.Commit(3);
        Assert.Equal(new ForwardDimensions(2, 1, 4, 3), Validate(lengths, 16, batch: 2, cache: other, keyLengths: [4, 0]));

        var memory = new AttentionCache(Cross, 9);
        memory.Commit(7);
        Assert.Equal(new ForwardDimensions(1, 2, 7, 0), Validate(Cross, 16, cache: memory));
    }

    [Fact]
    public void Validation_allocates_nothing()
    {
        AttentionShape shape = Causal with { KeyLengths = true };
        var cache = new AttentionCache(shape, 5, 2);
        float[] input = new float[16], output = new float[16];
        int[] lengths = [1, 1];
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run() => KernelChecks.Validate(
            shape, new AttentionArguments { Input = input, Output = output, Cache = cache, Batch = 2, KeyLengths = lengths });
    }

    [Fact]
    public void Lengths_of_input_and_output()
    {
        Refused<ArgumentException>("input", "input.Length is 23; expected a multiple of batch · DModel = 1 · 8 = 8", () => Validate(Self, 23));
        Refused<ArgumentException>("input", "input.Length is 24; expected a multiple of batch · DModel = 2 · 8 = 16", () => Validate(Self, 24, batch: 2));
        Refused<ArgumentException>("input", "input.Length is 8; expected a multiple of batch · DModel = 2 · 8 = 16", () => Validate(Self, 8, batch: 2));
        Refused<ArgumentException>("input", $"= {int.MaxValue} · 8 = 17179869176", () => Validate(Self, 8, batch: int.MaxValue));
        Refused<ArgumentException>("input", "input.Length is 8; expected 0, because batch is 0", () => Validate(Self, 8, batch: 0));
        Refused<ArgumentOutOfRangeException>("batch", "batch is -1; expected 0 or more", () => Validate(Self, 8, batch: -1));
        Refused<ArgumentException>("output", "output.Length is 16; expected input.Length = 24", () => Validate(Self, 24, output: 16));
        Refused<ArgumentException>("output", "output.Length is 32; expected input.Length = 24", () => Validate(Self, 24, output: 32));
        Refused<ArgumentException>(
            "input", "input has 2 rows for each sequence; expected SequenceLength = 3", () => Validate(Self with { SequenceLength = 3 }, 16));
        Refused<ArgumentException>(
            "input", "input has 0 rows for each sequence; expected SequenceLength = 3", () => Validate(Self with { SequenceLength = 3 }, 0));
    }

    /// <summary>Where a call of one sequence would fit as one of several, the message says so.</summary>
    [Fact]
    public void A_forgotten_batch_is_recognised()
    {
        Refused<ArgumentException>(
            "input", "expected SequenceLength = 3. For 2 sequences give batch: 2.", () => Validate(Self with { SequenceLength = 3 }, 48));
        Refused<ArgumentException>(
            "keyLengths", "batch = 1. For 3 sequences give batch: 3.", () => Validate(Self with { KeyLengths = true }, 24, keyLengths: [1, 1, 1]));
        AttentionShape masked = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 0) with { HasProjections = false, AdditiveMask = MaskAxes.QueryKey };
        Refused<ArgumentException>(
            "additiveMask", "additiveMask.Length is 15; expected rows · keys = 12 · 20 = 240. For 4 sequences give batch: 4.", () => Core(15));
        string message = Assert.Throws<ArgumentException>(() => Core(16)).Message;
        Assert.DoesNotContain("give batch", message);

        void Core(int mask) => KernelChecks.Validate(masked, new AttentionArguments
        {
            Input = new float[12 * 8], Key = new float[20 * 8], Value = new float[20 * 8], Output = new float[12 * 8], AdditiveMask = new float[mask],
        });
    }

    [Fact]
    public void Mask_lengths()
    {
        AttentionShape shape = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 0) with { HasProjections = false, AdditiveMask = MaskAxes.BatchHeadQueryKey,
            BooleanMask = MaskAxes.Key, MaskLength = true };
        foreach (int length in (int[])[0, 1, 4, 5])
            Validate(shape, length, 2 * 2 * 3 * length, length);
        Refused<ArgumentException>(
            "additiveMask", "additiveMask.Length is 60; expected batch · Heads · rows · maskLength = 2 · 2 · 3 · 4 = 48.", () => Validate(shape, 4, 60, 4));
        Refused<ArgumentException>("booleanMask", "booleanMask.Length is 5; expected maskLength = 4.", () => Validate(shape, 4, 48, 5));
        Refused<ArgumentOutOfRangeException>("maskLength", "maskLength is 6; expected 0 to 5, the keys of each sequence", () => Validate(shape, 6, 72, 6));
        Refused<ArgumentOutOfRangeException>("maskLength", "maskLength is -1; expected 0 to 5", () => Validate(shape, -1, 0, 0));
        // Forgotten, it is 0: no mask of keys fits.
        Refused<ArgumentException>("booleanMask", "booleanMask.Length is 5; expected maskLength = 0.", () => Validate(shape, 0, 60, 5));

        AttentionShape whole = shape with { MaskLength = false };
        Validate(whole, 0, 60, 5);
        Refused<ArgumentException>(
            "maskLength",
            "maskLength is 5; expected 0, because the configuration does not declare MaskLength: masks have all keys.",
            () => Validate(whole, 5, 60, 5));
        // An inferred length would take this one.
        Refused<ArgumentException>("booleanMask", "booleanMask.Length is 4; expected keys = 5.", () => Validate(whole, 0, 60, 4));
        AttentionShape ragged = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 8) with { Ragged = true };
        Refused<ArgumentException>("maskLength", "does not declare MaskLength", () => KernelChecks.Validate(
            ragged, new AttentionArguments { Input = new float[16], Output = new float[16], RowOffsets = [0, 2], MaskLength = 1 }));

        static void Validate(AttentionShape shape, int maskLength, int additive, int boolean) => KernelChecks.Validate(shape, new AttentionArguments
        {
            Batch = 2, Input = new float[2 * 3 * 8], Key = new float[2 * 5 * 8], Value = new float[2 * 5 * 8], Output = new float[2 * 3 * 8],
            MaskLength = maskLength, AdditiveMask = new float[additive], BooleanMask = new bool[boolean],
        });
    }

    [Fact]
    public void Options() => Refused<ArgumentOutOfRangeException>("options", "MaxDegreeOfParallelism is -2; expected 0 or more", () => KernelChecks.Validate(
        Self, new AttentionArguments { Input = new float[8], Output = new float[8], Options = new ForwardOptions { MaxDegreeOfParallelism = -2 } }));

    [Fact]
    public void Key_lengths()
    {
        AttentionShape shape = Self with { KeyLengths = true };
        Refused<ArgumentException>("keyLengths", "keyLengths.Length is 0; expected one for each sequence, batch = 1", () => Validate(shape, 24));
        Refused<ArgumentException>(
            "keyLengths", "keyLengths.Length is 3; expected one for each sequence, batch = 2", () => Validate(shape, 16, batch: 2, keyLengths: [1, 1, 1]));
        Refused<ArgumentOutOfRangeException>("keyLengths", "keyLengths[1] is 2; expected 0 to 1", () => Validate(shape, 16, batch: 2, keyLengths: [1, 2]));
        Refused<ArgumentOutOfRangeException>("keyLengths", "keyLengths[0] is -1; expected 0 to 1", () => Validate(shape, 16, batch: 2, keyLengths: [-1, 0]));
        Refused<ArgumentException>(
            "keyLengths",
            "keyLengths.Length is 1; expected 0, because the configuration does not declare KeyLengths",
            () => Validate(Self, 8, keyLengths: [1]));
        Refused<ArgumentOutOfRangeException>(
            "keyLengths", "keyLengths[0] is 3; expected 0 to 2", () => Validate(Cross with { KeyLengths = true }, 24, memory: 12, keyLengths: [3]));
    }

    [Fact]
    public void Memory()
    {
        Refused<ArgumentException>("memory", "memory.Length is 6; expected 0, because this kernel is self-attention", () => Validate(Self, 8, memory: 6));
        Refused<ArgumentException>("memory", "memory.Length is 7; expected a multiple of batch · MemoryDim = 1 · 6 = 6", () => Validate(Cross, 8, memory: 7));
        Refused<ArgumentException>("memory", "memory.Length is 6; expected 0, because batch is 0", () => Validate(Cross, 0, batch: 0, memory: 6));
        var cache = new AttentionCache(Cross, 4);
        Refused<ArgumentException>(
            "memory", "memory.Length is 6; expected 0, because the cache holds the projected memory", () => Validate(Cross, 8, memory: 6, cache: cache));
    }

    [Fact]
    public void Caches()
    {
        var cache = new AttentionCache(Causal, 5, 2);
        cache.Commit(3);
        Refused<ArgumentException>("batch", "batch is 1; expected 2, the batch of cache", () => Validate(Causal, 8, cache: cache));
        Refused<ArgumentException>("cache", "cache is given; expected none", () => Validate(Self, 16, batch: 2, cache: cache));
        Refused<ArgumentException>("cache", "expected a cache of this kernel", () => Validate(Causal with { Scale = 1 }, 16, batch: 2, cache: cache));
        string message = Assert.Throws<InvalidOperationException>(() => Validate(Causal, 48, batch: 2, cache: cache)).Message;
        Assert.Equal("cache is too small: it holds 3 of at most 5 keys, and input has 3 more; expected at most 2.", message);
        Assert.Equal(3, cache.Length);
    }

    [Fact]
    public void Overlaps()
    {
        float[] buffer = new float[100];
        Refused<ArgumentException>("output", "output overlaps input", () => KernelChecks.Validate(
            Self, new AttentionArguments { Input = buffer.AsSpan(0, 16), Output = buffer.AsSpan(0, 16) }));
        Refused<ArgumentException>("output", "output overlaps input", () => KernelChecks.Validate(
            Self, new AttentionArguments { Input = buffer.AsSpan(0, 16), Output = buffer.AsSpan(15, 16) }));
        Refused<ArgumentException>("output", "output overlaps input", () => KernelChecks.Validate(
            Self, new AttentionArguments { Input = buffer.AsSpan(15, 16), Output = buffer.AsSpan(0, 16) }));
        Refused<ArgumentException>("output", "output overlaps memory", () => KernelChecks.Validate(
            Cross, new AttentionArguments { Input = new float[16], Memory = buffer.AsSpan(15, 12), Output = buffer.AsSpan(0, 16) }));

        KernelChecks.Validate(Self, new AttentionArguments { Input = buffer.AsSpan(0, 16), Output = buffer.AsSpan(16, 16) });
        KernelChecks.Validate(Cross, new AttentionArguments { Input = buffer.AsSpan(0, 16), Memory = buffer.AsSpan(0, 12), Output = buffer.AsSpan(16, 16) });
    }

    [Fact]
    public void Memory_that_is_projected_into_a_cache()
    {
        var cache = new AttentionCache(Cross, 4, 2);
        cache.Commit(1);
        Assert.Equal(new ForwardDimensions(2, 0, 4, 0), KernelChecks.ValidateMemory(Cross, new float[48], cache, default(ForwardOptions)));
        Assert.Equal(new ForwardDimensions(2, 0, 0, 0), KernelChecks.ValidateMemory(Cross, [], cache, default(ForwardOptions)));
        Refused<ArgumentException>(
            "memory",
            "memory.Length is 18; expected a multiple of batch · MemoryDim = 2 · 6 = 12",
            () => KernelChecks.ValidateMemory(Cross, new float[18], cache, default(ForwardOptions)));
        Refused<ArgumentException>(
            "cache",
            "expected a cache of this kernel",
            () => KernelChecks.ValidateMemory(Cross with { QueryBias = false }, new float[12], cache, default(ForwardOptions)));
        Assert.Throws<ArgumentNullException>("cache", () => KernelChecks.ValidateMemory(Cross, new float[12], null!, default(ForwardOptions)));
        Refused<ArgumentOutOfRangeException>(
            "options", "MaxDegreeOfParallelism is -1", () => KernelChecks.ValidateMemory(Cross, [], cache, new ForwardOptions { MaxDegreeOfParallelism = -1 }));
        string message = Assert.Throws<InvalidOperationException>(
            () => KernelChecks.ValidateMemory(Cross, new float[60], cache, default(ForwardOptions))).Message;
        Assert.Equal("cache is too small: it holds 0 of at most 4 keys, and memory has 5 more; expected at most 4.", message);
        Assert.Throws<ArgumentOutOfRangeException>("rows", () => KernelChecks.ValidateSizes(0, -1, 0));
    }

    [Fact]
    public void Values_with_an_input_of_their_own()
    {
        AttentionShape shape = Cross with { ValueInputDim = 5 };
        ForwardDimensions Check(AttentionShape one, int memory, int values, AttentionCache? cache = null) => KernelChecks.Validate(one, new AttentionArguments
        {
            Input = new float[8], Memory = new float[memory], ValueInput = new float[values], Output = new float[8], Cache = cache,
        });
        Assert.Equal(new ForwardDimensions(1, 1, 3, 0), Check(shape, 18, 15));
        const string Expected = "expected rows of all memories · ValueInputDim = 3 · 5 = 15, a row for each row of memory";
        Refused<ArgumentException>("valueInput", $"valueInput.Length is 0; {Expected}", () => Check(shape, 18, 0));
        Refused<ArgumentException>("valueInput", $"valueInput.Length is 20; {Expected}", () => Check(shape, 18, 20));
        Refused<ArgumentException>("valueInput", "expected 0, because the configuration does not declare ValueInputDim", () => Check(Cross, 18, 15));
        var cache = new AttentionCache(shape, 4);
        Refused<ArgumentException>(
            "valueInput", "valueInput.Length is 5; expected 0, because the cache holds the projected values", () => Check(shape, 0, 5, cache));
        Refused<ArgumentException>(
            "valueInput", "expected rows of all memories · ValueInputDim = 2 · 5 = 10",
            () => KernelChecks.ValidateMemory(shape, new float[12], new float[9], cache, default));
        Assert.Equal(new ForwardDimensions(1, 0, 2, 0), KernelChecks.ValidateMemory(shape, new float[12], new float[10], cache, default));
    }

    [Theory]
    [InlineData("query", "span query", 64, 65, "[8, 8], which is [Heads · HeadDim, DModel]")]
    [InlineData("key", "span key", 24, 25, "[4, 6], which is [KvHeads · HeadDim, MemoryDim]")]
    [InlineData("value", "span value", 24, 0, "[4, 6], which is [KvHeads · HeadDim, MemoryDim]")]
    [InlineData("output", "span output", 64, 8, "[8, 8], which is [DModel, Heads · HeadDim]")]
    public void Weights_of_another_size(string role, string source, int right, int wrong, string expected)
    {
        AttentionShape shape = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 8, kvHeads: 1, memoryDim: 6) with
        {
            QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
        };
        KernelChecks.ValidateWeights(shape, Weights(_ => right));
        Refused<ArgumentException>(
            "weights",
            $"The {role} weight ({source}) has {wrong} elements; this kernel expects {expected}",
            () => KernelChecks.ValidateWeights(shape, Weights(_ => wrong)));

        AttentionWeights Weights(Func<string, int> size) => AttentionWeights.FromSpans(
            new float[role == "query" ? size(role) : 64],
            new float[role == "key" ? size(role) : 24],
            new float[role == "value" ? size(role) : 24],
            new float[role == "output" ? size(role) : 64]);
    }

    [Fact]
    public void Biases()
    {
        float[] matrix = new float[64], bias = new float[8];
        Refused<ArgumentException>("weights", "The value bias is missing (span valueBias); this kernel expects 8 elements, or ValueBias = false",
            () => KernelChecks.ValidateWeights(
            Self, AttentionWeights.FromSpans(matrix, matrix, matrix, matrix, bias, bias, default, bias)));
        Refused<ArgumentException>("weights", "The output bias (span outputBias) has 8 elements; this kernel expects none, because its configuration says "
            + "OutputBias = false", () => KernelChecks.ValidateWeights(
            Self with { OutputBias = false }, AttentionWeights.FromSpans(matrix, matrix, matrix, matrix, bias, bias, bias, bias)));
        Refused<ArgumentException>("weights", "The key bias (span keyBias) has 7 elements; this kernel expects 8 elements, which is KvHeads · HeadDim",
            () => KernelChecks.ValidateWeights(
            Self, AttentionWeights.FromSpans(matrix, matrix, matrix, matrix, bias, new float[7], bias, bias)));
        Assert.Throws<ArgumentNullException>("weights", () => KernelChecks.ValidateWeights(Self, null!));
        KernelChecks.ValidateWeights(Self, AttentionWeights.FromSpans(matrix, matrix, matrix, matrix, bias, bias, bias, bias));
    }

    private static ForwardDimensions Validate(
        AttentionShape shape, int input, int? output = null, int batch = 1, int memory = 0, AttentionCache? cache = null, int[]? keyLengths = null) =>
        KernelChecks.Validate(shape, new AttentionArguments
        {
            Input = new float[input],
            Output = new float[output ?? input],
            Memory = new float[memory],
            Batch = batch,
            Cache = cache,
            KeyLengths = keyLengths,
        });

    private static void Refused<TException>(string argument, string message, Action action)
        where TException : ArgumentException
    {
        TException exception = Assert.Throws<TException>(argument, action);
        Assert.Contains(message, exception.Message);
    }
}
