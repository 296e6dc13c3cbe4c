using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>Every conformance case against the float64 reference.</summary>
[Trait("Speed", "Slow")]
public sealed class ReferenceConformanceTests
{
    public static TheoryData<string> Attention => [.. VectorFile.Names.Where(name => !name.StartsWith("rotary_", StringComparison.Ordinal))];

    [Fact]
    public void Every_case_is_there()
    {
        string[] operators = [.. VectorFile.Folders.Select(folder => VectorFile.Read(Path.GetFileName(folder)).Operator)];
        Assert.Equal(57, operators.Count(name => name == "ai.onnx.Attention"));
        Assert.Equal(6, operators.Count(name => name == "ai.onnx.RotaryEmbedding"));
        Assert.Equal(36, operators.Count(name => name.StartsWith("com.microsoft.", StringComparison.Ordinal)));
        Assert.Equal(99, operators.Length);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Attention))]
    public void Gives_what_the_case_expects(string name)
    {
        VectorCall vector = VectorCall.From(VectorFile.Read(name));
        ReferenceCache? cache = null;
        if (vector.Past is { } past)
        {
            cache = new ReferenceCache(vector.Call.Shape, vector.Call.Batch);
            cache.Load(past.Keys, past.Values, HeadLayout.HeadsRows);
        }

        ReferenceResult result = vector.Call.ReferenceAll(cache);
        vector.Check(name, kind => kind switch
        {
            VectorResult.Output => result.Output,
            VectorResult.PresentKeys => cache!.ToArrays(HeadLayout.HeadsRows).Keys,
            VectorResult.PresentValues => cache!.ToArrays(HeadLayout.HeadsRows).Values,
            VectorResult.Scores => result.Scores,
            _ => result.Probabilities,
        });
    }
}
