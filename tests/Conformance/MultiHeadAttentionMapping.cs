using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>
/// onnxruntime's MultiHeadAttention: queries, keys and values are projected already, but for their biases.
/// </summary>
internal static class MultiHeadAttentionMapping
{
    public static VectorCall Map(VectorFile file)
    {
        int batch = file.Shape("query")[0], rows = file.Shape("query")[1], width = file.Shape("query")[2], heads = file.Int("num_heads");
        // Cross-attention may give keys and values as [batch, heads, keys, d].
        bool wide = file.Shape("key").Length == 4;
        int keys = file.Shape("key")[wide ? 2 : 1], valueWidth = wide ? heads * file.Shape("value")[3] : file.Shape("value")[2];
        float[] key = Rows("key"), value = Rows("value");
        int past = file.Has("past_key") ? file.Shape("past_key")[2] : 0;
        int[] mask = file.Has("key_padding_mask") ? file["key_padding_mask"].ToInt32() : [];

        var expected = new List<(VectorResult, float[])> { (VectorResult.Output, file.Floats("output")) };
        if (file.Has("present_key"))
        {
            expected.Add((VectorResult.PresentKeys, file.Floats("present_key")));
            expected.Add((VectorResult.PresentValues, file.Floats("present_value")));
        }

        var configuration = new TestConfiguration
        {
            Heads = heads,
            HeadDim = width / heads,
            ValueHeadDim = valueWidth / heads,
            Projections = false,
            InputBias = file.Has("bias"),
            Scale = file.Float("scale"),
            BooleanMask = mask.Length > 0 ? MaskAxes.BatchKey : MaskAxes.None,
        };
        var call = new AttentionCase
        {
            Shape = configuration.Shape, Weights = Weights(), Batch = batch, Rows = rows, Keys = keys,
            CachedKeys = past == 0 ? [] : [.. Enumerable.Repeat(past, batch)],
            Input = file.Floats("query"),
            Key = key,
            Value = value,
            BooleanMask = Mask.Attend(mask),
        };
        return new()
        {
            Configuration = configuration,
            Call = call with { Shape = configuration.Shape },
            Past = past == 0 ? null : (file.Floats("past_key"), file.Floats("past_value")),
            Expected = expected,
            Tolerance = VectorCall.ToleranceOf(file),
        };

        float[] Rows(string name) => wide
            ? Arrays.SwapMiddle(file.Floats(name), batch, heads, keys, file.Shape(name)[3])
            : file.Floats(name);

        AttentionWeights Weights()
        {
            if (!file.Has("bias"))
                return AttentionWeights.Empty;
            float[] bias = file.Floats("bias");
            return AttentionWeights.FromSpans(
                [], [], [], [], Arrays.Part(bias, 0, width), Arrays.Part(bias, width, width), Arrays.Part(bias, 2 * width, valueWidth));
        }
    }
}
