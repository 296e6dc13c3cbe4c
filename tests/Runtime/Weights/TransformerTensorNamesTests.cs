namespace AttentionGen.Tests.Runtime;

/// <summary>Files of every naming that a whole layer has a preset for: which tensor becomes what, and what is refused.</summary>
public sealed partial class TransformerTensorNamesTests : IDisposable
{
    private const int Width = 4;
    private const int Inner = 6;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Presets => [.. Files.Keys];

    [Theory]
    [MemberData(nameof(Presets))]
    public void Every_tensor_becomes_what_it_is_in_the_model(string preset)
    {
        var layer = new LayerFile(preset);
        using SafetensorsFile file = folder.Open(layer.Writer());
        Assert.Equal(layer.Expected(), Found(TransformerLayerWeights.From(file, Names(preset))));
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void A_tensor_that_is_missing_is_named(string preset)
    {
        foreach ((string role, string name) in new LayerFile(preset).Tensors)
        {
            bool isOptional = role.EndsWith("Bias", StringComparison.Ordinal) && role != "RelativePositionBias" || role is "QueryNorm" or "KeyNorm" or "-";
            using SafetensorsFile file = folder.Open(new LayerFile(preset) { Without = name }.Writer());
            if (isOptional)
            {
                TransformerLayerWeights.From(file, Names(preset));
                continue;
            }

            // T5's file decides by the gate which name Up has. A norm's present name is looked for last.
            string expected = preset == "T5Encoder, gated" && role == "Gate"
                ? name.Replace("wi_0", "wi", StringComparison.Ordinal)
                : name.Replace(".gamma", ".weight", StringComparison.Ordinal);
            ArgumentException exception = Assert.Throws<ArgumentException>("names", () => TransformerLayerWeights.From(file, Names(preset)));
            Assert.StartsWith($"'{file.Path}' has no tensor '{expected}'; of its ", exception.Message);
        }
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void A_tensor_of_another_shape_is_named(string preset)
    {
        foreach ((string role, string name) in new LayerFile(preset).Tensors)
        {
            if (IsAttentionBias(role) || role is "-" or "Query" or "Key" or "Value" or "QueryKeyValue" or "CrossQuery" or "CrossKey" or "CrossValue"
                or "CrossQueryKeyValue" or "QueryNorm" or "KeyNorm" or "RelativePositionBias")
                continue;
            using SafetensorsFile file = folder.Open(new LayerFile(preset) { Wider = name }.Writer());
            string message = Assert.ThrowsAny<Exception>(() => TransformerLayerWeights.From(file, Names(preset))).Message;
            Assert.StartsWith($"'{file.Path}': tensor '", message);
            Assert.Contains($"'{name}'", message);
        }
    }

    [Fact]
    public void Matrices_the_other_way_round_are_refused()
    {
        using SafetensorsFile file = folder.Open(new LayerFile("Gpt2").Writer());
        string message = Assert.Throws<InvalidDataException>(() => TransformerLayerWeights.From(file, Names("Gpt2") with { IsTransposed = false })).Message;
        Assert.Equal(
            $"'{file.Path}': tensor 'transformer.h.0.mlp.c_fc.bias' has 6 elements; expected 4, by the shape of 'transformer.h.0.mlp.c_proj.weight'.", message);

        using SafetensorsFile llama = folder.Open(new LayerFile("Llama") { Transposed = "model.layers.0.mlp.gate_proj.weight" }.Writer());
        message = Assert.Throws<InvalidDataException>(() => TransformerLayerWeights.From(llama, Names("Llama"))).Message;
        Assert.Equal(
            $"'{llama.Path}': tensor 'model.layers.0.mlp.gate_proj.weight' has shape [4, 6]; expected [6, 4], because 'model.layers.0.mlp.down_proj.weight' "
                + $"has 6 inputs and 4 outputs.",
            message);
    }

    [Theory]
    [InlineData("Bert", "crossattention.self.query.weight")]
    [InlineData("Bert", "output.adapters.a.adapter_down.0.weight")]
    [InlineData("DistilBert", "ffn.lin3.weight")]
    [InlineData("Mpnet", "output.LayerNorm.extra")]
    [InlineData("Gpt2", "crossattention.c_attn.weight")]
    [InlineData("Gpt2", "ln_cross_attn.weight")]
    [InlineData("Llama", "mlp.gate_proj.weight_scale_inv")]
    [InlineData("Llama", "mlp.shared_expert.up_proj.weight")]
    [InlineData("Llama", "pre_feedforward_layernorm.weight")]
    [InlineData("Llama", "self_attn.q_proj.lora_A.default.weight")]
    [InlineData("GgufLlama", "ffn_gate_exps.weight")]
    [InlineData("GgufLlama", "post_attention_norm.weight")]
    [InlineData("GgufGemma2", "layer_output_scale.weight")]
    [InlineData("GgufBert", "ffn_gate.weight")]
    [InlineData("Phi3", "self_attn.q_proj.weight")]
    [InlineData("Gemma", "post_feedforward_layernorm.weight")]
    [InlineData("Gemma2", "layer_scalar")]
    [InlineData("T5Encoder", "layer.2.layer_norm.weight")]
    [InlineData("PyTorchEncoder", "multihead_attn.in_proj_weight")]
    [InlineData("PyTorchEncoder", "norm3.weight")]
    [InlineData("PyTorchDecoder", "norm4.weight")]
    [InlineData("BartEncoder", "encoder_attn.q_proj.weight")]
    [InlineData("BartDecoder", "encoder_attn.q_proj.scale")]
    public void Tensors_that_a_preset_does_not_know_are_refused_by_name(string preset, string tensor)
    {
        var layer = new LayerFile(preset);
        string name = $"{layer.Prefix}.{tensor}";
        // A tensor of another layer, whose name begins with the same letters, is no matter of this one.
        using SafetensorsFile file = folder.Open(layer.Writer().AddF32(name, [1], 1).AddF32($"{layer.Prefix}0.{tensor}", [1], 1));
        string message = Assert.Throws<NotSupportedException>(() => TransformerLayerWeights.From(file, Names(preset))).Message;
        Assert.Equal(
            $"'{file.Path}' has '{name}' beside the tensors that these names know; expected nothing that may change what the block computes. "
            + $"If nothing of it does, say so: names with {{ Ignored = [\"{name}\"] }}.",
            message);

        foreach (string[] ignored in new string[][] { [name], ["x", $"{layer.Prefix}.*"] })
            Assert.Equal(layer.Expected(), Found(TransformerLayerWeights.From(file, Names(preset) with { Ignored = ignored })));
        Assert.Throws<NotSupportedException>(() => TransformerLayerWeights.From(file, Names(preset) with { Ignored = [tensor] }));
    }

    [Fact]
    public void Names_that_are_no_preset_refuse_nothing()
    {
        using SafetensorsFile file = folder.Open(new LayerFile("Bert").Writer().AddF32("encoder.layer.0.other", [1], 1));
        TransformerTensorNames bert = Names("Bert");
        AttentionTensorNames attention =
            new() { Query = bert.Attention.Query, Key = bert.Attention.Key, Value = bert.Attention.Value, Output = bert.Attention.Output };
        var weights = TransformerLayerWeights.From(file, new TransformerTensorNames { Attention = attention, Up = bert.Up, Down = bert.Down });
        Assert.Equal(Width * Inner, weights.Up.Length);
        Assert.True(weights.UpBias.IsEmpty && weights.AttentionNorm.IsEmpty && weights.FeedForwardNorm.IsEmpty);
        Assert.Contains(
            "neither Up nor GateUp", Assert.Throws<ArgumentException>("names", () => TransformerLayerWeights.From(file, bert with { Up = null })).Message);
        Assert.Throws<ArgumentException>("names", () => TransformerLayerWeights.From(file, bert with { Down = null! }));
        Assert.Throws<ArgumentException>("names", () => TransformerLayerWeights.From(file, bert with { Attention = null! }));
    }

    [Fact]
    public void A_prefix_without_a_layers_number_has_no_place_for_the_shared_table()
    {
        foreach (string prefix in (string[])["", "encoder", "layer.", "encoder.layer.x", "encoder.layer"])
        {
            Assert.Contains(
                "expected an end in layer. and a number", Assert.Throws<ArgumentException>("prefix", () => TransformerTensorNames.Mpnet(prefix)).Message);
            Assert.Throws<ArgumentException>("prefix", () => TransformerTensorNames.T5Encoder(prefix));
        }

        Assert.Throws<ArgumentNullException>("prefix", () => TransformerTensorNames.Bert(null!));
    }

    private static bool IsAttentionBias(string role) =>
        role.Replace("Cross", "", StringComparison.Ordinal) is "QueryBias" or "KeyBias" or "ValueBias" or "QueryKeyValueBias" or "OutputBias";

    private static TransformerTensorNames Names(string preset)
    {
        string prefix = Files[preset].Prefix;
        return preset.Split(',')[0] switch
        {
            "Bert" => TransformerTensorNames.Bert(prefix),
            "DistilBert" => TransformerTensorNames.DistilBert(prefix),
            "Mpnet" => TransformerTensorNames.Mpnet(prefix),
            "Gpt2" => TransformerTensorNames.Gpt2(prefix),
            "Llama" => TransformerTensorNames.Llama(prefix),
            "GgufLlama" => TransformerTensorNames.GgufLlama(31),
            "GgufGemma2" => TransformerTensorNames.GgufGemma2(25),
            "GgufBert" => TransformerTensorNames.GgufBert(5),
            "Phi3" => TransformerTensorNames.Phi3(prefix),
            "Phi" => TransformerTensorNames.Phi(prefix),
            "GptJ" => TransformerTensorNames.GptJ(prefix),
            "GptNeoX" => TransformerTensorNames.GptNeoX(prefix, heads: 2),
            "Bloom" => TransformerTensorNames.Bloom(prefix, heads: 2),
            "Falcon" => TransformerTensorNames.Falcon(prefix, heads: 2, kvHeads: 2, "ln_attn", "ln_mlp"),
            "Mpt" => TransformerTensorNames.Mpt(prefix),
            "StarCoder" => TransformerTensorNames.StarCoder(prefix),
            "StarCoder2" => TransformerTensorNames.StarCoder2(prefix),
            "ModernBert" => TransformerTensorNames.ModernBert(prefix),
            "Clip" => TransformerTensorNames.Clip(prefix),
            "Vit" => TransformerTensorNames.Vit(prefix),
            "Gemma" => TransformerTensorNames.Gemma(prefix),
            "Gemma2" => TransformerTensorNames.Gemma2(prefix),
            "T5Encoder" => TransformerTensorNames.T5Encoder(prefix),
            "T5Decoder" => TransformerTensorNames.T5Decoder(prefix),
            "PyTorchDecoder" => TransformerTensorNames.PyTorchDecoder(prefix),
            "BartEncoder" => TransformerTensorNames.BartEncoder(prefix),
            "BartDecoder" => TransformerTensorNames.BartDecoder(prefix),
            _ => TransformerTensorNames.PyTorchEncoder(prefix),
        };
    }

    /// <summary>What weights hold, by role; absent tensors are left out.</summary>
    private static Dictionary<string, float[]> Found(TransformerLayerWeights weights)
    {
        AttentionWeights attention = weights.Attention, cross = weights.CrossAttention ?? AttentionWeights.Empty;
        return new Dictionary<string, float[]>
        {
            ["Query"] = attention.Query.ToArray(), ["Key"] = attention.Key.ToArray(), ["Value"] = attention.Value.ToArray(),
            ["Output"] = attention.Output.ToArray(),
            ["QueryBias"] = attention.QueryBias.ToArray(), ["KeyBias"] = attention.KeyBias.ToArray(), ["ValueBias"] = attention.ValueBias.ToArray(),
            ["OutputBias"] = attention.OutputBias.ToArray(), ["QueryNorm"] = attention.QueryNorm.ToArray(), ["KeyNorm"] = attention.KeyNorm.ToArray(),
            ["CrossQuery"] = cross.Query.ToArray(), ["CrossKey"] = cross.Key.ToArray(), ["CrossValue"] = cross.Value.ToArray(),
            ["CrossOutput"] = cross.Output.ToArray(),
            ["CrossQueryBias"] = cross.QueryBias.ToArray(), ["CrossKeyBias"] = cross.KeyBias.ToArray(), ["CrossValueBias"] = cross.ValueBias.ToArray(),
            ["CrossOutputBias"] = cross.OutputBias.ToArray(),
            ["CrossAttentionNorm"] = weights.CrossAttentionNorm.ToArray(), ["CrossAttentionNormBias"] = weights.CrossAttentionNormBias.ToArray(),
            ["RelativePositionBias"] = attention.RelativePositionBias.ToArray(),
            ["Up"] = weights.Up.ToArray(), ["UpBias"] = weights.UpBias.ToArray(), ["Gate"] = weights.Gate.ToArray(), ["GateBias"] = weights.GateBias.ToArray(),
            ["Down"] = weights.Down.ToArray(), ["DownBias"] = weights.DownBias.ToArray(),
            ["AttentionNorm"] = weights.AttentionNorm.ToArray(), ["AttentionNormBias"] = weights.AttentionNormBias.ToArray(),
            ["AttentionOutputNorm"] = weights.AttentionOutputNorm.ToArray(), ["AttentionOutputNormBias"] = weights.AttentionOutputNormBias.ToArray(),
            ["FeedForwardNorm"] = weights.FeedForwardNorm.ToArray(), ["FeedForwardNormBias"] = weights.FeedForwardNormBias.ToArray(),
            ["FeedForwardOutputNorm"] = weights.FeedForwardOutputNorm.ToArray(), ["FeedForwardOutputNormBias"] = weights.FeedForwardOutputNormBias.ToArray(),
        }.Where(each => each.Value.Length > 0).ToDictionary();
    }

    /// <summary>A layer of width 4 with two heads in the names of a library; every element of every tensor is another number.</summary>
    private sealed class LayerFile(string preset)
    {
        private float next;

        public string Prefix => Files[preset].Prefix;

        public string Without { get; init; } = "";

        public string Wider { get; init; } = "";

        public string Transposed { get; init; } = "";

        public IEnumerable<(string Role, string Name)> Tensors => Files[preset].Tensors.Split(',', StringSplitOptions.TrimEntries)
            .Select(each => each.Split(' ')).Select(pair => (pair[0], pair[1][0] == '/' ? pair[1][1..] : $"{Prefix}.{pair[1]}"));

        public SafetensorsWriter Writer()
        {
            next = 0;
            var writer = new SafetensorsWriter();
            foreach ((string role, string name) in Tensors)
            {
                (int outputs, int inputs) = Shape(role);
                if (name == Wider)
                    outputs++;
                float[] values = Take(outputs * inputs);
                bool isStoredTransposed = preset == "Gpt2" && inputs > 1;
                if (isStoredTransposed)
                    values = Transpose(values, outputs, inputs);
                if (isStoredTransposed || name == Transposed)
                    (outputs, inputs) = (inputs, outputs);
                if (name != Without)
                    writer.AddF32(name, inputs == 1 ? [outputs] : [outputs, inputs], values);
            }

            return writer;
        }

        /// <summary>The same numbers by role, fused tensors cut and offsets added.</summary>
        public Dictionary<string, float[]> Expected()
        {
            next = 0;
            Dictionary<string, float[]> expected = [];
            foreach ((string role, string _) in Tensors)
            {
                (int outputs, int inputs) = Shape(role);
                float[] values = Take(outputs * inputs);
                if (role.Contains("QueryKeyValue", StringComparison.Ordinal))
                {
                    int part = values.Length / 3;
                    if (preset is "GptNeoX" or "Bloom" or "Falcon")
                        values = ByRole(values);
                    string end = role.EndsWith("Bias", StringComparison.Ordinal) ? "Bias" : "",
                    start = role.StartsWith("Cross", StringComparison.Ordinal) ? "Cross" : "";
                    (expected[$"{start}Query{end}"], expected[$"{start}Key{end}"], expected[$"{start}Value{end}"]) = (
                        values[..part], values[part..(2 * part)], values[(2 * part)..]);
                }
                else if (role == "GateUp")
                    (expected["Gate"], expected["Up"]) = (values[..(values.Length / 2)], values[(values.Length / 2)..]);
                else if (role != "-")
                    expected[role] = preset.StartsWith("Gemma", StringComparison.Ordinal) && role.Contains("Norm", StringComparison.Ordinal)
                        ? [.. values.Select(value => value + 1)]
                        : values;
            }

            return expected;
        }

        private static (int Outputs, int Inputs) Shape(string role) => role switch
        {
            "QueryKeyValue" or "CrossQueryKeyValue" => (3 * Width, Width),
            "QueryKeyValueBias" or "CrossQueryKeyValueBias" => (3 * Width, 1),
            "Query" or "Key" or "Value" or "Output" or "CrossQuery" or "CrossKey" or "CrossValue" or "CrossOutput" => (Width, Width),
            "Up" or "Gate" => (Inner, Width),
            "GateUp" => (2 * Inner, Width),
            "UpBias" or "GateBias" => (Inner, 1),
            "Down" => (Width, Inner),
            "QueryNorm" or "KeyNorm" => (2, 1),
            "RelativePositionBias" => (8, 2),
            _ => (Width, 1),
        };

        /// <summary>Queries, keys and values of each of two heads, as all queries, all keys and all values.</summary>
        private static float[] ByRole(float[] byHead)
        {
            float[][] parts = [.. byHead.Chunk(byHead.Length / 6)];
            return [.. parts[0], .. parts[3], .. parts[1], .. parts[4], .. parts[2], .. parts[5]];
        }

        private float[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => next++)];

        private static float[] Transpose(float[] values, int rows, int columns) =>
            [.. Enumerable.Range(0, columns).SelectMany(column => Enumerable.Range(0, rows).Select(row => values[(row * columns) + column]))];
    }
}
