using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime.Stack;

/// <summary>A stack gives the bits of its layers, one after another, and refuses what they cannot take before it writes anything.</summary>
public sealed class TransformerStackTests : IDisposable
{
    private const int Width = 8;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void A_stack_equals_its_layers_one_after_another(int count)
    {
        HalfLayer<PlainAttention>[] layers = HalfLayer<PlainAttention>.CreateMany(count);
        var stack = TransformerStack<HalfLayer<PlainAttention>>.Create(layers);
        Assert.Equal((count, Width, PlainAttention.IsAccelerated), (stack.Count, stack.DModel, stack.IsAccelerated));
        Assert.Equal(layers, stack.Layers);
        Assert.Same(HalfLayer<PlainAttention>.Shape, stack.GetShape(count - 1));
        foreach ((int batch, int rows) in ((int, int)[])[(1, 1), (1, 33), (3, 5), (2, 0)])
        {
            float[] input = TestNumbers.Random(seed: rows, count: batch * rows * Width), expected = [.. input];
            foreach (HalfLayer<PlainAttention> layer in layers)
            {
                float[] next = new float[input.Length];
                layer.Forward(new AttentionArguments { Input = expected, Output = next, Batch = batch });
                expected = next;
            }

            float[] output = new float[input.Length];
            stack.Forward(input, output, batch);
            Assert.Equal(expected, output);
            stack.Forward(input, output.AsSpan(), batch, new ForwardOptions { MaxDegreeOfParallelism = 2 });
            Assert.Equal(expected, output);
        }
    }

    [Fact]
    public void Padding_of_every_length_gives_the_bits_of_each_sequence_alone()
    {
        HalfLayer<PaddedAttention>[] layers = HalfLayer<PaddedAttention>.CreateMany(3);
        var stack = TransformerStack<HalfLayer<PaddedAttention>>.Create(layers);
        float[] input = TestNumbers.Random(seed: 1, count: 2 * 5 * Width), output = new float[input.Length], alone = new float[3 * Width];
        stack.Forward(input, output, [3, 5], batch: 2);
        stack.Forward(input.AsSpan(0, alone.Length), alone, [3], batch: 1);
        Assert.Equal(alone, output[..alone.Length]);
        Assert.Throws<ArgumentException>("keyLengths", () => stack.Forward(input, output, batch: 2));
    }

    [Fact]
    public void A_ragged_batch_gives_the_bits_of_each_sequence_alone()
    {
        TransformerStack stack = TransformerStack.Create(Mixed<RaggedLocalAttention, RaggedGlobalAttention>());
        int[] offsets = [0, 4, 4, 11];
        float[] input = TestNumbers.Random(seed: 1, count: 11 * Width), output = new float[input.Length];
        stack.Forward(input, output, offsets);
        for (int sequence = 0; sequence < 3; sequence++)
        {
            Range rows = (offsets[sequence] * Width)..(offsets[sequence + 1] * Width);
            float[] alone = new float[input[rows].Length];
            stack.Forward(input[rows], alone, [0, alone.Length / Width], new ForwardOptions { MaxDegreeOfParallelism = 2 });
            Assert.Equal(alone, output[rows]);
        }
    }

    /// <summary>The factors of all layers' heads follow each other; layers may have different numbers of heads.</summary>
    [Fact]
    public void Each_layer_gets_the_factors_of_its_own_heads()
    {
        HalfLayer<MaskedHeadsAttention>[] layers = HalfLayer<MaskedHeadsAttention>.CreateMany(2);
        HalfLayer<MoreMaskedHeadsAttention> wider = HalfLayer<MoreMaskedHeadsAttention>.CreateMany(1)[0];
        var stack = TransformerStack.Create([StackLayer.Of(layers[0]), StackLayer.Of(wider), StackLayer.Of(layers[1])]);
        float[] input = TestNumbers.Random(seed: 1, count: 5 * Width), mask = [0, 1, 0.5f, 2, 0, -1, 1, 0], output = new float[input.Length];
        float[] first = new float[input.Length], second = new float[input.Length], expected = new float[input.Length];
        layers[0].Forward(new AttentionArguments { Input = input, Output = first, HeadMask = mask.AsSpan(0, 2) });
        wider.Forward(new AttentionArguments { Input = first, Output = second, HeadMask = mask.AsSpan(2, 4) });
        layers[1].Forward(new AttentionArguments { Input = second, Output = expected, HeadMask = mask.AsSpan(6, 2) });
        stack.Forward(new AttentionArguments { Input = input, Output = output, HeadMask = mask });
        Assert.Equal(expected, output);

        Assert.Contains(
            "headMask.Length is 7; expected 8, a factor for each head of 3 layers",
            Assert.Throws<ArgumentException>(
                "headMask", () => stack.Forward(new AttentionArguments { Input = input, Output = output, HeadMask = mask.AsSpan(1) })).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("memoryHeadMask", () => stack.Forward(
            new AttentionArguments { Input = input, Output = output, HeadMask = mask, MemoryHeadMask = mask }));
        // The last layer's factors, too, lie apart from the output.
        float[] shared = new float[input.Length + 7];
        Assert.Throws<ArgumentException>("output", () => stack.Forward(
            new AttentionArguments { Input = input, Output = shared.AsSpan(7), HeadMask = shared.AsSpan(0, 8) }));
        Assert.Throws<ArgumentException>("layers", () => TransformerStack.Create(
            [StackLayer.Of(layers[0]), StackLayer.Of(HalfLayer<PlainAttention>.CreateMany(1)[0])]));
    }

    [Fact]
    public void What_is_wrong_with_the_arguments_is_said_before_any_layer_runs()
    {
        HalfLayer<GlobalAttention>[] layers = HalfLayer<GlobalAttention>.CreateMany(3);
        layers[0].Inside = () => Assert.Fail("A layer ran.");
        var stack = TransformerStack<HalfLayer<GlobalAttention>>.Create(layers);
        float[] rows = TestNumbers.Random(seed: 1, count: 4 * Width), output = new float[rows.Length];
        Assert.Throws<ArgumentException>("input", () => stack.Forward(rows.AsSpan(1), output));
        Assert.Throws<ArgumentException>("output", () => stack.Forward(rows, output.AsSpan(1)));
        Assert.Throws<ArgumentException>("output", () => stack.Forward(rows, rows));
        Assert.Throws<ArgumentException>("rowOffsets", () => stack.Forward(rows, output, [0, 4]));
        Assert.Throws<ArgumentException>("keyLengths", () => stack.Forward(rows, output, [4], 1));
        Assert.Throws<ArgumentNullException>("cache", () => stack.Forward(rows, output, (TransformerStackCache)null!));
        Assert.Throws<ArgumentOutOfRangeException>("options", () => stack.Forward(rows, output, 1, new ForwardOptions { MaxDegreeOfParallelism = -1 }));
        Assert.Throws<OperationCanceledException>(() => stack.Forward(rows, output, 1, new ForwardOptions { CancellationToken = new(canceled: true) }));
        Assert.Throws<InvalidOperationException>(() => stack.Forward(rows, output, stack.CreateCache(capacity: 3)));
        Assert.Throws<ArgumentException>(
            "batch", () => stack.Forward(new AttentionArguments { Input = rows, Output = output, Batch = 2 }, stack.CreateCache(capacity: 4)));

        AttentionCache ofOneLayer = layers[0].CreateCache(4);
        Assert.Contains(
            "a stack takes the cache of all its layers", Assert.Throws<ArgumentException>(
                "arguments", () => stack.Forward(new AttentionArguments { Input = rows, Output = output, Cache = ofOneLayer })).Message);
        TransformerStackCache ofTwo = TransformerStack<HalfLayer<GlobalAttention>>.Create(layers[..2]).CreateCache(4);
        Assert.Contains("cache is of 2 layers; expected one of 3", Assert.Throws<ArgumentException>("cache", () => stack.Forward(rows, output, ofTwo)).Message);
        TransformerStackCache ofLocal = TransformerStack<HalfLayer<LocalAttention>>.Create(HalfLayer<LocalAttention>.CreateMany(3)).CreateCache(4);
        Assert.Contains("WindowLeft = 20", Assert.Throws<ArgumentException>("cache", () => stack.Forward(rows, output, ofLocal)).Message);
        Assert.All(output, value => Assert.Equal(0, value));
        Assert.Throws<ArgumentOutOfRangeException>("layer", () => stack.GetShape(3));
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => stack.CreateCache(0));
    }

    [Fact]
    public void A_later_layer_that_fails_leaves_the_output_alone()
    {
        HalfLayer<PlainAttention>[] layers = HalfLayer<PlainAttention>.CreateMany(4);
        var stack = TransformerStack<HalfLayer<PlainAttention>>.Create(layers);
        float[] rows = TestNumbers.Random(seed: 1, count: 4 * Width), output = new float[rows.Length];
        layers[3].Inside = () => throw new TimeZoneNotFoundException();
        Assert.Throws<TimeZoneNotFoundException>(() => stack.Forward(rows, output));
        Assert.All(output, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Layers_that_take_different_arguments_make_no_stack()
    {
        StackLayer global = StackLayer.Of(HalfLayer<GlobalAttention>.CreateMany(1)[0]), wider = StackLayer.Of(HalfLayer<WiderAttention>.CreateMany(1)[0]);
        StackLayer ragged = StackLayer.Of(
            HalfLayer<RaggedGlobalAttention>.CreateMany(1)[0]), telling = StackLayer.Of(HalfLayer<TellingAttention>.CreateMany(1)[0]);
        Assert.Contains(
            "layers[1] has DModel = 12; expected 8, as layers[0] has",
            Assert.Throws<ArgumentException>("layers", () => TransformerStack.Create([global, wider])).Message);
        Assert.Contains(
            "layers[2] has Ragged = True; expected False",
            Assert.Throws<ArgumentException>("layers", () => TransformerStack.Create([global, global, ragged])).Message);
        Assert.Contains(
            "layers[0] has Outputs = LogSumExp; expected None", Assert.Throws<ArgumentException>("layers", () => TransformerStack.Create([telling])).Message);
        Assert.Contains("layers is empty", Assert.Throws<ArgumentException>("layers", () => TransformerStack.Create([])).Message);
        Assert.Contains("layers[1] is null", Assert.Throws<ArgumentException>("layers", () => TransformerStack.Create([global, null!])).Message);
        Assert.Throws<ArgumentNullException>("layer", () => StackLayer.Of<HalfLayer<GlobalAttention>>(null!));
        TransformerStack readers = TransformerStack.Create([StackLayer.Of(HalfLayer<MemoryAttention>.CreateMany(1)[0])]);
        Assert.Throws<NotSupportedException>(() => readers.CreateCache(4));
    }

    [Fact]
    public void Scratch_is_that_of_a_layer_and_two_buffers()
    {
        HalfLayer<PlainAttention>[] layers = HalfLayer<PlainAttention>.CreateMany(4);
        long layer = PlainAttention.GetScratchBytes(2, 7, 7), buffer = 2 * 7 * Width * sizeof(float);
        long[] expected = [layer, layer + buffer, layer + (2 * buffer), layer + (2 * buffer)];
        Assert.Equal(
            expected,
            Enumerable.Range(1, 4).Select(count => TransformerStack<HalfLayer<PlainAttention>>.Create(layers[..count]).GetScratchBytes(2, 7, 7)).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>("rows", () => TransformerStack<HalfLayer<PlainAttention>>.Create(layers).GetScratchBytes(1, -1, 1));
    }

    [Fact]
    public void Layers_load_from_a_file_one_by_one()
    {
        var writer = new SafetensorsWriter();
        for (int layer = 0; layer < 3; layer++)
            AddLayer(writer, layer);
        using SafetensorsFile file = folder.Open(writer);
        List<int> progress = [];
        var stack = TransformerStack<HalfLayer<PlainAttention>>.Load(
            file, layer => TransformerTensorNames.PyTorchEncoder($"layers.{layer}"), layers: 3, new Listener(progress));
        Assert.Equal([1, 2, 3], progress);
        float[] input = TestNumbers.Random(seed: 1, count: 4 * Width), output = new float[input.Length], expected = new float[input.Length];
        stack.Forward(input, output);
        TransformerStack<HalfLayer<PlainAttention>>.Create(
        [
            .. Enumerable.Range(0, 3).Select(layer => new HalfLayer<PlainAttention>(new PlainAttention(AttentionWeights.From(file,
                AttentionTensorNames.PyTorch($"layers.{layer}.self_attn"))))),
        ]).Forward(input, expected);
        Assert.Equal(expected, output);

        output.AsSpan().Clear();
        TransformerStack.Load(
            file,
            layer => TransformerTensorNames.PyTorchEncoder($"layers.{layer}"),
            3,
            (layer, weights) => StackLayer.Of(HalfLayer<PlainAttention>.Create(weights))).Forward(input, output);
        Assert.Equal(expected, output);
        Assert.Contains(
            "has no tensor 'layers.3.linear2.weight'",
            Assert.Throws<ArgumentException>("names", () => TransformerStack<HalfLayer<PlainAttention>>.Load(file,
                layer => TransformerTensorNames.PyTorchEncoder($"layers.{layer}"), layers: 4)).Message);
        Assert.Contains(
            "names(0) is null",
            Assert.Throws<ArgumentException>("names", () => TransformerStack<HalfLayer<PlainAttention>>.Load(file, _ => null!, layers: 4)).Message);
        Assert.Throws<ArgumentOutOfRangeException>("layers", () => TransformerStack<HalfLayer<PlainAttention>>.Load(file, _ => null!, layers: 0));
    }

    /// <summary>A local layer between two global ones.</summary>
    internal static StackLayer[] Mixed<TLocal, TGlobal>()
        where TLocal : class, IAttentionKernel<TLocal>
        where TGlobal : class, IAttentionKernel<TGlobal>
    {
        HalfLayer<TGlobal>[] global = HalfLayer<TGlobal>.CreateMany(2);
        return [StackLayer.Of(global[0]), StackLayer.Of(HalfLayer<TLocal>.CreateMany(3)[2]), StackLayer.Of(global[1])];
    }

    private static void AddLayer(SafetensorsWriter writer, int layer)
    {
        (string Name, long[] Shape)[] tensors =
        [
            ("self_attn.in_proj_weight", [24, 8]), ("self_attn.in_proj_bias", [24]), ("self_attn.out_proj.weight", [8, 8]), ("self_attn.out_proj.bias", [8]),
            ("linear1.weight", [6, 8]), ("linear2.weight", [8, 6]), ("norm1.weight", [8]), ("norm2.weight", [8]),
        ];
        foreach ((string name, long[] shape) in tensors)
            writer.AddF32(
                $"layers.{layer}.{name}",
                shape,
                TestNumbers.Random(seed: layer + name.Length, count: (int)shape.Aggregate(1L, (product, dimension) => product * dimension)));
    }

    private sealed class Listener(List<int> reports) : IProgress<int>
    {
        public void Report(int value) => reports.Add(value);
    }
}
