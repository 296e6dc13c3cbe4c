using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

[AttentionConfig(Heads = 4, DModel = 32)]
public sealed partial class PlainAttention;

[AttentionConfig(Heads = 4, DModel = 32, KeyLengths = true)]
internal sealed partial class RaggedAttention;

[AttentionConfig(Heads = 4, KvHeads = 2, DModel = 32, Causal = true, Rotary = RotaryKind.HalfSplit)]
public sealed partial class DecoderAttention;

[AttentionConfig(Heads = 4, DModel = 32, Causal = true, KeyLengths = true)]
public sealed partial class RaggedDecoderAttention;

[AttentionConfig(Heads = 4, DModel = 32, MemoryDim = 20)]
public sealed partial class MemoryAttention;

[AttentionConfig(Heads = 4, DModel = 32, MemoryDim = 20, KeyLengths = true)]
public sealed partial class RaggedMemoryAttention;

[AttentionConfig(Heads = 4, DModel = 32, MemoryDim = 20, ValueInputDim = 24)]
public sealed partial class ValueInputAttention;

/// <summary>The methods that users call, written as users write them, give what the common form gives.</summary>
[Trait("Speed", "Slow")]
public sealed class PublicSurfaceTests
{
    private const int Width = 32, Rows = 11, Keys = 14, Batch = 2;

    private static (T Kernel, AttentionCase Call, float[] Expected) Make<T>()
        where T : class, IAttentionKernel<T>
    {
        AttentionCase call = AttentionCase.Create(T.Shape, Batch, Rows, Keys, seed: 2);
        if (T.Shape.KeyLengths)
            call = call with { KeyLengths = [4, call.Keys] };
        float[] output = call.Run(new KernelAdapter<T>().Create(call.Weights));
        Compare.Close(call.Reference(), output, Width, typeof(T).Name);
        return (T.Create(call.Weights), call, output);
    }

    [Fact]
    public void Self_attention()
    {
        var (_, call, expected) = Make<PlainAttention>();
        ISelfAttention attention = new PlainAttention(call.Weights);
        var output = new float[expected.Length];
        attention.Forward(call.Input, output, Batch);
        Compare.SameBits(expected, output, Width, "interface");
        Array.Clear(output);
        new PlainAttention(call.Weights).Forward(call.Input, output, batch: Batch, options: new() { MaxDegreeOfParallelism = 2 });
        Compare.SameBits(expected, output, Width, "class");
        Assert.Equal((4, 4, 8, 32), (PlainAttention.Heads, PlainAttention.KvHeads, PlainAttention.HeadDim, PlainAttention.DModel));
        Assert.Throws<NotSupportedException>(() => ((IAttentionKernel<PlainAttention>)attention).CreateCache(4));
        Assert.NotEmpty(PlainAttention.Plan);
    }

    [Fact]
    public void Self_attention_with_key_lengths()
    {
        var (kernel, call, expected) = Make<RaggedAttention>();
        var output = new float[expected.Length];
        kernel.Forward(call.Input, output, call.KeyLengths, Batch);
        Compare.SameBits(expected, output, Width, nameof(RaggedAttention));
    }

    [Fact]
    public void Causal_self_attention()
    {
        var (kernel, call, expected) = Make<DecoderAttention>();
        var output = new float[expected.Length];
        kernel.Forward(call.Input, output, Batch);
        Compare.SameBits(expected, output, Width, "without cache");
        Array.Clear(output);
        AttentionCache cache = kernel.CreateCache(Rows, Batch);
        kernel.Forward(call.Input, output, cache);
        Compare.SameBits(expected, output, Width, "with cache");
        Assert.Equal((Rows, Rows, Batch), (cache.Length, cache.Capacity, cache.Batch));
    }

    [Fact]
    public void Causal_self_attention_with_key_lengths()
    {
        var (kernel, call, expected) = Make<RaggedDecoderAttention>();
        var output = new float[expected.Length];
        kernel.Forward(call.Input, output, call.KeyLengths, Batch);
        Compare.SameBits(expected, output, Width, "without cache");
        Array.Clear(output);
        kernel.Forward(call.Input, output, kernel.CreateCache(40, Batch), call.KeyLengths);
        Compare.SameBits(expected, output, Width, "with cache");
    }

    [Fact]
    public void Cross_attention()
    {
        var (kernel, call, expected) = Make<MemoryAttention>();
        var output = new float[expected.Length];
        kernel.Forward(call.Input, call.Memory, output, Batch);
        Compare.SameBits(expected, output, Width, "memory");
        Array.Clear(output);
        AttentionCache cache = kernel.CreateCache(Keys, Batch);
        kernel.ProjectMemory(call.Memory, cache);
        kernel.Forward(call.Input, output, cache);
        Compare.SameBits(expected, output, Width, "projected memory");
        Assert.Equal(20, MemoryAttention.MemoryDim);
    }

    /// <summary>Generic code needs neither the class nor its form of <c>Forward</c>.</summary>
    [Fact]
    public void The_common_forms_are_members_of_class_and_interface()
    {
        var (kernel, call, expected) = Make<MemoryAttention>();
        var output = new float[expected.Length];
        kernel.Forward(new AttentionArguments { Input = call.Input, Memory = call.Memory, Output = output, Batch = Batch });
        Compare.SameBits(expected, output, Width, "class");
        Array.Clear(output);
        AttentionCache cache = kernel.CreateCache(Keys, Batch);
        ICrossAttention cross = kernel;
        cross.ProjectMemory(call.Memory, cache);
        kernel.Forward(call.Input, output, cache);
        Compare.SameBits(expected, output, Width, "interface");
        string message = Assert.Throws<ArgumentException>("memoryOffsets", () => cross.ProjectMemory(call.Memory, cache, [0, 7, 14])).Message;
        Assert.StartsWith("memoryOffsets.Length is 3; expected 0, because the configuration does not declare Ragged.", message);
        Assert.Equal(Keys, cache.Length);
        Assert.True(typeof(ICrossAttention).IsAssignableFrom(typeof(Properties.TypedRaggedCross)));
        Assert.False(typeof(ICrossAttention).IsAssignableFrom(typeof(PlainAttention)));
    }

    [Fact]
    public void Cross_attention_with_an_input_of_values()
    {
        var (kernel, call, expected) = Make<ValueInputAttention>();
        var output = new float[expected.Length];
        kernel.Forward(call.Input, call.Memory, call.ValueInput, output, Batch);
        Compare.SameBits(expected, output, Width, "memory");
        AttentionCache cache = kernel.CreateCache(Keys, Batch);
        kernel.ProjectMemory(call.Memory, call.ValueInput, cache);
        kernel.Forward(call.Input, output, cache);
        Compare.SameBits(expected, output, Width, "projected memory");
        Assert.Equal((20, 24), (ValueInputAttention.MemoryDim, ValueInputAttention.ValueInputDim));

        ICrossAttention cross = kernel;
        cache.Clear();
        cross.ProjectMemory(call.Memory, call.ValueInput, cache, default, default);
        Array.Clear(output);
        kernel.Forward(call.Input, output, cache);
        Compare.SameBits(expected, output, Width, "interface");
        string message = Assert.Throws<ArgumentException>("valueInput", () => cross.ProjectMemory(call.Memory, cache)).Message;
        Assert.StartsWith("valueInput.Length is 0; expected rows of all memories · ValueInputDim = 28 · 24 = 672, a row for each row of memory.", message);
        Assert.Equal(Keys, cache.Length);
        var plain = new MemoryAttention(AttentionWeights.Random(MemoryAttention.Shape, 1));
        ICrossAttention other = plain;
        AttentionCache without = plain.CreateCache(Keys, Batch);
        message = Assert.Throws<ArgumentException>(
            "valueInput", () => other.ProjectMemory(call.Memory, call.ValueInput, without, default, default)).Message;
        Assert.StartsWith("valueInput.Length is 672; expected 0, because the configuration does not declare ValueInputDim.", message);
        other.ProjectMemory(call.Memory, default, without, default, default);
        Assert.Equal(Keys, without.Length);
    }

    [Fact]
    public void Cross_attention_with_key_lengths()
    {
        var (kernel, call, expected) = Make<RaggedMemoryAttention>();
        var output = new float[expected.Length];
        kernel.Forward(call.Input, call.Memory, output, call.KeyLengths, Batch);
        Compare.SameBits(expected, output, Width, "memory");
        Array.Clear(output);
        AttentionCache cache = kernel.CreateCache(50, Batch);
        kernel.ProjectMemory(call.Memory, cache);
        kernel.Forward(call.Input, output, cache, call.KeyLengths);
        Compare.SameBits(expected, output, Width, "projected memory");
    }

    [Fact]
    public void Empty_calls()
    {
        var (self, _, _) = Make<PlainAttention>();
        self.Forward([], [], batch: 1);
        self.Forward([], [], batch: 3);
        var (cross, call, _) = Make<MemoryAttention>();
        cross.Forward([], call.Memory, [], Batch);
        var (decoder, _, _) = Make<DecoderAttention>();
        AttentionCache cache = decoder.CreateCache(4);
        decoder.Forward([], [], cache);
        Assert.Equal(0, cache.Length);
    }
}
