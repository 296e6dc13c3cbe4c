namespace AttentionGen.Tests.Runtime;

public sealed partial class TransformerTensorNamesTests
{
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
        ["Bloom"] = ("transformer.h.3", """
            AttentionNorm input_layernorm.weight, AttentionNormBias input_layernorm.bias, QueryKeyValue self_attention.query_key_value.weight,
            QueryKeyValueBias self_attention.query_key_value.bias, Output self_attention.dense.weight, OutputBias self_attention.dense.bias,
            FeedForwardNorm post_attention_layernorm.weight, FeedForwardNormBias post_attention_layernorm.bias,
            Up mlp.dense_h_to_4h.weight, UpBias mlp.dense_h_to_4h.bias, Down mlp.dense_4h_to_h.weight, DownBias mlp.dense_4h_to_h.bias
            """),
        ["Falcon"] = ("transformer.h.59", """
            AttentionNorm ln_attn.weight, AttentionNormBias ln_attn.bias, QueryKeyValue self_attention.query_key_value.weight,
            Output self_attention.dense.weight, FeedForwardNorm ln_mlp.weight, FeedForwardNormBias ln_mlp.bias,
            Up mlp.dense_h_to_4h.weight, Down mlp.dense_4h_to_h.weight, - self_attention.maybe_rotary.inv_freq
            """),
        ["Mpt"] = ("transformer.blocks.31", """
            AttentionNorm norm_1.weight, QueryKeyValue attn.Wqkv.weight, Output attn.out_proj.weight, FeedForwardNorm norm_2.weight,
            Up ffn.up_proj.weight, Down ffn.down_proj.weight
            """),
        ["StarCoder"] = ("transformer.h.39", """
            AttentionNorm ln_1.weight, AttentionNormBias ln_1.bias, QueryKeyValue attn.c_attn.weight, QueryKeyValueBias attn.c_attn.bias,
            Output attn.c_proj.weight, OutputBias attn.c_proj.bias, FeedForwardNorm ln_2.weight, FeedForwardNormBias ln_2.bias,
            Up mlp.c_fc.weight, UpBias mlp.c_fc.bias, Down mlp.c_proj.weight, DownBias mlp.c_proj.bias
            """),
        ["StarCoder2"] = ("model.layers.29", """
            AttentionNorm input_layernorm.weight, AttentionNormBias input_layernorm.bias, Query self_attn.q_proj.weight, QueryBias self_attn.q_proj.bias,
            Key self_attn.k_proj.weight, KeyBias self_attn.k_proj.bias, Value self_attn.v_proj.weight, ValueBias self_attn.v_proj.bias,
            Output self_attn.o_proj.weight, OutputBias self_attn.o_proj.bias, FeedForwardNorm post_attention_layernorm.weight,
            FeedForwardNormBias post_attention_layernorm.bias, Up mlp.c_fc.weight, UpBias mlp.c_fc.bias, Down mlp.c_proj.weight, DownBias mlp.c_proj.bias
            """),
        ["ModernBert"] = ("model.layers.21", """
            AttentionNorm attn_norm.weight, QueryKeyValue attn.Wqkv.weight, Output attn.Wo.weight, FeedForwardNorm mlp_norm.weight,
            GateUp mlp.Wi.weight, Down mlp.Wo.weight
            """),
        ["Clip"] = ("text_model.encoder.layers.11", """
            AttentionNorm layer_norm1.weight, AttentionNormBias layer_norm1.bias, Query self_attn.q_proj.weight, QueryBias self_attn.q_proj.bias,
            Key self_attn.k_proj.weight, KeyBias self_attn.k_proj.bias, Value self_attn.v_proj.weight, ValueBias self_attn.v_proj.bias,
            Output self_attn.out_proj.weight, OutputBias self_attn.out_proj.bias, FeedForwardNorm layer_norm2.weight, FeedForwardNormBias layer_norm2.bias,
            Up mlp.fc1.weight, UpBias mlp.fc1.bias, Down mlp.fc2.weight, DownBias mlp.fc2.bias
            """),
        ["Vit"] = ("vit.encoder.layer.11", """
            AttentionNorm layernorm_before.weight, AttentionNormBias layernorm_before.bias, Query attention.attention.query.weight,
            QueryBias attention.attention.query.bias, Key attention.attention.key.weight, KeyBias attention.attention.key.bias,
            Value attention.attention.value.weight, ValueBias attention.attention.value.bias, Output attention.output.dense.weight,
            OutputBias attention.output.dense.bias, FeedForwardNorm layernorm_after.weight, FeedForwardNormBias layernorm_after.bias,
            Up intermediate.dense.weight, UpBias intermediate.dense.bias, Down output.dense.weight, DownBias output.dense.bias
            """),
    };
}
