namespace AttentionGen.Samples.Configure.Families;

/// <summary>Encoders with a decoder that reads what they give.</summary>
internal static class EncoderDecoders
{
    /// <summary>T5, its version 1.1, Flan-T5 and mT5: buckets of distances, a scale of 1, no biases.</summary>
    public static Answer T5(ModelConfig config)
    {
        int width = config.Int("d_model"), layers = config.Int("num_layers"), decoderLayers = config.Int("num_decoder_layers", layers);
        string[] network = config.Text("feed_forward_proj", "relu").Split('-');
        bool isGated = network[0] == "gated";
        config.Ignore("dense_act_fn");
        config.Ignore("is_gated_act");
        LayerClass Layer(string name)
        {
            // Transformers takes GELU with tanh for gated networks.
            string activation = network[^1] == "gelu" && isGated ? "gelu_new" : network[^1];
            LayerClass layer = Parts.Heads(name, config.Int("num_heads"), width, headDim: config.Int("d_kv")).With("Scale", 1f)
                .With("RelativePositionBuckets", config.Int("relative_attention_num_buckets", 32))
                .WithUnless("RelativePositionMaxDistance", config.Int("relative_attention_max_distance", 128), 128);
            return (isGated ? layer.GatedNetwork(config.Int("d_ff"), activation) : layer.Network(config.Int("d_ff"), activation))
                .RmsNorms(config.Number("layer_norm_epsilon", 1e-6))
                .Without(Parts.AttentionBiases).Without(isGated ? Parts.GatedBiases : Parts.NetworkBiases);
        }

        return new(
            [
                Layer("T5EncoderLayer").Copy("T5EncoderLayer", "the encoder"),
                Layer("T5DecoderLayer").With("Causal", true).With("MemoryDim", width).Copy("T5DecoderLayer", "the decoder"),
            ],
            Both("T5EncoderLayer", "T5Encoder", "encoder.block.", layers, "T5DecoderLayer", "T5Decoder", "decoder.block.", decoderLayers),
            [
                "Before both: a row of shared.weight for each token. Behind them: encoder.final_layer_norm and decoder.final_layer_norm (Norm.Rms).",
                "The head is lm_head.weight; where it is the embedding, the decoder's rows are multiplied by d_model^(−1/2) first.",
            ]);
    }

    /// <summary>Whisper: pre-norm, and keys without bias.</summary>
    public static Answer Whisper(ModelConfig config)
    {
        int width = config.Int("d_model");
        string activation = config.Text("activation_function", "gelu");
        LayerClass encoder = Parts.Heads("WhisperEncoderLayer", config.Int("encoder_attention_heads"), width).Without("KeyBias")
            .Network(config.Int("encoder_ffn_dim"), activation).LayerNorms(1e-5).Copy("WhisperEncoderLayer", "the encoder");
        LayerClass decoder = Parts.Heads("WhisperDecoderLayer", config.Int("decoder_attention_heads"), width).Without("KeyBias").With("Causal", true)
            .With("MemoryDim", width).Network(config.Int("decoder_ffn_dim"), activation).LayerNorms(1e-5).Copy("WhisperDecoderLayer", "the decoder");
        config.Ignore(
            "num_mel_bins", "max_source_positions", "max_target_positions", "suppress_tokens", "begin_suppress_tokens", "forced_decoder_ids",
            "scale_embedding", "median_filter_width", "use_weighted_layer_sum", "classifier_proj_size", "apply_spec_augment", "max_length",
            "alignment_heads");
        config.Ignore(
            "mask_time_prob", "mask_time_length", "mask_time_min_masks", "mask_feature_prob", "mask_feature_length", "mask_feature_min_masks");
        return new(
            [encoder, decoder],
            Both(
                "WhisperEncoderLayer", "BartEncoder", "model.encoder.layers.", config.Int("encoder_layers"), "WhisperDecoderLayer", "BartDecoder",
                "model.decoder.layers.", config.Int("decoder_layers")),
            [
                "Before the encoder: two convolutions over the spectrogram, and model.encoder.embed_positions. Behind it: model.encoder.layer_norm.",
                "Before the decoder: model.decoder.embed_tokens and embed_positions. Behind it: model.decoder.layer_norm, and the embedding as the head.",
            ]);
    }

    private static string Both(
        string encoder, string encoderPreset, string encoderPrefix, int layers, string decoder, string decoderPreset, string decoderPrefix,
        int decoderLayers) =>
        Parts.Load(encoder, encoderPreset, encoderPrefix, layers).Replace("var stack", "var encoder", StringComparison.Ordinal) + "\n"
        + Parts.Load(decoder, decoderPreset, decoderPrefix, decoderLayers).Replace("var stack", "var decoder", StringComparison.Ordinal);
}
