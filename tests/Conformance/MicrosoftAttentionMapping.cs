using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>onnxruntime's Attention: one packed input projection, and no output projection.</summary>
internal static class MicrosoftAttentionMapping
{
    public static VectorCall Map(VectorFile file)
    {
        int batch = file.Shape("input")[0], rows = file.Shape("input")[1], width = file.Shape("input")[2];
        int columns = file.Shape("weight")[1], heads = file.Int("num_heads");
        int[] sizes = file.Ints("qkv_hidden_sizes") is { Length: 3 } given ? given : [columns / 3, columns / 3, columns / 3];
        int past = file.Int("past_sequence_length"), keys = past + rows;
        bool causal = file.Int("unidirectional") == 1, rotates = file.Int("do_rotary") == 1;

        var configuration = new TestConfiguration
        {
            Heads = heads,
            DModel = width,
            HeadDim = sizes[0] / heads,
            ValueHeadDim = sizes[2] / heads,
            OutputProjection = false,
            Causal = causal,
            Scale = file.Float("scale"),
            Rotary = rotates ? RotaryKind.HalfSplit : RotaryKind.None,
        };
        var call = new AttentionCase
        {
            Shape = configuration.Shape, Weights = Weights(file, width, sizes), Batch = batch, Rows = rows, Keys = rows,
            CachedKeys = file.Has("present") ? [.. Enumerable.Repeat(past, batch)] : [],
            Input = file.Floats("input"),
        };
        (configuration, call) = AddMask(file, configuration, call, keys);

        // [batch, heads, rows, keys], added to the scores.
        if (file.Has("attention_bias"))
        {
            configuration = configuration with { AdditiveMask = MaskAxes.BatchHeadQueryKey };
            call = call with { AdditiveMask = file.Floats("attention_bias") };
        }

        var expected = new List<(VectorResult, float[])> { (VectorResult.Output, file.Floats("output")) };
        int half = file.Has("present") ? file["present"].Count / 2 : 0;
        if (half > 0)
        {
            expected.Add((VectorResult.PresentKeys, Arrays.Part(file.Floats("present"), 0, half)));
            expected.Add((VectorResult.PresentValues, Arrays.Part(file.Floats("present"), half, half)));
        }

        int pastHalf = file.Has("past") ? file["past"].Count / 2 : 0;
        return new()
        {
            Configuration = configuration,
            Call = call with { Shape = configuration.Shape },
            Past = half == 0
                ? null
                : pastHalf == 0
                ? ([], [])
                : (Arrays.Part(file.Floats("past"), 0, pastHalf), Arrays.Part(file.Floats("past"), pastHalf, pastHalf)),
            Expected = expected,
            Tolerance = VectorCall.ToleranceOf(file),
        };
    }

    /// <summary>
    /// The operator adds −10,000 where it masks. Where a row sees another key that is −∞; a row that sees none keeps the relative scores of the keys
    /// that causality leaves it, so there the −10,000 are added as they are.
    /// </summary>
    private static (TestConfiguration Configuration, AttentionCase Call) AddMask(VectorFile file, TestConfiguration configuration, AttentionCase call, int keys)
    {
        int[] mask = file.Has("mask_index") ? file["mask_index"].ToInt32() : [];
        int batch = call.Batch;
        switch (file.Text("mask_type"))
        {
            case "MASK_1D_KEY_SEQ_LEN":
                return (configuration with { KeyLengths = true }, call with { KeyLengths = [.. mask.Select(end => Math.Clamp(end, 0, keys))] });
            case "MASK_1D_END_START":
                return (
                    configuration with { KeyLengths = true, KeyStarts = true },
                    call with
                    {
                        KeyLengths = [.. mask.Take(batch).Select(end => Math.Clamp(end, 0, keys))],
                        KeyStarts = [.. mask.Skip(batch).Select(start => Math.Clamp(start, 0, keys))],
                    });
            case "MASK_2D_KEY_PADDING" when configuration.Causal && mask.Contains(0):
                return (configuration with { AdditiveMask = MaskAxes.BatchKey }, call with { AdditiveMask = [.. mask.Select(one => one != 0 ? 0 : -10_000f)] });
            case "MASK_2D_KEY_PADDING":
                return (configuration with { BooleanMask = MaskAxes.BatchKey }, call with { BooleanMask = Mask.Attend(mask) });
            case "MASK_3D_ATTENTION":
                return (configuration with { BooleanMask = MaskAxes.BatchQueryKey }, call with { BooleanMask = Mask.Attend(mask) });
            default:
                return (configuration, call);
        }
    }

    /// <summary>[inputs, q + k + v] cut into three, transposed.</summary>
    private static AttentionWeights Weights(VectorFile file, int inputs, int[] sizes)
    {
        float[] weight = file.Floats("weight"), bias = file.Floats("bias");
        int columns = sizes.Sum();
        return AttentionWeights.FromSpans(
            Arrays.TransposeColumns(weight, inputs, columns, 0, sizes[0]),
            Arrays.TransposeColumns(weight, inputs, columns, sizes[0], sizes[1]),
            Arrays.TransposeColumns(weight, inputs, columns, sizes[0] + sizes[1], sizes[2]),
            [],
            Arrays.Part(bias, 0, sizes[0]),
            Arrays.Part(bias, sizes[0], sizes[1]),
            Arrays.Part(bias, sizes[0] + sizes[1], sizes[2]));
    }
}
