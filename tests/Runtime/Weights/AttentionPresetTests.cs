using AttentionGen.CompilerServices;
using static AttentionGen.Tests.Runtime.TestNumbers;

namespace AttentionGen.Tests.Runtime;

/// <summary>What presets make of tensors beside those that they read, and of weights that models store in other orders and forms.</summary>
public sealed class AttentionPresetTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Llama", "q_proj.lora_A.default.weight")]
    [InlineData("Llama", "q_proj.weight_scale_inv")]
    [InlineData("Llama", "k_scale")]
    [InlineData("Llama", "attn_sub_norm.weight")]
    [InlineData("Llama", "o_proj.g_idx")]
    [InlineData("Gemma", "v_norm.weight")]
    [InlineData("Bert", "self.LayerNorm.weight")]
    [InlineData("Bert", "output.adapter.weight")]
    [InlineData("Gpt2", "q_attn.weight")]
    [InlineData("T5", "q.bias")]
    [InlineData("PyTorch", "ln.weight")]
    [InlineData("Bloom", "q_norm.weight")]
    [InlineData("GptNeoX", "dense.weight_scale")]
    [InlineData("Falcon", "query_key_value.lora_B.weight")]
    public void Tensors_that_a_preset_does_not_know_are_refused_by_name(string preset, string tensor)
    {
        string name = "a.0." + tensor;
        using SafetensorsFile file = folder.Open(Block(preset).AddF32(name, [1], 1).AddF32("a.00." + tensor, [1], 1));
        string message = Assert.Throws<NotSupportedException>(() => AttentionWeights.From(file, Names(preset))).Message;
        Assert.Equal(
            $"'{file.Path}' has '{name}' beside the tensors that these names know; expected nothing that may change what the block computes. "
            + $"If nothing of it does, say so: names with {{ Ignored = [\"{name}\"] }}.",
            message);

        foreach (string[] ignored in new string[][] { [name], ["x", "a.0.*"], ["*"] })
            AttentionWeights.From(file, Names(preset) with { Ignored = ignored });
        foreach (string[] ignored in new string[][] { [], [tensor], [name[..^1]], ["a.00*"] })
            Assert.Throws<NotSupportedException>(() => AttentionWeights.From(file, Names(preset) with { Ignored = ignored }));
    }

    [Theory]
    [InlineData("Llama", "rotary_emb.inv_freq")]
    [InlineData("Gemma", "position_ids")]
    [InlineData("Bert", "output.LayerNorm.weight")]
    [InlineData("Bert", "output.LayerNorm.beta")]
    [InlineData("Gpt2", "bias")]
    [InlineData("Gpt2", "masked_bias")]
    [InlineData("GptNeoX", "bias")]
    [InlineData("GptNeoX", "rotary_emb.inv_freq")]
    [InlineData("Falcon", "maybe_rotary.inv_freq")]
    public void Tensors_that_change_nothing_are_known(string preset, string tensor)
    {
        using SafetensorsFile file = folder.Open(Block(preset).AddF32("a.0." + tensor, [1], 1));
        AttentionWeights.From(file, Names(preset));
    }

    [Fact]
    public void Of_very_many_unknown_tensors_the_first_are_named()
    {
        SafetensorsWriter writer = Block("Llama");
        for (int number = 0; number < 1000; number++)
            writer.AddF32($"a.0.expert{number}", [1], 1);
        using SafetensorsFile file = folder.Open(writer);
        Assert.Contains(
            "has 'a.0.expert0', 'a.0.expert1', 'a.0.expert2', 'a.0.expert3', 'a.0.expert4' and 995 more beside",
            Assert.Throws<NotSupportedException>(() => AttentionWeights.From(file, Names("Llama"))).Message);
    }

    [Fact]
    public void Names_that_are_no_preset_and_names_taken_from_one_refuse_nothing()
    {
        using SafetensorsFile file = folder.Open(Block("Llama").AddF32("a.0.sinks", [1], 1).AddF32("a.0.other", [1], 1));
        AttentionTensorNames llama = Names("Llama") with { Ignored = ["a.0.other"] };
        Assert.True(AttentionWeights.From(file, llama with { Sinks = null }).Sinks.IsEmpty);
        AttentionWeights.From(file, new AttentionTensorNames { Query = llama.Query, Key = llama.Key, Value = llama.Value, Output = llama.Output });
    }

    [Fact]
    public void A_bias_beside_a_norm_is_read()
    {
        using SafetensorsFile file = folder.Open(Block("Llama")
            .AddF32("a.0.q_norm.weight", [2], 1, 2)
                .AddF32("a.0.q_norm.bias", [2], 3, 4)
                .AddF32("a.0.k_norm.weight", [2], 5, 6)
                .AddF32("a.0.k_norm.bias", [2], 7, 8));
        var weights = AttentionWeights.From(file, Names("Llama"));
        Assert.Equal([3, 4], weights.QueryNormBias.ToArray());
        Assert.Equal([7, 8], weights.KeyNormBias.ToArray());
        AttentionShape shape =
            Shape(2, 2, 4) with { QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, QueryKeyNorm = QueryKeyNorm.Rms };
        Assert.Throws<ArgumentException>("weights", () => KernelChecks.ValidateWeights(shape, weights));
        KernelChecks.ValidateWeights(shape with { QueryKeyNorm = QueryKeyNorm.Layer }, weights);
    }

    [Fact]
    public void Gemmas_norms_multiply_by_one_more()
    {
        using SafetensorsFile file = folder.Open(Block("Gemma")
            .AddF32("a.0.q_norm.weight", [2], -0.25f, 0).AddF32("a.0.k_norm.weight", [2], 1.5f, 1e-9f).AddF32("a.0.q_norm.bias", [2], 3, 4));
        var weights = AttentionWeights.From(file, Names("Gemma"));
        Assert.Equal([0.75f, 1], weights.QueryNorm.ToArray());
        Assert.Equal([2.5f, 1], weights.KeyNorm.ToArray());
        Assert.Equal([3, 4], weights.QueryNormBias.ToArray());
        Assert.Equal([-0.25f, 0], AttentionWeights.From(file, Names("Llama")).QueryNorm.ToArray());
    }

    /// <summary>Rows that say their part, head and element: 1000 · part + 10 · head + element.</summary>
    [Theory]
    [InlineData("Bloom", 3, 3)]
    [InlineData("GptNeoX", 3, 3)]
    [InlineData("Falcon", 6, 2)]
    [InlineData("Falcon", 4, 1)]
    [InlineData("Falcon", 3, 3)]
    public void Fused_outputs_are_sorted_by_part(string preset, int heads, int kvHeads)
    {
        const int headDim = 2, dModel = 5;
        List<float> rows = [];
        for (int group = 0; group < kvHeads; group++)
        {
            for (int query = 0; query < heads / kvHeads; query++)
                AddHead(1, (group * (heads / kvHeads)) + query);
            AddHead(2, group);
            AddHead(3, group);
        }

        using SafetensorsFile file = folder.Open(new SafetensorsWriter()
            .AddF32(
                "a.0.query_key_value.weight",
                [rows.Count, dModel],
                [.. rows.SelectMany(row => Enumerable.Range(0, dModel).Select(input => row + (input / 8f)))])
            .AddF32("a.0.query_key_value.bias", [rows.Count], [.. rows])
            .AddF32("a.0.dense.weight", [dModel, heads * headDim], Counting(dModel * heads * headDim))
            .AddF32("a.0.dense.bias", [dModel], Counting(dModel)));
        var weights = AttentionWeights.From(file, Names(preset, heads, kvHeads));
        AssertPart(1, heads, weights.Query, weights.QueryBias);
        AssertPart(2, kvHeads, weights.Key, weights.KeyBias);
        AssertPart(3, kvHeads, weights.Value, weights.ValueBias);
        Assert.Equal(Counting(dModel), weights.OutputBias.ToArray());
        KernelChecks.ValidateWeights(Shape(heads, headDim, dModel, kvHeads: kvHeads), weights);

        void AddHead(int part, int head) => rows.AddRange(Enumerable.Range(0, headDim).Select(element => (float)((1000 * part) + (10 * head) + element)));

        void AssertPart(int part, int count, ReadOnlySpan<float> matrix, ReadOnlySpan<float> bias)
        {
            float[] expected = [.. Enumerable.Range(0, count).SelectMany(head => Enumerable.Range(0,
                headDim).Select(element => (float)((1000 * part) + (10 * head) + element)))];
            Assert.Equal(expected, bias.ToArray());
            Assert.Equal([.. expected.SelectMany(row => Enumerable.Range(0, dModel).Select(input => row + (input / 8f)))], matrix.ToArray());
        }
    }

    [Fact]
    public void Fused_outputs_that_the_heads_do_not_make_are_refused()
    {
        using SafetensorsFile file = folder.Open(Block("Falcon"));
        string message = Assert.Throws<InvalidDataException>(() => AttentionWeights.From(file, Names("Falcon", 4, 2))).Message;
        Assert.Contains(
            "tensor 'a.0.query_key_value.weight' has 12 outputs for query, key and value; the output matrix 'a.0.dense.weight' reads 4 query elements, which 4 "
                + "query heads and 2 key and value heads of equal width do not make", message);
        Assert.Throws<InvalidDataException>(() => AttentionWeights.From(file, Names("Falcon", 3, 3)));
        Assert.Contains("names.Heads is 0 and names.KvHeads is 0; an order ByHead needs positive Heads",
            Assert.Throws<ArgumentException>(
                "names",
                () => AttentionWeights.From(file, Names("Falcon") with { QueryKeyValueOrder = QueryKeyValueOrder.ByHead, Heads = 0, KvHeads = 0 })).Message);
        Assert.Throws<ArgumentException>("names", () => AttentionWeights.From(file, Names("Falcon") with { KvHeads = 3 }));
        Assert.Throws<ArgumentException>("names", () => AttentionWeights.From(file, Names("Falcon") with { QueryKeyValueOrder = (QueryKeyValueOrder)3 }));
        Assert.Throws<ArgumentOutOfRangeException>("heads", () => AttentionTensorNames.Bloom("", 0));
        Assert.Throws<ArgumentOutOfRangeException>("kvHeads", () => AttentionTensorNames.Falcon("", 6, 4));
        Assert.Throws<ArgumentNullException>("prefix", () => AttentionTensorNames.GptNeoX(null!, 2));
    }

    /// <summary>The original T5 stores a table with the decoder's first cross-attention, which the model never uses.</summary>
    [Fact]
    public void The_table_of_T5s_cross_attention_is_not_read()
    {
        SafetensorsWriter writer = new();
        foreach (string layer in (string[])["d.SelfAttention.", "d.EncDecAttention."])
        {
            foreach (string name in (string[])["q", "k", "v", "o"])
                writer.AddF32($"{layer}{name}.weight", [4, 4], Counting(16));
            writer.AddF32(layer + "relative_attention_bias.weight", [8, 2], Counting(16));
        }

        using SafetensorsFile file = folder.Open(writer);
        AttentionShape plain =
            Shape(2, 2, 4, memoryDim: 4) with { QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, IsCrossAttention = true };
        var cross = AttentionWeights.From(file, AttentionTensorNames.T5("d.EncDecAttention"));
        Assert.True(cross.RelativePositionBias.IsEmpty);
        KernelChecks.ValidateWeights(plain, cross);

        // Under another prefix, the kernel says what to do.
        var self = AttentionWeights.From(file, AttentionTensorNames.T5("d.SelfAttention"));
        Assert.Equal(Counting(16), self.RelativePositionBias.ToArray());
        string message = Assert.Throws<ArgumentException>("weights", () => KernelChecks.ValidateWeights(plain, self)).Message;
        Assert.Contains("In T5's cross-attention such a table is not used: read the weights without it, names with { RelativePositionBias = null }", message);
        KernelChecks.ValidateWeights(plain, AttentionWeights.From(file, AttentionTensorNames.T5("d.SelfAttention") with { RelativePositionBias = null }));
    }

    [Fact]
    public void A_table_the_other_way_round_is_another_table()
    {
        using SafetensorsFile file = folder.Open(Block("T5").AddF32("a.0.relative_attention_bias.weight", [2, 8], Counting(16)));
        AttentionShape shape = Shape(2, 2, 4) with { QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, RelativePositionBuckets = 8 };
        string message = Assert.Throws<ArgumentException>(
            "weights", () => KernelChecks.ValidateWeights(shape, AttentionWeights.From(file, Names("T5")))).Message;
        Assert.Contains("has shape [2, 8]; this kernel expects [8, 2], which is [RelativePositionBuckets, Heads]", message);
        using SafetensorsFile flat = folder.Open(Block("T5").AddF32("a.0.relative_attention_bias.weight", [16], Counting(16)));
        Assert.Contains(
            "has shape [16]; expected a table, [buckets, heads]", Assert.Throws<InvalidDataException>(() => AttentionWeights.From(flat, Names("T5"))).Message);
    }

    private static AttentionTensorNames Names(string preset, int heads = 2, int kvHeads = 2) => preset switch
    {
        "Llama" => AttentionTensorNames.Llama("a.0"),
        "Gemma" => AttentionTensorNames.Gemma("a.0"),
        "Bert" => AttentionTensorNames.Bert("a.0"),
        "Gpt2" => AttentionTensorNames.Gpt2("a.0"),
        "T5" => AttentionTensorNames.T5("a.0"),
        "Bloom" => AttentionTensorNames.Bloom("a.0", heads),
        "GptNeoX" => AttentionTensorNames.GptNeoX("a.0", heads),
        "Falcon" => AttentionTensorNames.Falcon("a.0", heads, kvHeads),
        _ => AttentionTensorNames.PyTorch("a.0"),
    };

    /// <summary>The matrices of a block of two heads of two elements, as the preset names them.</summary>
    private static SafetensorsWriter Block(string preset)
    {
        var writer = new SafetensorsWriter();
        string[] names = preset switch
        {
            "Llama" or "Gemma" => ["q_proj.weight", "k_proj.weight", "v_proj.weight", "o_proj.weight"],
            "Bert" => ["self.query.weight", "self.key.weight", "self.value.weight", "output.dense.weight"],
            "Gpt2" => ["c_attn.weight", "c_proj.weight"],
            "T5" => ["q.weight", "k.weight", "v.weight", "o.weight"],
            "PyTorch" => ["in_proj_weight", "out_proj.weight"],
            _ => ["query_key_value.weight", "dense.weight"],
        };
        for (int index = 0; index < names.Length; index++)
        {
            bool isFused = names.Length == 2 && index == 0;
            writer.AddF32("a.0." + names[index], !isFused ? [4, 4] : preset == "Gpt2" ? [4, 12] : [12, 4], Counting(isFused ? 48 : 16));
        }

        return writer;
    }
}
