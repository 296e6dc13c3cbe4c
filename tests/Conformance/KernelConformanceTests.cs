using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>Every conformance case through generated classes, one for each distinct configuration, compiled together.</summary>
[Trait("Speed", "Slow")]
public sealed class KernelConformanceTests(ITestOutputHelper log)
{
    private static readonly Lazy<IReadOnlyDictionary<string, VectorCall>> Calls = new(() =>
        ReferenceConformanceTests.Attention.ToDictionary(row => row.Data, row => VectorCall.From(VectorFile.Read(row.Data))));

    private static readonly Lazy<IReadOnlyDictionary<TestConfiguration, IKernelType>> Types = new(() =>
        KernelFactory.Compile(Calls.Value.Values.Select(call => call.Configuration), ProjectProperties.OfThisProcessor));

    public static TheoryData<string> Attention => ReferenceConformanceTests.Attention;

    [Fact]
    public void No_case_is_left_out()
    {
        int all = VectorFile.Folders.Count(), rotary = RotaryConformanceTests.Cases.Count, attention = Calls.Value.Count;
        log.WriteLine(
            $"{attention + rotary} of {all} cases: {attention} through {Types.Value.Count} generated classes, {rotary} through the rotation that kernels "
                + $"call.");
        Assert.Equal(99, all);
        Assert.Equal(99, attention + rotary);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Attention))]
    public void Gives_what_the_case_expects(string name)
    {
        VectorCall vector = Calls.Value[name];
        AttentionCase call = vector.Call;
        IKernelType type = Types.Value[vector.Configuration];
        Compare.SameShape(call.Shape, type.Shape);
        IKernel kernel = type.Create(call.Weights);
        AttentionCache? cache = null;
        if (vector.Past is { } past)
        {
            cache = kernel.CreateCache(Math.Max(1, call.KeysOf(0)), call.Batch);
            if (past.Keys.Length > 0)
                cache.Load(past.Keys, past.Values);
        }

        AttentionResult result = call.RunAll(kernel, cache: cache);
        var keys = new float[(cache?.Length ?? 0) * call.Batch * call.Shape.KeyDim];
        var values = new float[(cache?.Length ?? 0) * call.Batch * call.Shape.ValueDim];
        cache?.CopyTo(keys, values);
        vector.Check(name, kind => Widen(kind switch
        {
            VectorResult.Output => result.Output,
            VectorResult.PresentKeys => keys,
            VectorResult.PresentValues => values,
            VectorResult.Scores => result.Scores,
            _ => result.Probabilities,
        }));
    }

    private static double[] Widen(float[] values) => [.. values.Select(value => (double)value)];
}
