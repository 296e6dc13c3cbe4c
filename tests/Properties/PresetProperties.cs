using AttentionGen.Tests.Runtime;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>
/// Files of every naming that there is a preset for, with one thing wrong or differently right: the weights that they hold, or a refusal that names the
/// tensor.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class PresetProperties
{
    private static readonly string[] Types = ["F32", "F16", "BF16"];

    public static TheoryData<string> Presets => ["PyTorch packed", "PyTorch separate", "Bert", "Llama", "Gpt2", "T5"];

    [Theory]
    [MemberData(nameof(Presets))]
    public void A_file_gives_its_weights_or_is_refused_by_the_tensors_name(string preset)
    {
        using var folder = new TestFolder();
        Gen.Int[0, 1_000_000].Holds(seed => Run(folder, preset, new Random(seed)), iter: 300, threads: 1);
    }

    private static void Run(TestFolder folder, string preset, Random random)
    {
        bool isPacked = preset is "PyTorch packed" or "Gpt2";
        int queries = random.Next(1, 7), keys = random.Next(1, 7), width = random.Next(1, 6);
        int memory = preset is "PyTorch separate" or "T5" or "Bert" or "Llama" ? random.Next(1, 6) : width;
        string prefix = random.Next(3) switch { 0 => "", 1 => "a.b", _ => "a.b." };
        string dotted = prefix.Length == 0 ? "" : "a.b.";
        var file = new PresetFile(dotted, random) { IsTransposed = preset == "Gpt2" };

        // Names as the libraries write them.
        (string[] matrices, string output, string[] biases, string outputBias) = preset switch
        {
            "PyTorch packed" => (["in_proj_weight"], "out_proj.weight", ["in_proj_bias"], "out_proj.bias"),
            "PyTorch separate" => (["q_proj_weight", "k_proj_weight", "v_proj_weight"], "out_proj.weight", ["in_proj_bias"], "out_proj.bias"),
            "Bert" => (
                ["self.query.weight", "self.key.weight", "self.value.weight"],
                "output.dense.weight",
                ["self.query.bias", "self.key.bias", "self.value.bias"],
                "output.dense.bias"),
            "Llama" => (["q_proj.weight", "k_proj.weight", "v_proj.weight"], "o_proj.weight", ["q_proj.bias", "k_proj.bias", "v_proj.bias"], "o_proj.bias"),
            "Gpt2" => (["c_attn.weight"], "c_proj.weight", ["c_attn.bias"], "c_proj.bias"),
            _ => ((string[])["q.weight", "k.weight", "v.weight"], "o.weight", (string[])[], ""),
        };
        bool hasBiases = biases.Length > 0 && random.Next(2) == 0;
        int[] outputs = [queries, keys, keys];
        string[] required = [.. matrices, output];
        string wrong = random.Next(2) == 0 ? "" : required[random.Next(required.Length)];
        file.Spoil(wrong, kind: random.Next(5));

        float[] expectedQuery, expectedKey, expectedValue;
        if (isPacked)
        {
            float[] all = file.Matrix(matrices[0], queries + (2 * keys), width);
            (expectedQuery, expectedKey, expectedValue) = (
                all[..(queries * width)], all[(queries * width)..((queries + keys) * width)], all[((queries + keys) * width)..]);
        }
        else
        {
            expectedQuery = file.Matrix(matrices[0], queries, width);
            expectedKey = file.Matrix(matrices[1], keys, memory);
            expectedValue = file.Matrix(matrices[2], keys, memory);
        }

        float[] expectedOutput = file.Matrix(output, width, queries);
        float[][] expectedBiases = [[], [], [], []];
        if (hasBiases)
        {
            float[][] vectors = biases.Length == 1
                ? [file.Vector(biases[0], queries + (2 * keys))]
                : [.. biases.Select((name, index) => file.Vector(name, outputs[index]))];
            float[] together = [.. vectors.SelectMany(each => each)];
            expectedBiases = [together[..queries], together[queries..(queries + keys)], together[(queries + keys)..], file.Vector(outputBias, width)];
        }

        bool hasLearned = random.Next(2) == 0;
        (string Name, long[] Shape)[] learned = preset switch
        {
            "Llama" => [("q_norm.weight", [4]), ("k_norm.weight", [4]), ("sinks", [2])],
            "T5" => [("relative_attention_bias.weight", [8, 2])],
            "PyTorch packed" or "PyTorch separate" => [("bias_k", [1, 1, keys]), ("bias_v", [1, 1, keys])],
            _ => [],
        };
        float[][] expectedLearned = hasLearned
            ? [.. learned.Select(tensor => file.Tensor(tensor.Name, tensor.Shape))]
            : [.. learned.Select(_ => Array.Empty<float>())];
        // What the preset does not know, whether or not the caller does; and what kernels cannot compute.
        bool hasOther = random.Next(2) == 0, isIgnored = random.Next(2) == 0;
        if (hasOther)
            file.Vector("other", 3);
        bool isUnsupported = preset == "Bert" && wrong.Length == 0 && random.Next(4) == 0;
        if (isUnsupported)
            file.Vector("self.distance_embedding.weight", 2);
        bool isRefused = wrong.Length == 0 && hasOther && !isIgnored && !isUnsupported;

        AttentionTensorNames names = preset switch
        {
            "Bert" => AttentionTensorNames.Bert(prefix),
            "Llama" => AttentionTensorNames.Llama(prefix),
            "Gpt2" => AttentionTensorNames.Gpt2(prefix),
            "T5" => AttentionTensorNames.T5(prefix),
            _ => AttentionTensorNames.PyTorch(prefix),
        };
        if (isIgnored)
            names = names with { Ignored = [random.Next(2) == 0 ? dotted + "other" : dotted + "ot*"] };
        using SafetensorsFile opened = folder.Open(file.Writer);
        AttentionWeights? weights = null;
        Exception? exception = Refusal.Of(() => weights = AttentionWeights.From(opened, names));
        if (wrong.Length > 0 || isUnsupported || isRefused)
        {
            Assert.NotNull(exception);
            // A packed matrix that is not there is looked for under its other names.
            string[] named = isRefused
                ? ["other"]
                : isUnsupported
                ? ["self.distance_embedding.weight"]
                : preset.StartsWith("PyTorch", StringComparison.Ordinal) && wrong != output
                ? [wrong, "in_proj_weight"]
                : [wrong];
            Assert.Contains(named, name => exception.Message.Contains($"'{dotted}{name}'", StringComparison.Ordinal));
            return;
        }

        Assert.Null(exception);
        Assert.Equal(expectedQuery, weights!.Query);
        Assert.Equal(expectedKey, weights.Key);
        Assert.Equal(expectedValue, weights.Value);
        Assert.Equal(expectedOutput, weights.Output);
        Assert.Equal(expectedBiases, [weights.QueryBias.ToArray(), weights.KeyBias.ToArray(), weights.ValueBias.ToArray(), weights.OutputBias.ToArray()]);
        float[][] found = preset switch
        {
            "Llama" => [weights.QueryNorm.ToArray(), weights.KeyNorm.ToArray(), weights.Sinks.ToArray()],
            "T5" => [weights.RelativePositionBias.ToArray()],
            "PyTorch packed" or "PyTorch separate" => [weights.BiasKey.ToArray(), weights.BiasValue.ToArray()],
            _ => [],
        };
        Assert.Equal(expectedLearned, found);
    }

    /// <summary>A file whose tensors hold whole numbers that differ, of any type that can be read.</summary>
    private sealed class PresetFile(string prefix, Random random)
    {
        private string spoiled = "";
        private int spoiling;
        private int next;

        public SafetensorsWriter Writer { get; } = new();

        public bool IsTransposed { get; init; }

        /// <summary>From now on a tensor of this name is missing, or of a shape or type that it must not have.</summary>
        public void Spoil(string name, int kind) => (spoiled, spoiling) = (name, kind);

        /// <summary>Writes a matrix; its elements as [outputs, inputs].</summary>
        public float[] Matrix(string name, int outputs, int inputs)
        {
            float[] values = Numbers(outputs * inputs);
            float[] written = values;
            long[] shape = IsTransposed ? [inputs, outputs] : [outputs, inputs];
            if (IsTransposed)
                written =
                    [.. Enumerable.Range(0, inputs).SelectMany(input => Enumerable.Range(0, outputs).Select(output => values[(output * inputs) + input]))];
            if (name == spoiled)
            {
                switch (spoiling)
                {
                    case 0:
                        return values;
                    case 1:
                        shape = [outputs * inputs];
                        break;
                    case 2:
                        shape = [outputs, inputs, 1];
                        break;
                    case 3:
                        (shape, written) = ([outputs, 0], []);
                        break;
                    default:
                        Writer.Add(prefix + name, "I32", shape, new byte[4 * written.Length]);
                        return values;
                }
            }

            Write(name, shape, written);
            return values;
        }

        public float[] Vector(string name, int length) => Tensor(name, [length]);

        public float[] Tensor(string name, long[] shape)
        {
            float[] values = Numbers((int)shape.Aggregate(1L, (product, dimension) => product * dimension));
            Write(name, shape, values);
            return values;
        }

        // 8 bits of a number are all that BF16 has.
        private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(next++ % 256))];

        private void Write(string name, long[] shape, float[] values)
        {
            string type = Types[random.Next(Types.Length)];
            byte[] bytes = type switch
            {
                "F32" => SafetensorsWriter.F32(values),
                "F16" => SafetensorsWriter.F16(values),
                _ => SafetensorsWriter.Bits([.. values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))]),
            };
            Writer.Add(prefix + name, type, shape, bytes);
        }
    }
}
