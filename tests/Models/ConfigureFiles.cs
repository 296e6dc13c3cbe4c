namespace AttentionGen.Tests.Models;

/// <summary>Files as models have them, without what changes nothing, and what their layers must declare.</summary>
internal static class ConfigureFiles
{
    private const string Bare = "QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false";
    private const string NoGatedBias = "UpBias = false, GateBias = false, DownBias = false";

    /// <summary>Each with the settings of its classes, first to last, and the preset.</summary>
    public static readonly (string Name, string Json, string[] Settings, string Preset)[] All =
    [
        ("Llama 3.2 1B", """
            { "model_type": "llama", "architectures": ["LlamaForCausalLM"], "attention_bias": false, "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048,
              "intermediate_size": 8192, "max_position_embeddings": 131072, "mlp_bias": false, "num_attention_heads": 32, "num_hidden_layers": 16,
              "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_scaling": { "factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
              "original_max_position_embeddings": 8192, "rope_type": "llama3" }, "rope_theta": 500000.0, "tie_word_embeddings": true, "vocab_size": 128256 }
            """,
            [$"Heads = 32, KvHeads = 8, DModel = 2048, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 500000, "
                + "RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 32, RotaryOriginalLength = 8192, "
                + $"FeedForwardDim = 8192, Activation = Activation.Silu, Gated = true, Norm = Norm.Rms, {Bare}, {NoGatedBias}"],
            "Llama"),
        ("Mistral 7B v0.1", """
            { "model_type": "mistral", "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 14336, "max_position_embeddings": 32768,
              "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
              "sliding_window": 4096, "vocab_size": 32000 }
            """,
            [$"Heads = 32, KvHeads = 8, DModel = 4096, Causal = true, Rotary = RotaryKind.HalfSplit, FeedForwardDim = 14336, Activation = Activation.Silu, "
                + $"Gated = true, Norm = Norm.Rms, {Bare}, {NoGatedBias}, WindowLeft = 4095"],
            "Llama"),
        ("Qwen 2.5 0.5B", """
            { "model_type": "qwen2", "hidden_act": "silu", "hidden_size": 896, "intermediate_size": 4864, "max_position_embeddings": 32768,
              "max_window_layers": 24, "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
              "rope_theta": 1000000.0, "sliding_window": 32768, "use_sliding_window": false, "vocab_size": 151936 }
            """,
            ["Heads = 14, KvHeads = 2, DModel = 896, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 1000000, FeedForwardDim = 4864, "
                + $"Activation = Activation.Silu, Gated = true, Norm = Norm.Rms, NormEpsilon = 1E-06f, OutputBias = false, {NoGatedBias}"],
            "Llama"),
        ("Qwen 3 0.6B", """
            { "model_type": "qwen3", "attention_bias": false, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024, "intermediate_size": 3072,
              "max_position_embeddings": 40960, "max_window_layers": 28, "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
              "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null, "use_sliding_window": false, "vocab_size": 151936 }
            """,
            ["Heads = 16, KvHeads = 8, DModel = 1024, HeadDim = 128, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 1000000, "
                + $"FeedForwardDim = 3072, Activation = Activation.Silu, Gated = true, Norm = Norm.Rms, NormEpsilon = 1E-06f, {Bare}, {NoGatedBias}, "
                + "QueryKeyNorm = QueryKeyNorm.Rms"],
            "Llama"),
        ("Gemma 2 2B", """
            { "model_type": "gemma2", "attention_bias": false, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "head_dim": 256,
              "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 2304, "intermediate_size": 9216,
              "max_position_embeddings": 8192, "num_attention_heads": 8, "num_hidden_layers": 26, "num_key_value_heads": 4, "query_pre_attn_scalar": 256,
              "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "sliding_window": 4096, "vocab_size": 256000 }
            """,
            [
                "Heads = 8, KvHeads = 4, DModel = 2304, HeadDim = 256, Causal = true, " + Bare + ", FeedForwardDim = 9216, Activation = Activation.GeluTanh, "
                    + $"Gated = true, {NoGatedBias}, Norm = Norm.Rms, NormPlacement = NormPlacement.Both, NormEpsilon = 1E-06f, Softcap = 50f, "
                    + "Rotary = RotaryKind.HalfSplit",
                "WindowLeft = 4095",
            ],
            "Gemma2"),
        ("Gemma 3 1B", """
            { "model_type": "gemma3_text", "attention_bias": false, "attn_logit_softcapping": null, "final_logit_softcapping": null, "head_dim": 256,
              "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 1152, "intermediate_size": 6912, "max_position_embeddings": 32768,
              "num_attention_heads": 4, "num_hidden_layers": 26, "num_key_value_heads": 1, "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06,
              "rope_local_base_freq": 10000, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": 512, "sliding_window_pattern": 6,
              "vocab_size": 262144 }
            """,
            ["QueryKeyNorm = QueryKeyNorm.Rms, Rotary = RotaryKind.HalfSplit, RotaryBase = 1000000", "Rotary = RotaryKind.HalfSplit, WindowLeft = 511"],
            "Gemma2"),
        ("Phi-3.5 mini", """
            { "model_type": "phi3", "attention_bias": false, "hidden_act": "silu", "hidden_size": 64, "intermediate_size": 128, "max_position_embeddings": 131072,
              "num_attention_heads": 8, "num_hidden_layers": 32, "num_key_value_heads": 8, "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-05,
              "rope_scaling": { "long_factor": [1.5, 2, 3, 4], "short_factor": [1, 1.25, 1.5, 2], "type": "longrope" }, "rope_theta": 10000.0,
              "sliding_window": 262144, "vocab_size": 32064 }
            """,
            ["RotaryScaling = RotaryScaling.LongRope, RotaryScalingFactor = 32, RotaryOriginalLength = 4096, RotaryLength = 4096, "
                + "RotaryShortFactors = [1, 1.25, 1.5, 2], RotaryLongFactors = [1.5, 2, 3, 4]"],
            "Phi3"),
        ("gpt-oss 20B", """
            { "model_type": "gpt_oss", "attention_bias": true, "experts_per_token": 4, "head_dim": 64, "hidden_act": "silu", "hidden_size": 2880,
              "initial_context_length": 4096, "intermediate_size": 2880, "layer_types": ["sliding_attention", "full_attention"],
              "max_position_embeddings": 131072, "num_attention_heads": 64, "num_experts_per_tok": 4, "num_hidden_layers": 24, "num_key_value_heads": 8,
              "num_local_experts": 32, "rms_norm_eps": 1e-05, "rope_scaling": { "beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0,
              "original_max_position_embeddings": 4096, "rope_type": "yarn", "truncate": false }, "rope_theta": 150000, "sliding_window": 128,
              "swiglu_limit": 7.0, "vocab_size": 201088 }
            """,
            [
                "Heads = 64, KvHeads = 8, DModel = 2880, HeadDim = 64, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 150000, "
                    + "RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 32, RotaryOriginalLength = 4096, RotaryTruncate = false, Sinks = true",
                "Sinks = true, WindowLeft = 127",
            ],
            "Llama"),
        ("DeepSeek V2 Lite", """
            { "model_type": "deepseek_v2", "attention_bias": false, "aux_loss_alpha": 0.001, "first_k_dense_replace": 1, "hidden_act": "silu",
              "hidden_size": 2048, "intermediate_size": 10944, "kv_lora_rank": 512, "max_position_embeddings": 163840, "moe_intermediate_size": 1408,
              "moe_layer_freq": 1, "n_group": 1, "n_routed_experts": 64, "n_shared_experts": 2, "norm_topk_prob": false, "num_attention_heads": 16,
              "num_experts_per_tok": 6, "num_hidden_layers": 27, "num_key_value_heads": 16, "q_lora_rank": null, "qk_nope_head_dim": 128,
              "qk_rope_head_dim": 64, "rms_norm_eps": 1e-06, "rope_scaling": { "beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 0.707,
              "mscale_all_dim": 0.707, "original_max_position_embeddings": 4096, "type": "yarn" }, "rope_theta": 10000, "routed_scaling_factor": 1.0,
              "scoring_func": "softmax", "seq_aux": true, "topk_group": 1, "topk_method": "greedy", "v_head_dim": 128, "vocab_size": 102400 }
            """,
            ["Heads = 16, DModel = 2048, HeadDim = 192, ValueHeadDim = 128, LatentDim = 512, Rotary = RotaryKind.Interleaved, "
                + "RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 40, RotaryOriginalLength = 4096, RotaryMscale = 0.707, "
                + "RotaryMscaleAllDim = 0.707, RotaryDim = 64, Scale = 0.11472"],
            "DeepSeek"),
        ("DeepSeek V3", """
            { "model_type": "deepseek_v3", "attention_bias": false, "ep_size": 1, "first_k_dense_replace": 3, "hidden_act": "silu", "hidden_size": 7168,
              "intermediate_size": 18432, "kv_lora_rank": 512, "max_position_embeddings": 163840, "moe_intermediate_size": 2048, "moe_layer_freq": 1,
              "n_group": 8, "n_routed_experts": 256, "n_shared_experts": 1, "norm_topk_prob": true, "num_attention_heads": 128, "num_experts_per_tok": 8,
              "num_hidden_layers": 61, "num_key_value_heads": 128, "num_nextn_predict_layers": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
              "qk_rope_head_dim": 64, "rms_norm_eps": 1e-06, "rope_scaling": { "beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 1.0,
              "mscale_all_dim": 1.0, "original_max_position_embeddings": 4096, "type": "yarn" }, "rope_theta": 10000, "routed_scaling_factor": 2.5,
              "scoring_func": "sigmoid", "topk_group": 4, "topk_method": "noaux_tc", "v_head_dim": 128, "vocab_size": 129280 }
            """,
            ["Heads = 128, DModel = 7168, HeadDim = 192, ValueHeadDim = 128, LatentDim = 512, QueryLatentDim = 1536, Rotary = RotaryKind.Interleaved"],
            "DeepSeek"),
        ("OLMo 2 7B", """
            { "model_type": "olmo2", "attention_bias": false, "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 11008,
              "max_position_embeddings": 4096, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32, "rms_norm_eps": 1e-06,
              "rope_scaling": null, "rope_theta": 500000, "vocab_size": 100352 }
            """,
            [$"Heads = 32, DModel = 4096, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 500000, {Bare}, QueryKeyNorm = QueryKeyNorm.Rms, "
                + "QueryKeyNormScope = QueryKeyNormScope.Projection"],
            "Llama"),
        ("Falcon 7B", """
            { "model_type": "falcon", "alibi": false, "bias": false, "hidden_size": 4544, "layer_norm_epsilon": 1e-05, "multi_query": true,
              "new_decoder_architecture": false, "num_attention_heads": 71, "num_hidden_layers": 32, "parallel_attn": true, "vocab_size": 65024 }
            """,
            [$"Heads = 71, KvHeads = 1, DModel = 4544, Causal = true, Rotary = RotaryKind.HalfSplit, {Bare}, UpBias = false, DownBias = false, "
                + "FeedForwardDim = 18176, Activation = Activation.Gelu, ParallelBranches = true"],
            "Falcon"),
        ("Falcon RW 1B", """
            { "model_type": "falcon", "alibi": true, "bias": true, "hidden_size": 2048, "layer_norm_epsilon": 1e-05, "multi_query": false,
              "new_decoder_architecture": false, "num_attention_heads": 32, "num_hidden_layers": 24, "parallel_attn": false, "vocab_size": 50304 }
            """,
            ["Heads = 32, DModel = 2048, Causal = true, Alibi = true, AlibiScale = 0.125, FeedForwardDim = 8192, Activation = Activation.Gelu"],
            "Falcon"),
        ("BLOOM 560M", """
            { "model_type": "bloom", "apply_residual_connection_post_layernorm": false, "hidden_size": 1024, "layer_norm_epsilon": 1e-05, "n_head": 16,
              "n_layer": 24, "slow_but_exact": false, "vocab_size": 250880 }
            """,
            ["Heads = 16, DModel = 1024, Causal = true, Alibi = true, FeedForwardDim = 4096, Activation = Activation.GeluTanh"], "Bloom"),
        ("MPT 7B", """
            { "model_type": "mpt", "attn_config": { "alibi": true, "alibi_bias_max": 8, "attn_type": "multihead_attention", "clip_qkv": null,
              "prefix_lm": false, "qk_ln": false, "softmax_scale": null }, "d_model": 4096, "expansion_ratio": 4, "max_seq_len": 2048, "n_heads": 32,
              "n_layers": 32, "no_bias": true, "vocab_size": 50432 }
            """,
            [$"Heads = 32, DModel = 4096, Causal = true, Alibi = true, {Bare}, UpBias = false, DownBias = false, FeedForwardDim = 16384, "
                + "Activation = Activation.Gelu, NormBias = false"],
            "Mpt"),
        ("Pythia 70M", """
            { "model_type": "gpt_neox", "hidden_act": "gelu", "hidden_size": 512, "intermediate_size": 2048, "layer_norm_eps": 1e-05,
              "num_attention_heads": 8, "num_hidden_layers": 6, "rotary_emb_base": 10000, "rotary_pct": 0.25, "use_parallel_residual": true,
              "vocab_size": 50304 }
            """,
            ["Heads = 8, DModel = 512, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 16, FeedForwardDim = 2048, Activation = Activation.Gelu, "
                + "ParallelBranches = true, ParallelNorms = true"],
            "GptNeoX"),
        ("GPT-J 6B", """
            { "model_type": "gptj", "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "n_embd": 4096, "n_head": 16, "n_inner": null,
              "n_layer": 28, "rotary": true, "rotary_dim": 64, "scale_attn_weights": true, "vocab_size": 50400 }
            """,
            [$"Heads = 16, DModel = 4096, Causal = true, Rotary = RotaryKind.Interleaved, RotaryDim = 64, {Bare}, FeedForwardDim = 16384, "
                + "Activation = Activation.GeluTanh, ParallelBranches = true"],
            "GptJ"),
        ("Phi-2", """
            { "model_type": "phi", "hidden_act": "gelu_new", "hidden_size": 2560, "intermediate_size": 10240, "layer_norm_eps": 1e-05,
              "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32, "partial_rotary_factor": 0.4, "qk_layernorm": false,
              "rope_scaling": null, "rope_theta": 10000.0, "vocab_size": 51200 }
            """,
            ["Heads = 32, DModel = 2560, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 32, FeedForwardDim = 10240, "
                + "Activation = Activation.GeluTanh, ParallelBranches = true"],
            "Phi"),
        ("GPT-2", """
            { "model_type": "gpt2", "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12,
              "n_positions": 1024, "vocab_size": 50257 }
            """,
            ["Heads = 12, DModel = 768, Causal = true, FeedForwardDim = 3072, Activation = Activation.GeluTanh"], "Gpt2"),
        ("StarCoder", """
            { "model_type": "gpt_bigcode", "activation_function": "gelu", "attention_softmax_in_fp32": true, "layer_norm_epsilon": 1e-05, "multi_query": true,
              "n_embd": 6144, "n_head": 48, "n_inner": 24576, "n_layer": 40, "n_positions": 8192, "scale_attention_softmax_in_fp32": true,
              "scale_attn_weights": true, "vocab_size": 49152 }
            """,
            ["Heads = 48, KvHeads = 1, DModel = 6144, Causal = true, FeedForwardDim = 24576, Activation = Activation.Gelu"], "StarCoder"),
        ("StarCoder 2 3B", """
            { "model_type": "starcoder2", "hidden_act": "gelu_pytorch_tanh", "hidden_size": 3072, "intermediate_size": 12288, "mlp_type": "default",
              "norm_epsilon": 1e-05, "norm_type": "layer_norm", "num_attention_heads": 24, "num_hidden_layers": 30, "num_key_value_heads": 2,
              "rope_theta": 999999.4420358813, "sliding_window": 4096, "use_bias": true, "vocab_size": 49152 }
            """,
            ["Heads = 24, KvHeads = 2, DModel = 3072, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 999999.4420358813, WindowLeft = 4095, "
                + "FeedForwardDim = 12288, Activation = Activation.GeluTanh"],
            "StarCoder2"),
        ("Flan-T5 small", """
            { "model_type": "t5", "d_ff": 1024, "d_kv": 64, "d_model": 512, "dense_act_fn": "gelu_new", "feed_forward_proj": "gated-gelu",
              "is_gated_act": true, "layer_norm_epsilon": 1e-06, "num_decoder_layers": 8, "num_heads": 6, "num_layers": 8,
              "relative_attention_max_distance": 128, "relative_attention_num_buckets": 32, "vocab_size": 32128 }
            """,
            [
                $"Heads = 6, DModel = 512, HeadDim = 64, Scale = 1f, RelativePositionBuckets = 32, FeedForwardDim = 1024, Activation = Activation.GeluTanh, "
                    + $"Gated = true, Norm = Norm.Rms, NormEpsilon = 1E-06f, {Bare}, {NoGatedBias}",
                "Causal = true, MemoryDim = 512",
            ],
            "T5Encoder"),
        ("all-MiniLM-L6-v2", """
            { "model_type": "bert", "hidden_act": "gelu", "hidden_size": 384, "intermediate_size": 1536, "layer_norm_eps": 1e-12, "num_attention_heads": 12,
              "num_hidden_layers": 6, "position_embedding_type": "absolute", "vocab_size": 30522 }
            """,
            ["Heads = 12, DModel = 384, FeedForwardDim = 1536, Activation = Activation.Gelu, NormPlacement = NormPlacement.Post, NormEpsilon = 1E-12f, "
                + "Ragged = true"],
            "Bert"),
        ("DistilBERT", """
            { "model_type": "distilbert", "activation": "gelu", "dim": 768, "hidden_dim": 3072, "n_heads": 12, "n_layers": 6, "qa_dropout": 0.1,
              "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": false, "vocab_size": 30522 }
            """,
            ["Heads = 12, DModel = 768, FeedForwardDim = 3072, Activation = Activation.Gelu, NormPlacement = NormPlacement.Post, NormEpsilon = 1E-12f, "
                + "Ragged = true"],
            "DistilBert"),
        ("all-mpnet-base-v2", """
            { "model_type": "mpnet", "hidden_act": "gelu", "hidden_size": 768, "intermediate_size": 3072, "layer_norm_eps": 1e-05, "num_attention_heads": 12,
              "num_hidden_layers": 12, "relative_attention_num_buckets": 32, "vocab_size": 30527 }
            """,
            ["NormPlacement = NormPlacement.Post, Ragged = true, RelativePositionBuckets = 32"], "Mpnet"),
        ("ModernBERT base", """
            { "model_type": "modernbert", "attention_bias": false, "global_attn_every_n_layers": 3, "global_rope_theta": 160000.0,
              "hidden_activation": "gelu", "hidden_size": 768, "intermediate_size": 1152, "local_attention": 128, "local_rope_theta": 10000.0,
              "mlp_bias": false, "norm_bias": false, "norm_eps": 1e-05, "num_attention_heads": 12, "num_hidden_layers": 22, "vocab_size": 50368 }
            """,
            [
                "Heads = 12, DModel = 768, Rotary = RotaryKind.HalfSplit, RotaryBase = 160000, FeedForwardDim = 1152, Activation = Activation.Gelu, "
                    + $"Gated = true, NormBias = false, Ragged = true, {Bare}, {NoGatedBias}",
                "WindowLeft = 64, WindowRight = 64",
                $"Heads = 12, DModel = 768, Rotary = RotaryKind.HalfSplit, RotaryBase = 160000, Ragged = true, {Bare}",
            ],
            "ModernBert"),
        ("Whisper tiny", """
            { "model_type": "whisper", "activation_function": "gelu", "d_model": 384, "decoder_attention_heads": 6, "decoder_ffn_dim": 1536,
              "decoder_layers": 4, "encoder_attention_heads": 6, "encoder_ffn_dim": 1536, "encoder_layers": 4, "max_source_positions": 1500,
              "max_target_positions": 448, "num_mel_bins": 80, "scale_embedding": false, "vocab_size": 51865 }
            """,
            [
                "Heads = 6, DModel = 384, KeyBias = false, FeedForwardDim = 1536, Activation = Activation.Gelu",
                "Heads = 6, DModel = 384, KeyBias = false, Causal = true, MemoryDim = 384, FeedForwardDim = 1536, Activation = Activation.Gelu",
            ],
            "BartEncoder"),
        ("CLIP ViT-B/32", """
            { "model_type": "clip", "projection_dim": 512, "text_config": { "model_type": "clip_text_model" }, "vision_config": { "model_type": "clip_vision_model" } }
            """,
            [
                "Heads = 8, DModel = 512, FeedForwardDim = 2048, Activation = Activation.QuickGelu, Causal = true",
                "Heads = 12, DModel = 768, FeedForwardDim = 3072, Activation = Activation.QuickGelu",
            ],
            "Clip"),
        ("ViT base", """
            { "model_type": "vit", "encoder_stride": 16, "hidden_act": "gelu", "hidden_size": 768, "image_size": 224, "intermediate_size": 3072,
              "layer_norm_eps": 1e-12, "num_attention_heads": 12, "num_channels": 3, "num_hidden_layers": 12, "patch_size": 16, "qkv_bias": true }
            """,
            ["Heads = 12, DModel = 768, FeedForwardDim = 3072, Activation = Activation.Gelu, NormEpsilon = 1E-12f"], "Vit"),
    ];
}
