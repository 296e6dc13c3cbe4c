using LLama;
using LLama.Common;
using LLama.Native;

namespace AttentionGen.Bench.Decode;

/// <summary>The same model by llama.cpp, from a GGUF file that is written for it.</summary>
internal sealed class LlamaCpp : IDecoder
{
    private readonly string path;
    private readonly LLamaWeights weights;
    private readonly LLamaContext context;
    private readonly LLamaBatch batch = new();
    private int position;

    public LlamaCpp(string format, SmallLlama model, int threads, int capacity)
    {
        Format = format;
        path = Path.Combine(Path.GetTempPath(), $"attentiongen-bench-{Environment.ProcessId}-{format}.gguf");
        Write(model, FormatOf(format)).Save(path);
        var parameters = new ModelParams(path)
        {
            ContextSize = (uint)Math.Max(64, capacity), BatchSize = 32, Threads = threads, BatchThreads = threads, GpuLayerCount = 0,
        };
        weights = LLamaWeights.LoadFromFile(parameters);
        context = weights.CreateContext(parameters);
    }

    public string Name => "llama.cpp";

    public string Format { get; }

    public WeightFormat Weights => FormatOf(Format);

    public void Reset()
    {
        context.NativeHandle.MemoryClear();
        position = 0;
    }

    public int Step(int token)
    {
        batch.Clear();
        batch.Add(token, position++, LLamaSeqId.Zero, true);
        if (context.NativeHandle.Decode(batch) != 0)
            throw new InvalidOperationException("llama.cpp could not decode a token.");
        Span<float> logits = context.NativeHandle.GetLogitsIth(0);
        return System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits);
    }

    public void Dispose()
    {
        context.Dispose();
        weights.Dispose();
        File.Delete(path);
    }

    private static WeightFormat FormatOf(string format) => format switch
    {
        "F32" => WeightFormat.Float32,
        "BF16" => WeightFormat.BFloat16,
        "F16" => WeightFormat.Float16,
        "Q8_0" => WeightFormat.Int8Blocks,
        _ => WeightFormat.Int4Blocks,
    };

    private static GgufBuilder Write(SmallLlama model, WeightFormat format)
    {
        var builder = new GgufBuilder();
        WriteMetadata(builder.Metadata);
        // A table of embeddings is read a row at a time, in any format; the head is a matrix of its own.
        WeightFormat embeddings = format == WeightFormat.Float32 ? format : WeightFormat.Float16;
        builder.Add("token_embd.weight", [SmallLlama.Tokens, SmallLlama.Width], model.Head.Weight.ToArray(), embeddings);
        builder.Add("output.weight", [SmallLlama.Tokens, SmallLlama.Width], model.Head.Weight.ToArray(), format);
        builder.Add("output_norm.weight", [SmallLlama.Width], model.Norm);
        for (int layer = 0; layer < SmallLlama.LayerCount; layer++)
        {
            TransformerLayerWeights weights = model.Layers[layer];
            AttentionWeights attention = weights.Attention;
            const int keys = SmallLlama.KvHeads * SmallLlama.HeadDim;
            Matrix("attn_q", SmallLlama.Width, SmallLlama.Width, attention.Query.ToArray());
            Matrix("attn_k", keys, SmallLlama.Width, attention.Key.ToArray());
            Matrix("attn_v", keys, SmallLlama.Width, attention.Value.ToArray());
            Matrix("attn_output", SmallLlama.Width, SmallLlama.Width, attention.Output.ToArray());
            Matrix("ffn_gate", SmallLlama.Inner, SmallLlama.Width, weights.Gate);
            Matrix("ffn_up", SmallLlama.Inner, SmallLlama.Width, weights.Up);
            Matrix("ffn_down", SmallLlama.Width, SmallLlama.Inner, weights.Down);
            builder.Add($"blk.{layer}.attn_norm.weight", [SmallLlama.Width], weights.AttentionNorm);
            builder.Add($"blk.{layer}.ffn_norm.weight", [SmallLlama.Width], weights.FeedForwardNorm);

            void Matrix(string name, int outputs, int inputs, ReadOnlyMemory<float> values) =>
                builder.Add($"blk.{layer}.{name}.weight", [outputs, inputs], values, format);
        }

        return builder;
    }

    private static void WriteMetadata(IDictionary<string, object> metadata)
    {
        metadata["general.architecture"] = "llama";
        metadata["general.name"] = "random";
        metadata["llama.context_length"] = 2048u;
        metadata["llama.embedding_length"] = (uint)SmallLlama.Width;
        metadata["llama.block_count"] = (uint)SmallLlama.LayerCount;
        metadata["llama.feed_forward_length"] = (uint)SmallLlama.Inner;
        metadata["llama.attention.head_count"] = (uint)SmallLlama.Heads;
        metadata["llama.attention.head_count_kv"] = (uint)SmallLlama.KvHeads;
        metadata["llama.attention.layer_norm_rms_epsilon"] = SmallLlama.NormEpsilon;
        metadata["llama.rope.dimension_count"] = (uint)SmallLlama.HeadDim;
        metadata["llama.rope.freq_base"] = 10_000f;
        metadata["llama.vocab_size"] = (uint)SmallLlama.Tokens;
        metadata["tokenizer.ggml.model"] = "llama";
        IEnumerable<int> tokens = Enumerable.Range(0, SmallLlama.Tokens);
        metadata["tokenizer.ggml.tokens"] = tokens.Select(token => token switch { 0 => "<unk>", 1 => "<s>", 2 => "</s>", _ => $"t{token}" }).ToArray();
        metadata["tokenizer.ggml.scores"] = tokens.Select(token => (float)-token).ToArray();
        metadata["tokenizer.ggml.token_type"] = tokens.Select(token => token switch { 0 => 2, < 3 => 3, _ => 1 }).ToArray();
        metadata["tokenizer.ggml.bos_token_id"] = 1u;
        metadata["tokenizer.ggml.eos_token_id"] = 2u;
    }
}
