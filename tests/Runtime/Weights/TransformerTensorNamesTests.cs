namespace AttentionGen.Tests.Runtime;

/// <summary>Files of every naming that a whole layer has a preset for: which tensor becomes what, and what is refused.</summary>
public sealed class TransformerTensorNamesTests : IDisposable
{
    private const int Width = 4;
    private const int Inner = 6;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>For each preset, the layer's prefix in real files, and what each tensor of the layer is, in the names of the libraries.</summary>
    private static readonly Dictionary<string, (string Prefix, string Tensors)> Files = new()
    {
        ["Bert"] = ("encoder.layer.0", """
            Query attention.self.query.weight, QueryBias attention.self.query.bias, Key attention.self.key.weight, KeyBias attention.self.key.bias,
            Value attention.self.value.weight, ValueBias attention.self.value.bias, Output attention.output.dense.weight, OutputBias attention.output.dense.bias,
            AttentionNorm attention.output.LayerNorm.weight, AttentionNormBias attention.output.LayerNorm.bias,
            Up intermediate.dense.weight, UpBias intermediate.dense.bias, Down output.dense.weight, DownBias output.dense.bias,
            FeedForwardNorm output.LayerNorm.weight, FeedForwardNormBias output.LayerNorm.bias
            """),
        ["Bert, older"] = ("bert.encoder.layer.11", """
            Query attention.self.query.weight, QueryBias attention.self.query.bias, Key attention.self.key.weight, KeyBias attention.self.key.bias,
            Value attention.self.value.weight, ValueBias attention.self.value.bias, Output attention.output.dense.weight, OutputBias attention.output.dense.bias,
            AttentionNorm attention.output.LayerNorm.gamma, AttentionNormBias attention.output.LayerNorm.beta,
            Up intermediate.dense.weight, UpBias intermediate.dense.bias, Down output.dense.weight, DownBias output.dense.bias,
            FeedForwardNorm output.LayerNorm.gamma, FeedForwardNormBias output.LayerNorm.beta
            """),
        ["DistilBert"] = ("distilbert.transformer.layer.5", """
            Query attention.q_lin.weight, QueryBias attention.q_lin.bias, Key attention.k_lin.weight, KeyBias attention.k_lin.bias,
            Value attention.v_lin.weight, ValueBias attention.v_lin.bias, Output attention.out_lin.weight, OutputBias attention.out_lin.bias,
            AttentionNorm sa_layer_norm.weight, AttentionNormBias sa_layer_norm.bias, Up ffn.lin1.weight, UpBias ffn.lin1.bias,
            Down ffn.lin2.weight, DownBias ffn.lin2.bias, FeedForwardNorm output_layer_norm.weight, FeedForwardNormBias output_layer_norm.bias
            """),
        ["Mpnet"] = ("mpnet.encoder.layer.3", """
            Query attention.attn.q.weight, QueryBias attention.attn.q.bias, Key attention.attn.k.weight, KeyBias attention.attn.k.bias,
            Value attention.attn.v.weight, ValueBias attention.attn.v.bias, Output attention.attn.o.weight, OutputBias attention.attn.o.bias,
            AttentionNorm attention.LayerNorm.weight, AttentionNormBias attention.LayerNorm.bias,
            Up intermediate.dense.weight, UpBias intermediate.dense.bias, Down output.dense.weight, DownBias output.dense.bias,
            FeedForwardNorm output.LayerNorm.weight, FeedForwardNormBias output.LayerNorm.bias,
            RelativePositionBias /mpnet.encoder.relative_attention_bias.weight
            """),
        ["Gpt2"] = ("transformer.h.0", """
            AttentionNorm ln_1.weight, AttentionNormBias ln_1.bias, QueryKeyValue attn.c_attn.weight, QueryKeyValueBias attn.c_attn.bias,
            Output attn.c_proj.weight, OutputBias attn.c_proj.bias, FeedForwardNorm ln_2.weight, FeedForwardNormBias ln_2.bias,
            Up mlp.c_fc.weight, UpBias mlp.c_fc.bias, Down mlp.c_proj.weight, DownBias mlp.c_proj.bias, - attn.bias, - attn.masked_bias
            """),
        ["Llama"] = ("model.layers.0", """
            AttentionNorm input_layernorm.weight, Query self_attn.q_proj.weight, QueryBias self_attn.q_proj.bias, Key self_attn.k_proj.weight,
            KeyBias self_attn.k_proj.bias, Value self_attn.v_proj.weight, ValueBias self_attn.v_proj.bias, Output self_attn.o_proj.weight,
            QueryNorm self_attn.q_norm.weight, KeyNorm self_attn.k_norm.weight, FeedForwardNorm post_attention_layernorm.weight,
            Gate mlp.gate_proj.weight, Up mlp.up_proj.weight, Down mlp.down_proj.weight, - self_attn.rotary_emb.inv_freq
            """),
        ["GgufLlama"] = ("blk.31", """
            AttentionNorm attn_norm.weight, Query attn_q.weight, QueryBias attn_q.bias, Key attn_k.weight, KeyBias attn_k.bias, Value attn_v.weight,
            ValueBias attn_v.bias, Output attn_output.weight, QueryNorm attn_q_norm.weight, KeyNorm attn_k_norm.weight, FeedForwardNorm ffn_norm.weight,
            Gate ffn_gate.weight, Up ffn_up.weight, Down ffn_down.weight
            """),
        ["GgufGemma2"] = ("blk.25", """
            AttentionNorm attn_norm.weight, Query attn_q.weight, Key attn_k.weight, Value attn_v.weight, Output attn_output.weight,
            QueryNorm attn_q_norm.weight, KeyNorm attn_k_norm.weight, AttentionOutputNorm post_attention_norm.weight, FeedForwardNorm ffn_norm.weight,
            FeedForwardOutputNorm post_ffw_norm.weight, Gate ffn_gate.weight, Up ffn_up.weight, Down ffn_down.weight
            """),
        ["GgufBert"] = ("blk.5", """
            Query attn_q.weight, QueryBias attn_q.bias, Key attn_k.weight, KeyBias attn_k.bias, Value attn_v.weight, ValueBias attn_v.bias,
            Output attn_output.weight, OutputBias attn_output.bias, AttentionNorm attn_output_norm.weight, AttentionNormBias attn_output_norm.bias,
            Up ffn_up.weight, UpBias ffn_up.bias, Down ffn_down.weight, DownBias ffn_down.bias,
            FeedForwardNorm layer_output_norm.weight, FeedForwardNormBias layer_output_norm.bias
            """),
        ["Phi3"] = ("model.layers.31", """
            AttentionNorm input_layernorm.weight, QueryKeyValue self_attn.qkv_proj.weight, Output self_attn.o_proj.weight,
            FeedForwardNorm post_attention_layernorm.weight, GateUp mlp.gate_up_proj.weight, Down mlp.down_proj.weight
            """),
        ["Gemma"] = ("model.layers.0", """
            AttentionNorm input_layernorm.weight, Query self_attn.q_proj.weight, Key self_attn.k_proj.weight, Value self_attn.v_proj.weight,
            Output self_attn.o_proj.weight, FeedForwardNorm post_attention_layernorm.weight, Gate mlp.gate_proj.weight, Up mlp.up_proj.weight, Down mlp.down_proj.weight
            """),
        ["Gemma2"] = ("model.layers.0", """
            AttentionNorm input_layernorm.weight, Query self_attn.q_proj.weight, Key self_attn.k_proj.weight, Value self_attn.v_proj.weight,
            Output self_attn.o_proj.weight, QueryNorm self_attn.q_norm.weight, KeyNorm self_attn.k_norm.weight,
            AttentionOutputNorm post_attention_layernorm.weight, FeedForwardNorm pre_feedforward_layernorm.weight,
            FeedForwardOutputNorm post_feedforward_layernorm.weight, Gate mlp.gate_proj.weight, Up mlp.up_proj.weight, Down mlp.down_proj.weight
            """),
        ["GptNeoX"] = ("gpt_neox.layers.0", """
            AttentionNorm input_layernorm.weight, AttentionNormBias input_layernorm.bias, QueryKeyValue attention.query_key_value.weight,
            QueryKeyValueBias attention.query_key_value.bias, Output attention.dense.weight, OutputBias attention.dense.bias,
            FeedForwardNorm post_attention_layernorm.weight, FeedForwardNormBias post_attention_layernorm.bias,
            Up mlp.dense_h_to_4h.weight, UpBias mlp.dense_h_to_4h.bias, Down mlp.dense_4h_to_h.weight, DownBias mlp.dense_4h_to_h.bias,
            - attention.bias, - attention.masked_bias, - attention.rotary_emb.inv_freq
            """),
        ["GptJ"] = ("transformer.h.27", """
            AttentionNorm ln_1.weight, AttentionNormBias ln_1.bias, Query attn.q_proj.weight, Key attn.k_proj.weight, Value attn.v_proj.weight,
            Output attn.out_proj.weight, Up mlp.fc_in.weight, UpBias mlp.fc_in.bias, Down mlp.fc_out.weight, DownBias mlp.fc_out.bias,
            - attn.bias, - attn.masked_bias
            """),
        ["Phi"] = ("model.layers.23", """
            AttentionNorm input_layernorm.weight, AttentionNormBias input_layernorm.bias, Query self_attn.q_proj.weight, QueryBias self_attn.q_proj.bias,
            Key self_attn.k_proj.weight, KeyBias self_attn.k_proj.bias, Value self_attn.v_proj.weight, ValueBias self_attn.v_proj.bias,
            Output self_attn.dense.weight, OutputBias self_attn.dense.bias, Up mlp.fc1.weight, UpBias mlp.fc1.bias, Down mlp.fc2.weight, DownBias mlp.fc2.bias
            """),
        ["T5Encoder"] = ("encoder.block.2", """
            Query layer.0.SelfAttention.q.weight, Key layer.0.SelfAttention.k.weight, Value layer.0.SelfAttention.v.weight, Output layer.0.SelfAttention.o.weight,
            RelativePositionBias /encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight, AttentionNorm layer.0.layer_norm.weight,
            Up layer.1.DenseReluDense.wi.weight, Down layer.1.DenseReluDense.wo.weight, FeedForwardNorm layer.1.layer_norm.weight
            """),
        ["T5Encoder, gated"] = ("encoder.block.0", """
            Query layer.0.SelfAttention.q.weight, Key layer.0.SelfAttention.k.weight, Value layer.0.SelfAttention.v.weight, Output layer.0.SelfAttention.o.weight,
            RelativePositionBias layer.0.SelfAttention.relative_attention_bias.weight, AttentionNorm layer.0.layer_norm.weight,
            Gate layer.1.DenseReluDense.wi_0.weight, Up layer.1.DenseReluDense.wi_1.weight, Down layer.1.DenseReluDense.wo.weight, FeedForwardNorm layer.1.layer_norm.weight
            """),
        ["PyTorchEncoder"] = ("encoder.layers.0", """
            QueryKeyValue self_attn.in_proj_weight, QueryKeyValueBias self_attn.in_proj_bias, Output self_attn.out_proj.weight, OutputBias self_attn.out_proj.bias,
            Up linear1.weight, UpBias linear1.bias, Down linear2.weight, DownBias linear2.bias,
            AttentionNorm norm1.weight, AttentionNormBias norm1.bias, FeedForwardNorm norm2.weight, FeedForwardNormBias norm2.bias
            """),
        ["T5Decoder"] = ("decoder.block.1", """
            Query layer.0.SelfAttention.q.weight, Key layer.0.SelfAttention.k.weight, Value layer.0.SelfAttention.v.weight, Output layer.0.SelfAttention.o.weight,
            RelativePositionBias /decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight, AttentionNorm layer.0.layer_norm.weight,
            CrossQuery layer.1.EncDecAttention.q.weight, CrossKey layer.1.EncDecAttention.k.weight, CrossValue layer.1.EncDecAttention.v.weight,
            CrossOutput layer.1.EncDecAttention.o.weight, - layer.1.EncDecAttention.relative_attention_bias.weight, CrossAttentionNorm layer.1.layer_norm.weight,
            Up layer.2.DenseReluDense.wi.weight, Down layer.2.DenseReluDense.wo.weight, FeedForwardNorm layer.2.layer_norm.weight
            """),
        ["PyTorchDecoder"] = ("decoder.layers.0", """
            QueryKeyValue self_attn.in_proj_weight, QueryKeyValueBias self_attn.in_proj_bias, Output self_attn.out_proj.weight, OutputBias self_attn.out_proj.bias,
            CrossQueryKeyValue multihead_attn.in_proj_weight, CrossQueryKeyValueBias multihead_attn.in_proj_bias, CrossOutput multihead_attn.out_proj.weight,
            CrossOutputBias multihead_attn.out_proj.bias, CrossAttentionNorm norm2.weight, CrossAttentionNormBias norm2.bias,
            Up linear1.weight, UpBias linear1.bias, Down linear2.weight, DownBias linear2.bias,
            AttentionNorm norm1.weight, AttentionNormBias norm1.bias, FeedForwardNorm norm3.weight, FeedForwardNormBias norm3.bias
            """),
        ["BartEncoder"] = ("model.encoder.layers.0", """
            Query self_attn.q_proj.weight, QueryBias self_attn.q_proj.bias, Key self_attn.k_proj.weight, Value self_attn.v_proj.weight, ValueBias self_attn.v_proj.bias,
            Output self_attn.out_proj.weight, OutputBias self_attn.out_proj.bias, AttentionNorm self_attn_layer_norm.weight, AttentionNormBias self_attn_layer_norm.bias,
            Up fc1.weight, UpBias fc1.bias, Down fc2.weight, DownBias fc2.bias, FeedForwardNorm final_layer_norm.weight, FeedForwardNormBias final_layer_norm.bias
            """),
        ["BartDecoder"] = ("model.decoder.layers.0", """
            Query self_attn.q_proj.weight, QueryBias self_attn.q_proj.bias, Key self_attn.k_proj.weight, KeyBias self_attn.k_proj.bias,
            Value self_attn.v_proj.weight, ValueBias self_attn.v_proj.bias, Output self_attn.out_proj.weight, OutputBias self_attn.out_proj.bias,
            CrossQuery encoder_attn.q_proj.weight, CrossQueryBias encoder_attn.q_proj.bias, CrossKey encoder_attn.k_proj.weight, CrossKeyBias encoder_attn.k_proj.bias,
            CrossValue encoder_attn.v_proj.weight, CrossValueBias encoder_attn.v_proj.bias, CrossOutput encoder_attn.out_proj.weight, CrossOutputBias encoder_attn.out_proj.bias,
            CrossAttentionNorm encoder_attn_layer_norm.weight, CrossAttentionNormBias encoder_attn_layer_norm.bias,
            AttentionNorm self_attn_layer_norm.weight, AttentionNormBias self_attn_layer_norm.bias,
            Up fc1.weight, UpBias fc1.bias, Down fc2.weight, DownBias fc2.bias, FeedForwardNorm final_layer_norm.weight, FeedForwardNormBias final_layer_norm.bias
            """),
    };

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
                    if (preset == "GptNeoX")
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
