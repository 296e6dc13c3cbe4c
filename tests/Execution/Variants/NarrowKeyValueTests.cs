using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>
/// A narrow format changes keys and values, and nothing else: a kernel has the bits of a float32 kernel that gets the rounded numbers. Of int8 the scales are
/// applied apart, so there the reference is what it is close to.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class NarrowKeyValueTests
{
    private static readonly TestConfiguration Core = new() { Heads = 6, KvHeads = 2, HeadDim = 20, ValueHeadDim = 72, Projections = false };
    private static readonly TestConfiguration Cross = new() { Heads = 4, DModel = 64, MemoryDim = 40, KeyLengths = true };

    private static KernelSet Kernels { get; } = new(
        [.. from format in Enum.GetValues<KeyValueFormat>()
            from block in (IEnumerable<(string, TestConfiguration)>)
                [("core", Core), ("causal", Core with { Causal = true }), ("window", Core with { WindowLeft = 40, WindowRight = 300 }), ("cross", Cross)]
            select ($"{block.Item1} {format}", block.Item2 with { KeyValues = format })]);

    public static TheoryData<string, KeyValueFormat> Cores =>
        new MatrixTheoryData<string, KeyValueFormat>(["core", "causal", "window"], [KeyValueFormat.BFloat16, KeyValueFormat.Float16, KeyValueFormat.Int8]);

    /// <summary>Rows from one to more than a run of query rows, with keys on either side of a key block.</summary>
    [Theory]
    [MemberData(nameof(Cores))]
    public void Has_the_bits_of_float32_on_rounded_keys(string name, KeyValueFormat format)
    {
        IKernel narrow = Create($"{name} {format}"), wide = Create($"{name} {KeyValueFormat.Float32}");
        foreach (int rows in (int[])[1, 2, 3, 4, 5, 8, 9, 24, 50, 130, 300])
        {
            foreach (int keys in (int[])[1, 40, 255, 257, 600])
            {
                AttentionWeights none = AttentionWeights.Random(narrow.Type.Shape, seed: 5);
                AttentionCase call = AttentionCase.Create(narrow.Type.Shape, 1, rows, keys, seed: rows + keys, none);
                (float[] roundedKeys, float[] roundedValues) = Rounded(call);
                AttentionResult actual = call.RunAll(narrow);
                AttentionCase rounded = call with { Shape = wide.Type.Shape, Key = roundedKeys, Value = roundedValues };
                if (format == KeyValueFormat.Int8)
                    actual.AssertClose(rounded.ReferenceAll(), call.Shape, call.Describe(), Compare.Tolerance);
                else
                    rounded.RunAll(wide).AssertSameBits(actual, call.Describe());
            }
        }
    }

    /// <summary>A memory that was projected into a narrow cache, and copied from there into one of float32.</summary>
    [Theory]
    [InlineData(KeyValueFormat.BFloat16)]
    [InlineData(KeyValueFormat.Float16)]
    [InlineData(KeyValueFormat.Int8)]
    public void A_projected_memory_is_rounded(KeyValueFormat format)
    {
        IKernel narrow = Create($"cross {format}"), wide = Create($"cross {KeyValueFormat.Float32}");
        foreach (int rows in (int[])[1, 7, 60])
        {
            AttentionCase call = AttentionCase.Create(narrow.Type.Shape, 2, rows, 290, seed: rows, AttentionWeights.Random(narrow.Type.Shape, seed: 5));
            AttentionCache cache = narrow.CreateCache(290, 2), copy = wide.CreateCache(290, 2);
            narrow.ProjectMemory(call.Memory, cache, []);
            float[] keys = new float[2 * 290 * call.Shape.KeyDim], values = new float[2 * 290 * call.Shape.ValueDim];
            cache.CopyTo(keys, values);
            copy.Load(keys, values);
            AttentionCase cached = call with { Memory = [], Keys = 0, CachedKeys = [290, 290] };
            AttentionResult actual = cached.RunAll(narrow, cache: cache), expected = (cached with { Shape = wide.Type.Shape }).RunAll(wide, cache: copy);
            call.RunAll(narrow).AssertSameBits(actual, call.Describe());
            if (format == KeyValueFormat.Int8)
                Compare.Close(Array.ConvertAll(expected.Output, value => (double)value), actual.Output, call.Shape.DModel, call.Describe());
            else
                expected.AssertSameBits(actual, call.Describe());
        }
    }

    private static IKernel Create(string name)
    {
        IKernelType type = Kernels.Type(name);
        return type.Create(AttentionWeights.Random(type.Shape, seed: 5));
    }

    private static (float[] Keys, float[] Values) Rounded(AttentionCase call)
    {
        var cache = new AttentionCache(call.Shape, call.Keys);
        cache.Load(call.Key, call.Value, HeadLayout.RowsHeads);
        float[] keys = new float[call.Key.Length], values = new float[call.Value.Length];
        cache.CopyTo(keys, values, HeadLayout.RowsHeads);
        return (keys, values);
    }
}
