using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>ONNX Attention, opsets 23 to 25: a core in either layout.</summary>
internal static class OnnxAttentionMapping
{
    public static VectorCall Map(VectorFile file)
    {
        // 3D is [batch, rows, heads · d] with the heads as attributes, 4D is [batch, heads, rows, d].
        bool flat = file.Shape("Q").Length == 3;
        int batch = file.Shape("Q")[0];
        int heads = flat ? file.Int("q_num_heads") : file.Shape("Q")[1], kvHeads = flat ? file.Int("kv_num_heads") : file.Shape("K")[1];
        int rows = file.Shape("Q")[flat ? 1 : 2], newKeys = file.Shape("K")[flat ? 1 : 2];
        int past = file.Has("past_key") ? file.Shape("past_key")[2] : 0;
        int keys = past + newKeys;
        bool causal = file.Int("is_causal") == 1, lengths = file.Has("nonpad_kv_seqlen");
        Mask mask = file.Has("attn_mask") ? Mask.Read(file["attn_mask"]) : Mask.None;
        AttentionOutputs scores = file.Int("qk_matmul_output_mode") switch
        {
            0 => AttentionOutputs.ScaledScores,
            1 => AttentionOutputs.CappedScores,
            2 => AttentionOutputs.MaskedScores,
            _ => AttentionOutputs.Probabilities,
        };
        var configuration = new TestConfiguration
        {
            Projections = false,
            Layout = flat ? HeadLayout.RowsHeads : HeadLayout.HeadsRows,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = flat ? file.Shape("Q")[2] / heads : file.Shape("Q")[3],
            ValueHeadDim = flat ? file.Shape("V")[2] / kvHeads : file.Shape("V")[3],
            Scale = file.Float("scale"),
            Softcap = file.Float("softcap"),
            Causal = causal,
            // The offset is that of the past; without one it follows from the lengths.
            CausalAlignment = causal && lengths ? CausalAlignment.BottomRight : CausalAlignment.TopLeft,
            KeyLengths = lengths,
            WindowLeft = file.Int("left_window_size", -1),
            WindowRight = file.Int("right_window_size", -1),
            BooleanMask = mask.Booleans.Length > 0 ? mask.Axes : MaskAxes.None,
            AdditiveMask = mask.Floats.Length > 0 ? mask.Axes : MaskAxes.None,
            MaskLength = mask.Keys < keys && mask != Mask.None,
            Outputs = file.Has("qk_matmul_output") ? scores : AttentionOutputs.None,
        };
        var expected = new List<(VectorResult, float[])> { (VectorResult.Output, file.Floats("Y")) };
        if (file.Has("present_key"))
        {
            expected.Add((VectorResult.PresentKeys, file.Floats("present_key")));
            expected.Add((VectorResult.PresentValues, file.Floats("present_value")));
        }

        if (file.Has("qk_matmul_output"))
            expected.Add((scores == AttentionOutputs.Probabilities ? VectorResult.Probabilities : VectorResult.Scores, file.Floats("qk_matmul_output")));
        return new()
        {
            Configuration = configuration,
            Call = new()
            {
                Shape = configuration.Shape,
                Weights = AttentionWeights.Empty,
                Batch = batch,
                Rows = rows,
                Keys = newKeys,
                CachedKeys = past == 0 ? [] : [.. Enumerable.Repeat(past, batch)],
                Input = file.Floats("Q"),
                Key = file.Floats("K"),
                Value = file.Floats("V"),
                KeyLengths = lengths ? [.. file["nonpad_kv_seqlen"].ToInt64().Select(length => (int)length)] : [],
                BooleanMask = mask.Booleans,
                AdditiveMask = mask.Floats,
                MaskLength = mask.Keys < keys ? mask.Keys : 0,
            },
            Past = past == 0 ? null : (file.Floats("past_key"), file.Floats("past_value")),
            Expected = expected,
            Tolerance = VectorCall.ToleranceOf(file),
        };
    }
}
