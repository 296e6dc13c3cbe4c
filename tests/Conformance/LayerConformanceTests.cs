using AttentionGen.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>The conformance cases of norms, activations and what is around them: by the float64 reference, and by the vector code of the kernels.</summary>
public sealed class LayerConformanceTests
{
    private const double SinglePrecision = 1e-5, HalfPrecision = 2e-3;

    public static TheoryData<string> Norms =>
        Cases("layer_normalization_", "rms_normalization_", "layernorm_", "skiplayernorm_", "skipsimplifiedlayernorm_", "embedlayernorm_");

    public static TheoryData<string> ActivationCases => Cases("gelu_", "swish", "swiglu", "fastgelu_");

    [Fact]
    public void There_are_38_norms_and_7_activations()
    {
        SharedFiles.Require("conformance", "onnx-nn");
        Assert.Equal(38, Norms.Count);
        Assert.Equal(7, ActivationCases.Count);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Norms))]
    public void Norms_give_what_the_case_expects(string path)
    {
        VectorFile file = VectorFile.ReadLayer(path);
        bool centres = !file.Operator.EndsWith("RMSNormalization", StringComparison.Ordinal)
            && !file.Operator.EndsWith("SimplifiedLayerNormalization", StringComparison.Ordinal);
        Norm kind = centres ? Norm.Layer : Norm.Rms;
        float[] weight = Any(file, "Scale", "scale", "gamma"), bias = Any(file, "B", "beta");
        float epsilon = file.Float("epsilon") is > 0 and float given ? given : 1e-5f;
        float[] expected = Any(file, "Y", "output");
        (float[] input, float[]? branch) = Inputs(file);

        double[] sum = [.. input.Select((value, i) => (double)value + (branch is null ? 0 : branch[i]))];
        Check(file, expected, ReferenceNorm.Rows(kind, sum, weight, bias, epsilon));
        if (file.Has("skip_input_bias_add_output"))
            Check(file, file.Floats("skip_input_bias_add_output"), sum);

        float[] actual = new float[input.Length], sums = new float[input.Length];
        int width = weight.Length, rows = input.Length / width;
        var norm = new RowNorm(kind, weight, bias, epsilon);
        if (branch is null)
            norm.Apply(ref input[0], width, ref actual[0], width, rows);
        else
            norm.AddAndApply(ref input[0], width, ref branch[0], width, 1, ref sums[0], width, ref actual[0], width, rows);
        Check(file, expected, [.. actual.Select(value => (double)value)]);
        if (file.Has("skip_input_bias_add_output"))
            Check(file, file.Floats("skip_input_bias_add_output"), [.. sums.Select(value => (double)value)]);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ActivationCases))]
    public void Activations_give_what_the_case_expects(string path)
    {
        VectorFile file = VectorFile.ReadLayer(path);
        Activation kind = file.Operator switch
        {
            "ai.onnx.Gelu" => file.Text("approximate") == "tanh" ? Activation.GeluTanh : Activation.Gelu,
            "com.microsoft.FastGelu" => Activation.GeluTanh,
            "ai.onnx.Swish" or "ai.onnx.SwiGLU" => Activation.Silu,
            _ => throw new InvalidDataException($"{file.Name} is of {file.Operator}, which is no activation."),
        };
        float[] input = Any(file, "X", "A"), bias = file.Has("bias") ? file.Floats("bias") : [0], up = Any(file, "B"), expected = file.Floats("Y");
        input = [.. input.Select((value, i) => value + bias[i % bias.Length])];
        int length = input.Length, whole = (length + 15) / 16 * 16;

        double[] activated = [.. input.Select(value => ReferenceActivation.Of(kind, value))];
        Check(file, expected, up.Length == 0 ? activated : [.. activated.Zip(up, (value, factor) => value * factor)]);

        float[] actual = [.. input, .. new float[whole - length]], factors = [.. up, .. new float[whole - up.Length]];
        if (up.Length == 0)
            Activations.Apply(kind, ref actual[0], whole, 1, whole);
        else
            Activations.ApplyGate(kind, ref actual[0], whole, ref factors[0], whole, 1, whole);
        Check(file, expected, [.. actual.Take(length).Select(value => (double)value)]);
    }

    [Fact]
    public void The_error_function_of_the_reference_is_that_of_1_case()
    {
        VectorFile file = VectorFile.ReadLayer("onnx-nn/erf");
        Check(file, file.Floats("output"), [.. file.Floats("input").Select(value => ReferenceActivation.Erf(value))]);
    }

    [Theory]
    [InlineData("ort-nn/relative_position_bias_FP32")]
    [InlineData("ort-nn/relative_position_bias_FP16_No_Bidirectional")]
    public void Relative_positions_give_what_2_cases_expect(string path)
    {
        VectorFile file = VectorFile.ReadLayer(path);
        // The values lie head by head, whatever the declared shape says.
        float[] table = file.Floats("bias_table");
        int buckets = file.Shape("bias_table")[0], heads = file.Shape("bias_table")[1];
        int rows = (int)file["query_length"].ToInt64()[0], keys = (int)file["key_length"].ToInt64()[0];
        AttentionShape shape = Runtime.TestNumbers.Shape(heads, 8, 16) with
        {
            RelativePositionBuckets = buckets, RelativePositionMaxDistance = file.Int("max_distance"), Causal = file.Int("is_bidirectional") == 0,
        };
        float[] byBucket = [.. Enumerable.Range(0, buckets * heads).Select(i => table[i % heads * buckets + i / heads])];
        DistanceTable distances = new DistanceBias(shape, byBucket).Ensure(rows + keys);

        double[] byReference = new double[heads * rows * keys], byKernel = new double[heads * rows * keys];
        for (int i = 0; i < byReference.Length; i++)
        {
            int head = i / (rows * keys), distance = i % keys - i / keys % rows;
            byReference[i] = byBucket[ReferenceBias.Bucket(shape, distance) * heads + head];
            byKernel[i] = System.Runtime.CompilerServices.Unsafe.Add(ref distances.Centre, 2 * distances.Reach * head + distance);
        }

        Check(file, file.Floats("output"), byReference);
        Check(file, file.Floats("output"), byKernel);
    }

    /// <summary>What is normalised, or what and the branch that is added to it.</summary>
    private static (float[] Input, float[]? Branch) Inputs(VectorFile file)
    {
        if (file.Has("skip"))
        {
            float[] skip = file.Floats("skip"), bias = file.Has("bias") ? file.Floats("bias") : [0];
            return (file.Floats("input"), [.. skip.Select((value, i) => value + bias[i % bias.Length])]);
        }

        if (!file.Has("word_embedding"))
            return (Any(file, "X", "x"), null);
        int[] tokens = file["input_ids"].ToInt32();
        int length = file.Shape("input_ids")[1], width = file.Shape("word_embedding")[1];
        float[] words = file.Floats("word_embedding"), positions = file.Floats("position_embedding"),
        segments = file.Has("segment_embedding") ? file.Floats("segment_embedding") : [];
        int[]? segmentOf = file.Has("segment_ids") ? file["segment_ids"].ToInt32() : null,
        positionOf = file.Has("position_ids") ? file["position_ids"].ToInt32() : null;
        float[] word = new float[tokens.Length * width], place = new float[tokens.Length * width];
        for (int i = 0; i < word.Length; i++)
        {
            int token = i / width, element = i % width, position = positionOf is null ? token % length : positionOf[token % length];
            word[i] = words[tokens[token] * width + element];
            place[i] = positions[position * width + element] + (segmentOf is null ? 0 : segments[segmentOf[token] * width + element]);
        }

        return (word, place);
    }

    private static float[] Any(VectorFile file, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (file.Has(name))
                return file.Floats(name);
        }

        return [];
    }

    private static void Check(VectorFile file, float[] expected, double[] actual)
    {
        // One case gives its numbers with four decimals.
        double tolerance = (file.IsHalf ? HalfPrecision : SinglePrecision) + (file.Name == "layernorm_LayerNorm" ? file.OwnError : 0);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]) / (1 + Math.Abs(expected[i]));
            Assert.True(
                error <= tolerance, $"{file.Name}, element {i}: expected {expected[i]:R}, got {actual[i]:R} (error {error:E2}, allowed {tolerance:E2}).");
        }
    }

    private static TheoryData<string> Cases(params string[] prefixes)
    {
        if (!Directory.Exists(SharedFiles.Folder))
            return [];
        var paths =
            from half in new[] { "onnx-nn", "ort-nn" }
            from folder in Directory.GetDirectories(Path.Combine(SharedFiles.Folder, "conformance", half)).Select(Path.GetFileName)
            where prefixes.Any(prefix => folder.StartsWith(prefix, StringComparison.Ordinal))
            orderby folder
            select $"{half}/{folder}";
        return [.. paths];
    }
}
