namespace AttentionGen.Samples.Configure.Families;

/// <summary>BERT and its relatives.</summary>
internal static class Encoders
{
    public static Answer Bert(ModelConfig config) => Post(config, "Bert", "bert.encoder.layer.", 1e-12);

    public static Answer Roberta(ModelConfig config) => Post(config, "Roberta", "roberta.encoder.layer.", 1e-5);

    public static Answer DistilBert(ModelConfig config)
    {
        config.Ignore("sinusoidal_pos_embds");
        config.Ignore("qa_dropout");
        config.Ignore("seq_classif_dropout");
        LayerClass layer = Parts.Heads("DistilBertLayer", config.Int("n_heads"), config.Int("dim"))
            .Network(config.Int("hidden_dim"), config.Text("activation", "gelu")).LayerNorms(1e-12, NormPlacement.Post).With("Ragged", true);
        return new([layer], Parts.Load(layer.Name, "DistilBert", "distilbert.transformer.layer.", config.Int("n_layers")), Around("distilbert.embeddings"));
    }

    public static Answer Mpnet(ModelConfig config)
    {
        LayerClass layer = Layer(config, "MpnetLayer", 1e-12).With("RelativePositionBuckets", config.Int("relative_attention_num_buckets", 32));
        return new([layer], Parts.Load(layer.Name, "Mpnet", "encoder.layer.", config.Int("num_hidden_layers")), Around("embeddings"));
    }

    /// <summary>ModernBERT: local and global layers, rotary positions, gated networks; its first layer has no norm before the attention.</summary>
    public static Answer ModernBert(ModelConfig config)
    {
        int width = config.Int("hidden_size"), heads = config.Int("num_attention_heads"), layers = config.Int("num_hidden_layers");
        int period = config.Int("global_attn_every_n_layers", 3), reach = config.Int("local_attention", 128) / 2;
        double global = config.Number("global_rope_theta", 160_000), local = config.Number("local_rope_theta", 10_000);
        ModelConfig? rotations = config.Object("rope_parameters");
        ModelConfig? globalRotation = rotations?.Object("full_attention"), localRotation = rotations?.Object("sliding_attention");
        Parts.ExpectFullAttention(config, layer => layer % period == 0, $"where the number is a multiple of {period}");
        LayerClass Rotate(LayerClass layer, ModelConfig? rotation, double theta) =>
            Rotation.Add(layer, config, width / Math.Max(1, heads), parameters: rotation, byDefault: theta);
        LayerClass Layer(string name, string which, ModelConfig? rotation, double theta)
        {
            LayerClass layer = Rotate(Parts.Heads(name, heads, width), rotation, theta)
                .GatedNetwork(config.Int("intermediate_size"), config.Text("hidden_activation", "gelu"))
                .LayerNorms(config.Number("norm_eps", 1e-5)).WithUnless("NormBias", config.Flag("norm_bias", false), true).With("Ragged", true);
            if (!config.Flag("attention_bias", false))
                layer.Without(Parts.AttentionBiases);
            if (!config.Flag("mlp_bias", false))
                layer.Without(Parts.GatedBiases);
            return layer.Copy(name, which);
        }

        LayerClass far = Layer("ModernBertGlobalLayer", $"layers {period}, {2 * period} and so on", globalRotation, global);
        LayerClass near = Layer("ModernBertLocalLayer", "all other layers", localRotation, local).With("WindowLeft", reach).With("WindowRight", reach);
        LayerClass first = Rotate(Parts.Heads("ModernBertFirstAttention", heads, width, attribute: LayerClass.Attention), globalRotation, global)
            .With("Ragged", true).Copy("ModernBertFirstAttention", "layer 0");
        if (!config.Flag("attention_bias", false))
            first.Without(Parts.AttentionBiases);
        int inner = config.Int("intermediate_size");
        string network = $"Activation = Activation.{Parts.Activation(config.Text("hidden_activation", "gelu"))}, Gate = true"
            + (config.Flag("mlp_bias", false) ? "" : ", Bias = false");
        config.Ignore(
            "embedding_dropout", "mlp_dropout", "decoder_bias", "classifier_bias", "classifier_pooling", "classifier_activation",
            "deterministic_flash_attn", "sparse_pred_ignore_index", "sparse_prediction", "reference_compile", "initializer_cutoff_factor",
            "layer_norm_eps", "gradient_checkpointing", "repad_logits_with_grad");
        return new(
            [far, near, first],
            Parts.Load(far.Name, near.Name, $"(layer + 1) % {period} == 0", "ModernBert", "model.layers.", layers - 1)
                .Replace("{layer}", "{layer + 1}", StringComparison.Ordinal),
            [
                "Layer 0 reads its rows as they are, which no NormPlacement says: x += attention(x), and then",
                $"[LinearConfig(Inputs = {width}, Outputs = {inner}, {network})] behind model.layers.0.mlp_norm, with the first half of mlp.Wi.weight;",
                "the other half is its gate, by a class without activation, and mlp.Wo.weight is the product back, with the rows before the norm as residual.",
                $"The stack holds layers 1 to {layers - 1}.",
                "Before the layers: a row of model.embeddings.tok_embeddings.weight for each token, and model.embeddings.norm.",
                "Behind them: model.final_norm.",
            ]);
    }

    private static Answer Post(ModelConfig config, string preset, string prefix, double epsilon)
    {
        string positions = config.Text("position_embedding_type", "absolute");
        if (positions != "absolute")
            throw new UnsupportedModelException($"position_embedding_type is '{positions}': no kernel adds its relative keys to the scores.");
        LayerClass layer = Layer(config, preset + "Layer", epsilon);
        return new([layer], Parts.Load(layer.Name, preset, prefix, config.Int("num_hidden_layers")), Around(prefix.Split('.')[0] + ".embeddings"));
    }

    private static LayerClass Layer(ModelConfig config, string name, double epsilon) =>
        Parts.Heads(name, config.Int("num_attention_heads"), config.Int("hidden_size"))
            .Network(config.Int("intermediate_size"), config.Text("hidden_act", "gelu"))
            .LayerNorms(config.Number("layer_norm_eps", epsilon), NormPlacement.Post).With("Ragged", true);

    private static string[] Around(string embeddings) =>
    [
        Parts.BareModel,
        $"Before the layers: {embeddings}, the sums of words and positions (and of types where there are any), normalised.",
    ];
}
