namespace AttentionGen;

public sealed partial record TransformerTensorNames
{
    /// <summary>
    /// Hugging Face BERT and its relatives: <c>attention</c>, <c>intermediate.dense</c>, <c>output.dense</c>, and a norm after each. Also under the older
    /// names of the norms' tensors, <c>gamma</c> and <c>beta</c>.
    /// </summary>
    /// <param name="prefix">Such as <c>encoder.layer.0</c>; empty for none.</param>
    public static TransformerTensorNames Bert(string prefix)
    {
        prefix = WithDot(prefix);
        return BertLike(prefix, AttentionTensorNames.Bert(prefix + "attention"), prefix + "attention.output.LayerNorm") with { HasOlderNormNames = true };
    }

    /// <summary>Hugging Face RoBERTa and XLM-RoBERTa: the names of <see cref="Bert"/>.</summary>
    /// <param name="prefix">Such as <c>roberta.encoder.layer.0</c>; empty for none.</param>
    public static TransformerTensorNames Roberta(string prefix) => Bert(prefix);

    /// <summary>
    /// Hugging Face DistilBERT: <c>attention.q_lin</c>, <c>k_lin</c>, <c>v_lin</c> and <c>out_lin</c>, <c>ffn.lin1</c> and <c>lin2</c>, and a norm after each.
    /// </summary>
    /// <param name="prefix">Such as <c>distilbert.transformer.layer.0</c>; empty for none.</param>
    public static TransformerTensorNames DistilBert(string prefix)
    {
        prefix = WithDot(prefix);
        var names = new TransformerTensorNames
        {
            Attention = Projections(prefix + "attention.", "q_lin", "k_lin", "v_lin", "out_lin"),
            Up = prefix + "ffn.lin1.weight",
            UpBias = prefix + "ffn.lin1.bias",
            Down = prefix + "ffn.lin2.weight",
            DownBias = prefix + "ffn.lin2.bias",
        };
        return Preset(prefix, WithNorms(names, prefix + "sa_layer_norm", prefix + "output_layer_norm"));
    }

    /// <summary>
    /// Hugging Face MPNet: the names of <see cref="Bert"/> with <c>attention.attn</c>, and the table of relative positions that all layers of the encoder
    /// share.
    /// </summary>
    /// <param name="prefix">Such as <c>encoder.layer.0</c>: it must end in <c>layer.</c> and a number.</param>
    /// <exception cref="ArgumentException"><paramref name="prefix"/> has another end, so the table cannot be found.</exception>
    public static TransformerTensorNames Mpnet(string prefix)
    {
        prefix = WithDot(prefix);
        string encoder = BeforeNumber(prefix, "layer.");
        return BertLike(prefix, Projections(prefix + "attention.attn.", "q", "k", "v", "o"), prefix + "attention.LayerNorm")
            with { SharedRelativePositionBias = encoder + "relative_attention_bias.weight" };
    }

    /// <summary>
    /// Hugging Face GPT-2, whose <c>Conv1D</c> stores matrices as [inputs, outputs]: <c>attn</c> after <c>ln_1</c>, <c>mlp.c_fc</c> and <c>mlp.c_proj</c>
    /// after <c>ln_2</c>.
    /// </summary>
    /// <param name="prefix">Such as <c>h.0</c> or <c>transformer.h.0</c>; empty for none.</param>
    public static TransformerTensorNames Gpt2(string prefix)
    {
        prefix = WithDot(prefix);
        var names = new TransformerTensorNames
        {
            Attention = AttentionTensorNames.Gpt2(prefix + "attn"),
            Up = prefix + "mlp.c_fc.weight",
            UpBias = prefix + "mlp.c_fc.bias",
            Down = prefix + "mlp.c_proj.weight",
            DownBias = prefix + "mlp.c_proj.bias",
            IsTransposed = true,
        };
        return Preset(prefix, WithNorms(names, prefix + "ln_1", prefix + "ln_2"));
    }

    /// <summary>
    /// Hugging Face Llama, Mistral and Qwen: <c>self_attn</c> after <c>input_layernorm</c>, and <c>mlp.gate_proj</c>, <c>up_proj</c> and <c>down_proj</c>
    /// after <c>post_attention_layernorm</c>. Use <see cref="Gemma"/> for Gemma, which stores its norms differently.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames Llama(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, LlamaLike(prefix, AttentionTensorNames.Llama(prefix + "self_attn")));
    }

    /// <summary>
    /// Hugging Face Phi-3 and Phi-4: the names of <see cref="Llama"/>, with one matrix <c>qkv_proj</c> for query, key and value, and one matrix
    /// <c>gate_up_proj</c> for the gate and Up.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames Phi3(string prefix)
    {
        prefix = WithDot(prefix);
        AttentionTensorNames attention = AttentionTensorNames.Llama(prefix + "self_attn");
        TransformerTensorNames llama = LlamaLike(
            prefix, new AttentionTensorNames { QueryKeyValue = prefix + "self_attn.qkv_proj.weight", Output = attention.Output });
        return Preset(prefix, llama with { Gate = null, GateBias = null, Up = null, UpBias = null, GateUp = prefix + "mlp.gate_up_proj.weight" });
    }

    /// <summary>Hugging Face Gemma 1: the names of <see cref="Llama"/>. All norms store w and multiply by 1 + w.</summary>
    /// <param name="prefix">Such as <c>model.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames Gemma(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, LlamaLike(prefix, AttentionTensorNames.Gemma(prefix + "self_attn")) with { NormOffset = 1 });
    }

    /// <summary>
    /// Hugging Face Gemma 2 and 3: the names of <see cref="Gemma"/>, with norms on both sides of attention and feed-forward network. Here
    /// <c>post_attention_layernorm</c> normalises what the attention gives.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames Gemma2(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, Gemma(prefix) with
        {
            AttentionOutputNorm = prefix + "post_attention_layernorm.weight",
            FeedForwardNorm = prefix + "pre_feedforward_layernorm.weight",
            FeedForwardOutputNorm = prefix + "post_feedforward_layernorm.weight",
        });
    }

    /// <summary>
    /// The encoder of Hugging Face T5, of version 1.1, or of mT5: <c>layer.0.SelfAttention</c> and <c>layer.1.DenseReluDense</c>, each with its
    /// <c>layer_norm</c>. The file decides whether the feed-forward network has a gate. The first layer's table of relative positions is read for every
    /// layer that has no own one.
    /// </summary>
    /// <param name="prefix">Such as <c>encoder.block.0</c>: it must end in <c>block.</c> and a number.</param>
    /// <exception cref="ArgumentException"><paramref name="prefix"/> has another end, so the table cannot be found.</exception>
    public static TransformerTensorNames T5Encoder(string prefix)
    {
        prefix = WithDot(prefix);
        return T5(prefix, feedForward: 1);
    }

    /// <summary>
    /// The decoder of Hugging Face T5, of version 1.1, or of mT5: the names of <see cref="T5Encoder"/>, and <c>layer.1.EncDecAttention</c> between
    /// attention and feed-forward network.
    /// </summary>
    /// <param name="prefix">Such as <c>decoder.block.0</c>: it must end in <c>block.</c> and a number.</param>
    /// <exception cref="ArgumentException"><paramref name="prefix"/> has another end, so the table cannot be found.</exception>
    public static TransformerTensorNames T5Decoder(string prefix)
    {
        prefix = WithDot(prefix);
        return T5(prefix, feedForward: 2) with
        {
            CrossAttention = AttentionTensorNames.T5(prefix + "layer.1.EncDecAttention"),
            CrossAttentionNorm = prefix + "layer.1.layer_norm.weight",
        };
    }

    /// <summary>PyTorch's <c>nn.TransformerEncoderLayer</c>: <c>self_attn</c>, <c>linear1</c>, <c>linear2</c>, <c>norm1</c> and <c>norm2</c>.</summary>
    /// <param name="prefix">The layer's name in the state dictionary, such as <c>encoder.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames PyTorchEncoder(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, PyTorch(prefix, "norm2"));
    }

    /// <summary>
    /// PyTorch's <c>nn.TransformerDecoderLayer</c>: the names of <see cref="PyTorchEncoder"/>, <c>multihead_attn</c> with <c>norm2</c>, and <c>norm3</c> for
    /// the feed-forward network.
    /// </summary>
    /// <param name="prefix">The layer's name in the state dictionary, such as <c>decoder.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames PyTorchDecoder(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, PyTorch(prefix, "norm3") with
        {
            CrossAttention = AttentionTensorNames.PyTorch(prefix + "multihead_attn"),
            CrossAttentionNorm = prefix + "norm2.weight",
            CrossAttentionNormBias = prefix + "norm2.bias",
        });
    }

    /// <summary>
    /// An encoder layer of Hugging Face BART and its relatives, Marian, mBART, Pegasus, M2M-100 and Whisper: <c>self_attn</c> with <c>out_proj</c>,
    /// <c>fc1</c> and <c>fc2</c>, <c>self_attn_layer_norm</c> and <c>final_layer_norm</c>.
    /// </summary>
    /// <param name="prefix">Such as <c>model.encoder.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames BartEncoder(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, Bart(prefix));
    }

    /// <summary>
    /// A decoder layer of the same models: the names of <see cref="BartEncoder"/>, and <c>encoder_attn</c> with <c>encoder_attn_layer_norm</c>.
    /// </summary>
    /// <param name="prefix">Such as <c>model.decoder.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames BartDecoder(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, Bart(prefix) with
        {
            CrossAttention = Projections(prefix + "encoder_attn.", "q_proj", "k_proj", "v_proj", "out_proj"),
            CrossAttentionNorm = prefix + "encoder_attn_layer_norm.weight",
            CrossAttentionNormBias = prefix + "encoder_attn_layer_norm.bias",
        });
    }

    private static TransformerTensorNames Bart(string prefix) => WithNorms(
        new TransformerTensorNames
        {
            Attention = Projections(prefix + "self_attn.", "q_proj", "k_proj", "v_proj", "out_proj"),
            Up = prefix + "fc1.weight",
            UpBias = prefix + "fc1.bias",
            Down = prefix + "fc2.weight",
            DownBias = prefix + "fc2.bias",
        },
        prefix + "self_attn_layer_norm",
        prefix + "final_layer_norm");

    private static TransformerTensorNames BertLike(string prefix, AttentionTensorNames attention, string attentionNorm)
    {
        var names = new TransformerTensorNames
        {
            Attention = attention,
            Up = prefix + "intermediate.dense.weight",
            UpBias = prefix + "intermediate.dense.bias",
            Down = prefix + "output.dense.weight",
            DownBias = prefix + "output.dense.bias",
        };
        string feedForwardNorm = prefix + "output.LayerNorm";
        string[] older = [attentionNorm + ".gamma", attentionNorm + ".beta", feedForwardNorm + ".gamma", feedForwardNorm + ".beta"];
        return Preset(prefix, WithNorms(names, attentionNorm, feedForwardNorm) with { Known = older });
    }

    private static TransformerTensorNames LlamaLike(string prefix, AttentionTensorNames attention) => new()
    {
        Attention = attention,
        Up = prefix + "mlp.up_proj.weight",
        UpBias = prefix + "mlp.up_proj.bias",
        Gate = prefix + "mlp.gate_proj.weight",
        GateBias = prefix + "mlp.gate_proj.bias",
        Down = prefix + "mlp.down_proj.weight",
        DownBias = prefix + "mlp.down_proj.bias",
        AttentionNorm = prefix + "input_layernorm.weight",
        FeedForwardNorm = prefix + "post_attention_layernorm.weight",
    };

    private static TransformerTensorNames T5(string prefix, int feedForward)
    {
        string stack = BeforeNumber(prefix, "block.");
        string dense = $"{prefix}layer.{feedForward}.DenseReluDense.";
        return Preset(prefix, new TransformerTensorNames
        {
            Attention = AttentionTensorNames.T5(prefix + "layer.0.SelfAttention"),
            Up = dense + "wi.weight",
            UpWhereGated = dense + "wi_1.weight",
            Gate = dense + "wi_0.weight",
            Down = dense + "wo.weight",
            AttentionNorm = prefix + "layer.0.layer_norm.weight",
            FeedForwardNorm = $"{prefix}layer.{feedForward}.layer_norm.weight",
            SharedRelativePositionBias = stack + "block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        });
    }

    private static TransformerTensorNames PyTorch(string prefix, string feedForwardNorm) => WithNorms(
        new TransformerTensorNames
        {
            Attention = AttentionTensorNames.PyTorch(prefix + "self_attn"),
            Up = prefix + "linear1.weight",
            UpBias = prefix + "linear1.bias",
            Down = prefix + "linear2.weight",
            DownBias = prefix + "linear2.bias",
        },
        prefix + "norm1",
        prefix + feedForwardNorm);

    private static TransformerTensorNames WithNorms(TransformerTensorNames names, string attention, string feedForward) => names with
    {
        AttentionNorm = attention + ".weight",
        AttentionNormBias = attention + ".bias",
        FeedForwardNorm = feedForward + ".weight",
        FeedForwardNormBias = feedForward + ".bias",
    };

    /// <summary>Four matrices with biases, each under a name of its own.</summary>
    private static AttentionTensorNames Projections(string prefix, string query, string key, string value, string output) => new()
    {
        Query = $"{prefix}{query}.weight",
        Key = $"{prefix}{key}.weight",
        Value = $"{prefix}{value}.weight",
        Output = $"{prefix}{output}.weight",
        QueryBias = $"{prefix}{query}.bias",
        KeyBias = $"{prefix}{key}.bias",
        ValueBias = $"{prefix}{value}.bias",
        OutputBias = $"{prefix}{output}.bias",
    };

    /// <summary>Names that refuse unknown tensors under a prefix, except the tables that libraries store beside weights.</summary>
    private static TransformerTensorNames Preset(string prefix, TransformerTensorNames names) =>
        names with { Prefix = prefix, Known = [.. names.Known, prefix + "position_ids", prefix + "self_attn.rotary_emb.inv_freq"] };

    /// <summary>What stands before the layer's number and the word in front of it.</summary>
    private static string BeforeNumber(string prefix, string word)
    {
        string[] parts = prefix.Split('.');
        if (parts.Length < 3 || parts[^3] + "." != word || parts[^2].Length == 0 || !parts[^2].All(char.IsAsciiDigit))
            throw new ArgumentException(
                $"prefix is '{prefix.TrimEnd('.')}'; expected an end in {word} and a number, because the table of relative positions has its place beside the "
                    + $"layers.", nameof(prefix));
        return prefix[..^(parts[^3].Length + parts[^2].Length + 2)];
    }

    private static string WithDot(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return prefix.Length == 0 || prefix.EndsWith('.') ? prefix : prefix + ".";
    }
}
