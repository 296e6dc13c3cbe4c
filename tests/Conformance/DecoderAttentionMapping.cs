using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>onnxruntime's DecoderAttention: [rows, batch, width], query and packed key/value projections, no output projection.</summary>
internal static class DecoderAttentionMapping
{
    public static VectorCall Map(VectorFile file)
    {
        int rows = file.Shape("query")[0], batch = file.Shape("query")[1], width = file.Shape("query")[2], heads = file.Int("num_heads");
        bool cross = file.Int("static_kv") == 1, usesPast = file.Int("use_past") == 1, keepsState = file.Int("has_layer_state") == 1;
        int memoryRows = file.Shape("key")[0], past = usesPast ? file.Shape("key_cache")[2] : 0;
        int keys = cross ? usesPast ? past : memoryRows : past + rows;
        bool masks = file.Int("has_key_padding_mask") == 1, cached = keepsState || usesPast;

        // Self-attention sees all keys, those of later rows too; a kernel that caches is causal, so there the prefix is everything.
        bool prefix = cached && !cross;
        var configuration = new TestConfiguration
        {
            Heads = heads,
            DModel = width,
            MemoryDim = cross ? width : 0,
            OutputProjection = false,
            Causal = prefix,
            PrefixLengths = prefix,
            BooleanMask = masks ? MaskAxes.BatchKey : MaskAxes.None,
        };
        float[] pair = file.Floats("kv_weight"), bias = file.Floats("bias");
        var expected = new List<(VectorResult, float[])> { (VectorResult.Output, Arrays.SwapMiddle(file.Floats("output"), 1, rows, batch, width)) };
        if (file.Has("new_key_cache"))
        {
            expected.Add((VectorResult.PresentKeys, file.Floats("new_key_cache")));
            expected.Add((VectorResult.PresentValues, file.Floats("new_value_cache")));
        }

        return new()
        {
            Configuration = configuration,
            Call = new()
            {
                Shape = configuration.Shape,
                Weights = AttentionWeights.FromSpans(
                    Arrays.TransposeColumns(file.Floats("q_weight"), width, width, 0, width),
                    Arrays.TransposeColumns(pair, width, 2 * width, 0, width),
                    Arrays.TransposeColumns(pair, width, 2 * width, width, width),
                    [],
                    Arrays.Part(bias, 0, width),
                    Arrays.Part(bias, width, width),
                    Arrays.Part(bias, 2 * width, width)),
                Batch = batch,
                Rows = rows,
                Keys = cross ? cached ? 0 : memoryRows : rows,
                CachedKeys = cached ? [.. Enumerable.Repeat(past, batch)] : [],
                Input = Arrays.SwapMiddle(file.Floats("query"), 1, rows, batch, width),
                Memory = cross && !cached ? Arrays.SwapMiddle(file.Floats("key"), 1, memoryRows, batch, width) : [],
                PrefixLengths = prefix ? [.. Enumerable.Repeat(keys, batch)] : [],
                // true = masked.
                BooleanMask = masks ? [.. file["key_padding_mask"].ToBooleans().Select(masked => !masked)] : [],
            },
            Past = !cached ? null : usesPast ? (file.Floats("key_cache"), file.Floats("value_cache")) : ([], []),
            Expected = expected,
            Tolerance = VectorCall.ToleranceOf(file),
        };
    }
}
